/** What can come between the parts of a turn; at the end, a replay has to give the rows that were sent. */
import { isDeepStrictEqual } from 'node:util'
import {
  createLangfuseStandIn,
  type LangfuseStandIn,
  STAND_IN_KEYS,
} from '../langfuse-stand-in/stand-in.ts'
import type { StoredSpan } from '../langfuse-stand-in/stored-span.ts'
import type { Aftermath, Fault } from './fault.ts'
import { runCommand } from './run-command.ts'

export const replayFaults: readonly Fault[] = [
  {
    name: 'a restart in the middle of a turn, then a replay: rows equal',
    inject: async ({ subject, random, pause }) => {
      for (let time = 0; time < 3; time += 1) {
        await pause(50, 400)
        await (random.oneIn(3) ? subject.kill() : subject.stop())
        await pause(0, 100)
        await subject.start()
      }
    },
    afterwards: compareReplay,
  },
]

/** Replays all that is stored into a Langfuse of its own, and compares that with the first one. */
async function compareReplay({ dataDir, langfuse, expect }: Aftermath): Promise<void> {
  const second = await createLangfuseStandIn()
  try {
    const { publicKey, secretKey } = STAND_IN_KEYS
    const keys = ['--public-key', publicKey, '--secret-key', secretKey]
    await runCommand(dataDir, ['replay', '--all', '--host', second.url, ...keys])
    compare('row', rowsOf(langfuse.spans()), rowsOf(second.spans()), expect)
    const scoresOf = (of: LangfuseStandIn) => new Map(of.scores().map((each) => [each.id, each]))
    compare('score', scoresOf(langfuse), scoresOf(second), expect)
  } finally {
    await second.close()
  }
}

/** By both ids: what was sent twice alike is one row. */
function rowsOf(spans: readonly StoredSpan[]): ReadonlyMap<string, StoredSpan> {
  return new Map(spans.map((span) => [`${span.traceId} ${span.spanId} ${span.name}`, span]))
}

function compare(
  what: string,
  sent: ReadonlyMap<string, unknown>,
  replayed: ReadonlyMap<string, unknown>,
  expect: Aftermath['expect'],
): void {
  for (const [id, row] of sent) {
    expect(replayed.has(id), `${what} ${id} was sent, and not replayed`)
    expect(
      !replayed.has(id) || isDeepStrictEqual(replayed.get(id), row),
      `${what} ${id} was replayed with another content`,
    )
  }
  for (const id of replayed.keys()) expect(sent.has(id), `${what} ${id} was replayed, never sent`)
}
