/**
 * Adds up Vitest's JSON reports, named as arguments, and prints `N passed, N failed`, with
 * `, N skipped` when some were. A file that failed before its first test counts as a failure, and
 * with --failed so does a step that failed without a failed test: what did not run has not passed.
 */
import { existsSync, readFileSync } from 'node:fs'

interface FileReport {
  readonly status: string
  readonly assertionResults: readonly { readonly status: string }[]
}

function statusesOf(report: string): string[] {
  if (!existsSync(report)) return []
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: readonly FileReport[]
  }
  return testResults.flatMap(({ status, assertionResults }) => {
    const statuses = assertionResults.map((test) => test.status)
    return status === 'failed' && !statuses.includes('failed') ? [...statuses, 'failed'] : statuses
  })
}

const reports = process.argv.slice(2).filter((argument) => argument !== '--failed')
const statuses = reports.flatMap(statusesOf)
const passed = statuses.filter((status) => status === 'passed').length
const failed = statuses.filter((status) => status === 'failed').length
const skipped = statuses.length - passed - failed
const shownFailed = process.argv.includes('--failed') ? Math.max(failed, 1) : failed
console.log(`${passed} passed, ${shownFailed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`)
