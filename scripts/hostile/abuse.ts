/** One way to misuse the bridge, and what must hold beyond memory, answers and a clean stop. */
import type { Target } from './target.ts'

export interface Abuse {
  readonly name: string
  /** Settings of the bridge that is attacked, given the folder of the run. */
  readonly settings?: (folder: string) => Readonly<Record<string, string>>
  /** Before the bridge starts. */
  readonly prepare?: (folder: string) => void
  /** The attack. Resolves to what is wrong, an empty list when all is well. */
  readonly run: (target: Target) => Promise<readonly string[]>
}
