/** Lines added and removed, in colour where there are any. */
import { formatCompact } from '../format/count.ts'

export function Lines({ added, removed }: { readonly added: number; readonly removed: number }) {
  return (
    <>
      <span className={added > 0 ? 'good' : undefined}>+{formatCompact(added)}</span>{' '}
      <span className={removed > 0 ? 'bad' : undefined}>−{formatCompact(removed)}</span>
    </>
  )
}
