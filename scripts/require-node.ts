/**
 * Ends the process, with a sentence, on a Node that is too old for the tools of this project: they
 * would end with an error of their own that names neither. To be imported before them.
 */
import process from 'node:process'

const OLDEST_NODE = 24

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  process.stderr.write(
    `This is Node ${process.version}; Node ${OLDEST_NODE} or newer is needed here. ./scripts/test.sh brings its own.\n`,
  )
  process.exit(1)
}
