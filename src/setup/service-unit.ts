/**
 * The file that has the system run the bridge at login: a systemd user unit or a launchd agent.
 * Pure.
 */
import { posix } from 'node:path'
import { type Platform, xdgConfigHome } from '../config/folders.ts'

export const UNIT_NAME = 'claude-telemetry.service'
export const AGENT_LABEL = 'claude-telemetry'

/**
 * Goes before the program. Without it Node 24 takes an `--env-file` among the arguments behind the
 * program for its own: it ends when there is no such file, and obeys NODE_OPTIONS in it.
 */
export const NODE_ARGS_END = '--'

export interface ServiceProgram {
  readonly nodePath: string
  readonly mainPath: string
  /** Absolute paths, for `--env-file`. */
  readonly envFiles: readonly string[]
}

export interface ServiceFile {
  readonly kind: 'systemd' | 'launchd'
  readonly path: string
  readonly text: string
}

/** `undefined` where there is no service of a kind known here. */
export function serviceFile(
  program: ServiceProgram,
  platform: Platform,
  variables: Readonly<Record<string, string | undefined>>,
): ServiceFile | undefined {
  if (platform.os === 'linux') {
    const path = posix.join(xdgConfigHome(variables, platform), 'systemd/user', UNIT_NAME)
    return { kind: 'systemd', path, text: systemdUnit(program) }
  }
  if (platform.os !== 'darwin') return undefined
  const { homeDir } = platform
  const path = posix.join(homeDir, 'Library/LaunchAgents', `${AGENT_LABEL}.plist`)
  const logPath = posix.join(homeDir, 'Library/Logs', `${AGENT_LABEL}.log`)
  return { kind: 'launchd', path, text: launchdAgent(program, logPath) }
}

function commandOf({ nodePath, mainPath, envFiles }: ServiceProgram): readonly string[] {
  return [
    nodePath,
    NODE_ARGS_END,
    mainPath,
    'start',
    ...envFiles.flatMap((path) => ['--env-file', path]),
  ]
}

/**
 * What the bridge never needs. Nothing that takes a namespace of its own (ProtectSystem=, PrivateTmp=):
 * where user namespaces are restricted, a user's unit with those does not start, and the bridge reads
 * files that agents name, in /tmp and below the home folder. Neither MemoryDenyWriteExecute=: V8
 * compiles to memory.
 */
const SANDBOX: readonly string[] = [
  'UMask=0077',
  'NoNewPrivileges=yes',
  'RestrictSUIDSGID=yes',
  'RestrictRealtime=yes',
  'RestrictNamespaces=yes',
  'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
  'LockPersonality=yes',
  'KeyringMode=private',
  'LimitCORE=0',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service',
  'SystemCallErrorNumber=EPERM',
]

function systemdUnit(program: ServiceProgram): string {
  return `# Written by "claude-telemetry install --service".
[Unit]
Description=claude-telemetry, the bridge from coding agents to Langfuse

[Service]
ExecStart=${commandOf(program).map(systemdQuoted).join(' ')}
Restart=on-failure
RestartSec=5
${SANDBOX.join('\n')}

[Install]
WantedBy=default.target
`
}

/** systemd expands % and $ inside quotes as well. */
function systemdQuoted(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  return `"${escaped.replaceAll('%', '%%').replaceAll('$', '$$$$')}"`
}

function launchdAgent(program: ServiceProgram, logPath: string): string {
  const strings = commandOf(program).map(xmlString).join('\n    ')
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- Written by "claude-telemetry install" with its option for a service. -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  ${xmlString(AGENT_LABEL)}
  <key>ProgramArguments</key>
  <array>
    ${strings}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>Umask</key>
  <integer>63</integer>
  <key>StandardOutPath</key>
  ${xmlString(logPath)}
  <key>StandardErrorPath</key>
  ${xmlString(logPath)}
</dict>
</plist>
`
}

function xmlString(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return `<string>${escaped}</string>`
}
