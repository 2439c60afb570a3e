#!/usr/bin/env bash
# Everything that must hold before a commit, in the order of what fails fastest. Needs nothing but
# bash and npm; brings its own Node and dependencies. Stops at the first step that fails, with its
# exit code. The last line counts tests; a step that failed otherwise is one failure in it.
set -euo pipefail
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
exec </dev/null

# shellcheck source=scripts/ensure-dependencies.sh
. scripts/ensure-dependencies.sh
# shellcheck source=scripts/ensure-postgres.sh
. scripts/ensure-postgres.sh
ensure_node
ensure_dependencies
ensure_postgres

reports=$(mktemp -d "${TMPDIR:-/tmp}/claude-telemetry-test.XXXXXX")
trap 'rm -rf "$reports"' EXIT
started_reports=()

# step <title> <command...>
step() {
  local title=$1 started_s=$SECONDS status=0
  shift
  printf '\n== %s\n' "$title"
  "$@" || status=$?
  if [ "$status" -eq 0 ]; then
    printf -- '-- %s: ok, %s s\n' "$title" "$((SECONDS - started_s))"
    return
  fi
  printf -- '-- %s: FAILED with exit code %s, %s s\n' "$title" "$status" "$((SECONDS - started_s))"
  finish "$status" --failed
}

# tests <project>: one Vitest project, with a report for the count. `step` calls it.
# shellcheck disable=SC2317
tests() {
  local report="$reports/${1//:/-}.json"
  started_reports+=("$report")
  npm run --silent "test:$1" -- --reporter=default --reporter=json --outputFile.json="$report"
}

# finish <exit code> [--failed]
finish() {
  printf '\n'
  node scripts/count-tests.ts "${@:2}" ${started_reports[@]+"${started_reports[@]}"}
  exit "$1"
}

printf 'Node %s, %s\n' "$(node --version)" "$(uname -sm)"
step 'format' npm run --silent format:check
step 'lint' npm run --silent lint
step 'types' npm run --silent types
step 'documents' npm run --silent docs -- --check
step 'build' build_product
step 'unit tests' tests unit
step 'integration tests' tests integration
step 'integration tests on PostgreSQL (skipped without a server)' tests integration:postgres
step 'page tests (skipped without a Chromium)' tests page
# By processor time beside a bare handler's, which only Linux tells per process.
if [ -n "${CI:-}" ] && [ "$(uname -s)" = Linux ]; then
  step 'short benchmark' node scripts/bench/run.ts --short
fi
finish 0
