/**
 * Runs the program that a person set as `otelHeadersHelper`, as Claude Code does, for the headers
 * that it prints. Claude Code uses them over HTTP only.
 */
import type { RunCommand } from '../setup/command-runner.ts'
import { parseJsonObject } from '../setup/json-object.ts'
import { fault, fine, type Finding, quote } from './finding.ts'
import type { HeadersHelper } from './settings-layers.ts'
import { type Headers, unsendable } from './header-list.ts'

export interface Helped {
  /** Names in lower case; `undefined` where the program failed, for which nothing is sent over HTTP. */
  readonly headers: Headers | undefined
  readonly findings: readonly Finding[]
}

const ID = 'telemetry.headers-helper'

export async function headersHelped(
  helper: HeadersHelper | undefined,
  run: RunCommand,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<Helped> {
  if (helper === undefined) return { headers: {}, findings: [] }
  const { command, from } = helper
  const { exitCode, stdout, stderr } = await run('/bin/sh', ['-c', command], variables)
  const printed = parseJsonObject(stdout)
  const failed = (problem: string): Helped => {
    const what = `otelHeadersHelper in ${from} ${problem}: nothing is sent over HTTP`
    const todo = 'Have it print one JSON object of headers: {"Authorization": "Bearer <key>"}'
    return { headers: undefined, findings: [fault(ID, what, todo)] }
  }
  if (exitCode !== 0) return failed(`fails (${(stderr || stdout).trim().split('\n')[0] ?? ''})`)
  if (stdout.trim() === '') return failed('prints nothing')
  if (!printed.ok) return failed(`prints something that ${printed.error}`)
  const pairs = Object.entries(printed.value).map(([name, value]) => [name.toLowerCase(), value])
  const odd = pairs.find(([, value]) => typeof value !== 'string')
  if (odd !== undefined)
    return failed(`prints ${quote(String(odd[0]))} with a value that is not a string`)
  const headers: Headers = Object.fromEntries(pairs) as Record<string, string>
  const name = unsendable(headers, false)
  if (name !== undefined) return failed(`prints the header ${quote(name)}, which cannot be sent`)
  return { headers, findings: [fine(ID, `otelHeadersHelper in ${from} returns headers`)] }
}
