/** What is known of traces, in memory, as a store keeps it. */
import type { TraceChange, TraceStore } from '../../../src/domain/trace-store.ts'

interface Row {
  readonly ref: number
  facts: string
  lastPart: number
  parts: (readonly [id: number, body: string])[]
}

export function createMemoryTraces(): TraceStore {
  const rows = new Map<string, Row>()

  function put({ ref, facts, part, isWhole }: TraceChange): void {
    const row = [...rows.values()].find((each) => each.ref === ref)
    if (row === undefined) throw new Error(`no trace ${ref}`)
    row.facts = facts
    row.lastPart += 1
    row.parts = [...(isWhole ? [] : row.parts), [row.lastPart, part]]
  }

  return {
    change: async (owner, traces, heldVersion, learn) => {
      const found = traces.flatMap(({ traceId, isBegun }) => {
        const name = `${traceId} ${owner}`
        if (isBegun && !rows.has(name)) {
          rows.set(name, { ref: rows.size + 1, facts: '', lastPart: 0, parts: [] })
        }
        const row = rows.get(name)
        return row === undefined ? [] : [[traceId, row] as const]
      })
      const stored = found.map(([traceId, { ref, facts, lastPart, parts }]) => {
        const held = heldVersion(traceId)
        const isWhole = held?.ref !== ref || held.lastPart > lastPart
        const behind = isWhole ? 0 : held.lastPart
        const bodies = parts.filter(([id]) => id > behind).map(([, body]) => body)
        return { traceId, ref, facts, parts: bodies, isWhole }
      })
      for (const change of learn(stored)) put(change)
      return new Map(found.map(([traceId, { ref, lastPart }]) => [traceId, { ref, lastPart }]))
    },
  }
}
