/** Controls as they stand in columns: what kind, when, and a text that says the rest. */
import type { PassedThreshold } from '../domain/budget.ts'
import type { CloseReason, SessionControl } from '../domain/session-control.ts'
import { parseJsonText } from './json-text.ts'

export function detailOf(control: SessionControl): string | null {
  switch (control.kind) {
    case 'tick':
      return null
    case 'close':
      return control.reason
    case 'budget':
      return JSON.stringify(control.alert)
  }
}

/** The control; undefined when its text cannot be read. */
export function readControl(
  kind: SessionControl['kind'],
  atMs: number,
  detail: string | null,
): SessionControl | undefined {
  switch (kind) {
    case 'tick':
      return { kind, atMs }
    case 'close':
      return { kind, reason: detail as CloseReason, atMs }
    case 'budget': {
      const alert = parseJsonText(detail ?? '')
      return alert.ok ? { kind, alert: alert.value as PassedThreshold } : undefined
    }
  }
}
