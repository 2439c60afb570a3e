/**
 * Runs the program that a person set as `otelHeadersHelper`, as Claude Code does, for the headers
 * that it prints. Claude Code uses them over HTTP only.
 */
import type { RunCommand } from '../setup/command-runner.ts'
import { parseJsonObject } from '../setup/json-object.ts'
import { fault, fine, type Finding } from './finding.ts'
import type { HeadersHelper } from './settings-layers.ts'
import type { Headers } from './signal-plan.ts'

export interface Helped {
  readonly headers: Headers
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
  const problem =
    exitCode === 0
      ? printed.ok
        ? undefined
        : `prints something that ${printed.error}`
      : `fails: ${(stderr || stdout).trim().split('\n')[0] ?? ''}`
  if (problem !== undefined || !printed.ok) {
    const what = `otelHeadersHelper in ${from} ${problem ?? ''}`
    const todo = 'Have it print one JSON object of headers: {"Authorization": "Bearer <key>"}'
    return { headers: {}, findings: [fault(ID, what, todo)] }
  }
  const headers = Object.fromEntries(
    Object.entries(printed.value).map(([name, value]) => [name, String(value)]),
  )
  return { headers, findings: [fine(ID, `otelHeadersHelper in ${from} gives headers`)] }
}
