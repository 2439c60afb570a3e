/**
 * What the integration suite does not run against PostgreSQL, and why. Everything else runs against
 * both engines. A run against PostgreSQL begins with this list; `test/unit/structure` checks it.
 */

const SQLITE_FILES = 'about the files of SQLite: '
export const NO_STORE = 'starts nothing that stores: '
const BOTH = 'runs against both engines by itself'
const READING =
  'about how payloads are read, which is the same for both: what is stored of them passes the port that other tests try'
const POSTGRES = 'about PostgreSQL, whatever the engine of the other tests'

/** Test files, below `test/integration`. */
export const filesOfOneEngine: Readonly<Record<string, string>> = {
  'adding-an-agent.test.ts': `${NO_STORE}the guide for a new agent, tried with the unit tests`,
  'backup.test.ts': `${SQLITE_FILES}an online copy of the database`,
  'budgets/webhook-client.test.ts': `${NO_STORE}the webhook's client`,
  'cases-wire.test.ts': READING,
  'claude-agent-sdk.test.ts': READING,
  'cli-completion.test.ts': `${NO_STORE}completion in shells`,
  'cli-install.test.ts': `${NO_STORE}what install writes for agents`,
  'command-in-clone.test.ts': `${NO_STORE}the shell script that finds Node`,
  'corpus-protobuf.test.ts': READING,
  'count-tests.test.ts': `${NO_STORE}the last line of scripts/test.sh`,
  'delivery.test.ts': `${NO_STORE}delivery from an outbox in memory`,
  'distortions.test.ts': READING,
  'ensure-node.test.ts': `${NO_STORE}the shell script that fetches Node`,
  'full-disk.test.ts': `${SQLITE_FILES}a disk without room`,
  'grpc/grpc.test.ts': `${NO_STORE}the gRPC server alone`,
  'langfuse-stand-in/stand-in.test.ts': `${NO_STORE}the stand-in itself`,
  'make-env.test.ts': `${NO_STORE}the .env that scripts make`,
  'old-databases.test.ts': `${SQLITE_FILES}databases of earlier versions`,
  'old-node.test.ts': `${NO_STORE}what is said on an old Node`,
  'other-agents.test.ts': READING,
  'otlp-clients/dialects.test.ts': READING,
  'otlp-clients/otlp-clients.test.ts': READING,
  'otlp-exporter-grpc.test.ts': `${NO_STORE}delivery from an outbox in memory`,
  'otlp-exporter.test.ts': `${NO_STORE}delivery from an outbox in memory`,
  'package.test.ts': `${SQLITE_FILES}the package installed with better-sqlite3 alone`,
  'postgres-server.test.ts': POSTGRES,
  'postgres/broken-schema.test.ts': POSTGRES,
  'postgres/commands.test.ts': POSTGRES,
  'postgres/faults.test.ts': POSTGRES,
  'postgres/live-feed.test.ts': POSTGRES,
  'postgres/migrate.test.ts': POSTGRES,
  'postgres/move.test.ts': POSTGRES,
  'postgres/read-replica.test.ts': POSTGRES,
  'postgres/replicas.test.ts': POSTGRES,
  'postgres/rewritten-tables.test.ts': POSTGRES,
  'postgres/rolling-upgrade.test.ts': POSTGRES,
  'postgres/same-answers.test.ts': BOTH,
  'postgres/shared-quotas.test.ts': POSTGRES,
  'postgres/sharing.test.ts': POSTGRES,
  'postgres/traces.test.ts': POSTGRES,
  'public-payloads.test.ts': READING,
  'quickstart.test.ts': `${NO_STORE}quickstart.sh with a docker that writes down what it is told`,
  'secrets-unseen.test.ts': `${NO_STORE}how commands read a secret`,
  'settings-files.test.ts': 'where settings come from, those of the store among them',
  'shell-exports.test.ts': `${NO_STORE}variables for shells`,
  'slow-clients.test.ts': 'about connections on which nothing comes that could be stored',
  'storage/budgets.test.ts': BOTH,
  'storage/commit.test.ts': BOTH,
  'storage/fleet.test.ts': BOTH,
  'storage/keys.test.ts': BOTH,
  'storage/outbox.test.ts': BOTH,
  'storage/quarantine.test.ts': BOTH,
  'storage/reading.test.ts': BOTH,
  'storage/routes.test.ts': BOTH,
  'storage/traces.test.ts': BOTH,
  'storage/transcripts.test.ts': BOTH,
  'storage/upkeep.test.ts': BOTH,
}

/** Tests in files that run against both, by file and how their names begin. */
export const testsOfOneEngine: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'hostile-numbers.test.ts': {
    'a database with figures of an earlier version gives the right page after the upgrade': `${SQLITE_FILES}an earlier version stored sums that PostgreSQL never could`,
  },
  'faults.test.ts': {
    'database damaged: its middle overwritten': `${SQLITE_FILES}damage of the database`,
  },
  'process.test.ts': {
    'a data folder in use by another bridge': `${SQLITE_FILES}replicas share a database, not a lock`,
  },
}

/** The list for whoever reads the output of a run. */
export function notApplicable(): string {
  const files = Object.entries(filesOfOneEngine)
  const tests = Object.entries(testsOfOneEngine).flatMap(([file, of]) =>
    Object.entries(of).map(([name, reason]) => [`${file} > ${name}`, reason] as const),
  )
  const lines = [...files, ...tests].map(([what, reason]) => `  ${what}: ${reason}`)
  return `Not run against PostgreSQL:\n${lines.join('\n')}\n`
}
