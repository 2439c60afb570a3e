/** A bar that shows how far something is, on a terminal only, and is gone when it is done. */
import { cutTo } from './plain-text.ts'
import type { Terminal } from './terminal.ts'

export interface Progress {
  /** `done` of `total`, and a few words. */
  show(done: number, total: number, words: string): void
  /** Takes the bar away. */
  clear(): void
}

const BAR_WIDTH = 24

export function createProgress(terminal: Terminal): Progress {
  let shown = ''
  return {
    show: (done, total, words) => {
      if (!terminal.isInteractive) return
      const share = total === 0 ? 1 : Math.min(1, done / total)
      const full = Math.round(share * BAR_WIDTH)
      const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}`
      const line = cutTo(`${bar} ${Math.floor(share * 100)}%  ${words}`, terminal.columns - 1)
      if (line === shown) return
      shown = line
      terminal.redraw(line)
    },
    clear: () => {
      if (shown !== '') terminal.redraw('')
      shown = ''
    },
  }
}
