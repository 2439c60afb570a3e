#!/usr/bin/env node
/**
 * The entry point: checks the version of Node, then loads the program. An older Node cannot parse
 * what lies behind it, or crashes in its native parts. So nothing is imported here before the check,
 * and the syntax is one that Node 12 knows.
 */
const OLDEST_NODE = 24

if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) {
  void import('./app/process.ts')
} else {
  process.stderr.write(
    `claude-telemetry: this is Node ${process.version} (${process.execPath}); Node ${OLDEST_NODE} or newer is needed.\n` +
      `Install it from https://nodejs.org. In a clone, ./claude-telemetry finds one; ./quickstart.sh fetches it.\n`,
  )
  process.exitCode = 1
}
