/** What whoever looks may do, by the scopes that the bridge told: what he may not is not offered. */
import { createContext, useContext } from 'react'
import type { Me } from '../api/contract/access.ts'

/** Of whoever is logged in; without rights of his own he may do everything. */
export const Rights = createContext<Me['rights']>(undefined)

/** Whether he may what needs a scope; the bridge decides by itself. */
export function useMay(scope: 'read:all' | 'admin'): boolean {
  return may(useContext(Rights), scope)
}

export function may(rights: Me['rights'], scope: 'read:all' | 'admin'): boolean {
  if (rights === undefined || rights.scopes.includes('admin')) return true
  return scope === 'read:all' && rights.scopes.includes('read:all')
}
