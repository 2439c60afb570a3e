/**
 * A notification on the desktop of whoever runs the bridge, by the program that each system has for it.
 * No shell reads anything: texts are arguments, or standard input on Windows.
 */
import { execFile } from 'node:child_process'
import { alertText } from '../domain/alert.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { safeLine } from '../domain/safe-text.ts'
import type { AlertChannel } from './channel.ts'

export interface DesktopCommand {
  readonly file: string
  readonly args: readonly string[]
  /** For its standard input. */
  readonly input?: string
}

/** Runs a command to its end; the error says why it could not. */
export type RunCommand = (
  command: DesktopCommand,
  stop: AbortSignal,
) => Promise<Result<undefined, string>>

const TITLE = 'claude-telemetry'
const MAX_TEXT = 400
const TIMEOUT_MS = 10_000

export function desktopChannel(
  platform: NodeJS.Platform,
  run: RunCommand = runCommand,
): AlertChannel {
  return {
    name: 'desktop',
    label: 'desktop notification',
    check: (stop) => run(checkCommand(platform), stop),
    send: async ({ alert }, _, stop) => {
      const text = safeLine(alertText(alert)).slice(0, MAX_TEXT)
      const shown = await run(desktopCommand(platform, text), stop)
      return shown.ok ? ok(undefined) : err({ reason: shown.error })
    },
  }
}

/** Runs the program that shows notifications, and has it show none. */
function checkCommand(platform: NodeJS.Platform): DesktopCommand {
  switch (platform) {
    case 'darwin':
      return { file: 'osascript', args: ['-e', 'return'] }
    case 'win32':
      return { file: 'powershell.exe', args: ['-NoProfile', '-NonInteractive', '-Command', 'exit'] }
    default:
      return { file: 'notify-send', args: ['--version'] }
  }
}

export function desktopCommand(platform: NodeJS.Platform, text: string): DesktopCommand {
  switch (platform) {
    case 'darwin': {
      const script = 'display notification (item 2 of argv) with title (item 1 of argv)'
      const lines = ['on run argv', script, 'end run'].flatMap((line) => ['-e', line])
      return { file: 'osascript', args: [...lines, TITLE, text] }
    }
    case 'win32':
      return {
        file: 'powershell.exe',
        args: ['-NoProfile', '-NonInteractive', '-Command', BALLOON],
        input: text,
      }
    default:
      // Its body may be read as markup; a name may begin with a dash.
      return {
        file: 'notify-send',
        args: [`--app-name=${TITLE}`, '--', TITLE, markupText(text)],
      }
  }
}

const BALLOON = `
$text = [Console]::In.ReadToEnd()
Add-Type -AssemblyName System.Windows.Forms
Add-Type -AssemblyName System.Drawing
$icon = New-Object System.Windows.Forms.NotifyIcon
$icon.Icon = [System.Drawing.SystemIcons]::Warning
$icon.Visible = $true
$icon.ShowBalloonTip(10000, '${TITLE}', $text, 'Warning')
Start-Sleep -Seconds 5
$icon.Dispose()`

/** The markup of the Desktop Notifications Specification, where a server has the capability. */
function markupText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function runCommand(
  { file, args, input }: DesktopCommand,
  stop: AbortSignal,
): Promise<Result<undefined, string>> {
  return new Promise((resolve) => {
    const options = { timeout: TIMEOUT_MS, signal: stop, windowsHide: true }
    const child = execFile(file, args, options, (error, _, stderr) => {
      const said = error?.code === 'ENOENT' ? 'it is not installed' : stderr || error?.message
      const reason = `${file}: ${safeLine((said ?? '').trim()).slice(0, MAX_TEXT)}`
      resolve(error === null ? ok(undefined) : err(reason))
    })
    // A program that ended early does not read it.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}
