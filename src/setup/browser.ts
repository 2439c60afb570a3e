/** Opens a file with the browser of the person who is logged in. */
import { spawn } from 'node:child_process'

type Variables = Readonly<Record<string, string | undefined>>

export interface Opener {
  readonly program: string
  readonly args: readonly string[]
}

/** An opener that fails does so at once; one that goes on may be the browser itself. */
const FAILS_WITHIN_MS = 3_000

/** The program that opens `path`; `undefined` where there is no screen to open it on. */
export function openerOf(path: string, os: string, variables: Variables): Opener | undefined {
  if (os === 'darwin') return { program: 'open', args: [path] }
  if (os === 'win32') return { program: 'rundll32', args: ['url.dll,FileProtocolHandler', path] }
  const hasScreen = [variables.DISPLAY, variables.WAYLAND_DISPLAY, variables.BROWSER].some(Boolean)
  return hasScreen ? { program: 'xdg-open', args: [path] } : undefined
}

/** Resolves to whether it opened, for all that can be seen. What it started goes on by itself. */
export function startOpener({ program, args }: Opener, variables: Variables): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { detached: true, stdio: 'ignore', env: { ...variables } })
    const timer = setTimeout(() => resolve(true), FAILS_WITHIN_MS)
    const ended = (isOpen: boolean): void => {
      clearTimeout(timer)
      resolve(isOpen)
    }
    child.once('error', () => ended(false))
    child.once('exit', (code) => ended(code === 0))
    child.unref()
  })
}
