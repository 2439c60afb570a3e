/** A format of exported sessions. */
import type { ExportHead, ExportTurn } from './export-content.ts'

export interface Renderer {
  /** Everything before the first turn. */
  begin(head: ExportHead): string
  turn(turn: ExportTurn): string
  end(): string
}
