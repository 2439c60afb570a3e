/** Delivery that goes well, and an ingest log in which two requests did not. */
import type { Delivery } from '../../../src/api/contract/delivery.ts'
import { noise } from './team.ts'

export function delivery(nowMs: number): Delivery {
  return {
    langfuse: {
      state: 'connected',
      url: 'http://127.0.0.1:3000',
      lastDeliveredMs: nowMs - 4_000,
      lastError: null,
    },
    exporters: [
      {
        name: 'langfuse',
        label: 'Langfuse',
        state: 'connected',
        url: 'http://127.0.0.1:3000',
        pending: 3,
        dead: 0,
        oldestPendingMs: nowMs - 9_000,
        lastDeliveredMs: nowMs - 4_000,
        lastError: null,
      },
    ],
    outbox: { pending: 3, dead: 0, dropped: 0, oldestPendingMs: nowMs - 9_000 },
    deadItems: [],
    ingest: {
      requests: 1_204,
      errors: 1,
      rejected: 3,
      refused: [{ reason: 'unauthenticated', count: 2, remedy: 'Have every signal send the key.' }],
      recent: Array.from({ length: 12 }, (_, index) => ({
        timeMs: nowMs - index * 5_000,
        door: index % 5 === 4 ? ('grpc' as const) : ('http' as const),
        signal: index % 6 === 3 ? ('metrics' as const) : ('logs' as const),
        bytes: 1_800 + Math.round(40_000 * noise(index + 2)),
        status: index === 7 ? 413 : 200,
        rejected: index === 4 ? 3 : 0,
        reasons:
          index === 4
            ? [
                'malformed: resourceLogs[0].scopeLogs[0].logRecords[2].timeUnixNano is "x", expected digits',
              ]
            : index === 7
              ? [
                  'the body is larger than 67108864 bytes; raise MAX_REQUEST_SIZE or send smaller batches',
                ]
              : [],
      })),
    },
    quarantine: {
      records: 1,
      bytes: 512,
      dropped: 0,
      items: [
        {
          id: 1,
          receivedMs: nowMs - 60_000,
          signal: 'log',
          reason: 'unknown_agent',
          message: 'the agent that sent it is unknown: its scope is "my.app"',
          name: 'my.event',
          bytes: 512,
        },
      ],
    },
    retention: {
      days: 180,
      databaseBytes: 48_340_992,
      usedBytes: 46_137_344,
      maxBytes: 5 * 1024 ** 3,
      size: 'within',
      waitingSessions: 0,
      droppedSessions: 0,
    },
  }
}
