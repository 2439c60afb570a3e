#!/usr/bin/env bash
# From a fresh clone to a running bridge, in one command. Safe to run again: what is there already
# is used, what is missing is added, and the bridge of this folder is restarted.
set -euo pipefail
called_from=$PWD
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

# shellcheck source=scripts/ensure-dependencies.sh
. scripts/ensure-dependencies.sh
# shellcheck source=scripts/docker-engine.sh
. scripts/docker-engine.sh
# shellcheck source=scripts/bridge-process.sh
. scripts/bridge-process.sh

usage() {
  cat <<'TEXT'
Usage: ./quickstart.sh [--stop | --help]

Installs what is missing into this folder, builds, and starts the bridge.

  With Docker     Langfuse is started beside it (scripts/langfuse), and the bridge runs in the
                  background.
  Without Docker, or with your own LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_HOST
  in .env or the environment
                  the bridge runs in the foreground; Ctrl-C ends it.

  --stop          end the bridge of this folder; Langfuse goes on (scripts/langfuse down)
TEXT
}

main() {
  local problem running='' warnings
  case ${1:-} in
    '') ;;
    --stop)
      stop
      return
      ;;
    --help | -h)
      usage
      return
      ;;
    *)
      usage >&2
      return 2
      ;;
  esac
  if [ "$(id -u)" -eq 0 ] && [ "${SUDO_UID:-0}" -ne 0 ]; then
    printf 'This runs through sudo: what it makes here will belong to root, and not be yours to use.\n' >&2
  fi
  ensure_node
  ensure_dependencies
  build_product
  warnings=$(check_settings)
  with_lock "$project_dir/.run/lock" node scripts/make-env.ts
  url=$(node scripts/bridge-address.ts)
  running=$(bridge_pid || true)
  if [ -z "$running" ]; then node scripts/check-ports.ts; fi
  problem=$(docker_problem)
  if [ "$(node scripts/langfuse-choice.ts)" = own ]; then
    printf 'Your own Langfuse is used, %s; none is started here.\n' "$(langfuse_address)"
    run_in_foreground "$running"
  elif [ -n "$problem" ]; then
    printf 'No Docker engine answers (%s): the bridge runs on its embedded store, without Langfuse.\n' \
      "$problem"
    run_in_foreground "$running"
  else
    # In the foreground the bridge itself says it where it can be read.
    if [ -n "$warnings" ]; then printf '%s\n' "$warnings" >&2; fi
    scripts/langfuse up
    run_in_background "$running"
  fi
}

# Prints what the bridge would warn of; fails with what it would refuse.
check_settings() {
  local said
  if said=$(node "$bridge_main" start --check-config 2>&1 >/dev/null); then
    printf '%s' "$said"
  else
    printf '%s\nCorrect it, and run this again.\n' "$said" >&2
    return 1
  fi
}

stop() {
  check_file_access "$project_dir"
  if ! bridge_pid >/dev/null; then
    printf 'No bridge of this folder runs.\n'
    return
  fi
  ensure_node
  stop_bridge
  printf 'The bridge has ended.\n'
}

# run_in_foreground <process id of the one that runs, or nothing>
run_in_foreground() {
  if [ -n "$1" ]; then
    printf 'The bridge of this folder runs already: process %s, %s\n' "$1" "$url"
    printf 'To start it anew: ./quickstart.sh --stop && ./quickstart.sh\n'
    next_commands
    return
  fi
  printf 'Bridge    %s   (Ctrl-C ends it)\n' "$url"
  next_commands ' in another terminal'
  become_bridge
}

run_in_background() {
  if [ -n "$1" ]; then
    printf 'Restarting the bridge (process %s) ...\n' "$1"
    stop_bridge
  fi
  start_bridge "$url"
  printf '\nLangfuse  %s\n' "$(langfuse_address)"
  printf '  login   %s\n' "$(node scripts/setting.ts LANGFUSE_ADMIN_EMAIL)"
  printf '          %s\n' "$(node scripts/setting.ts LANGFUSE_ADMIN_PASSWORD)"
  printf 'Bridge    %s   (log in .run/bridge.log; ./quickstart.sh --stop ends it)\n' "$url"
  next_commands
}

langfuse_address() {
  local base_url
  base_url=$(node scripts/setting.ts LANGFUSE_BASE_URL https://cloud.langfuse.com)
  node scripts/setting.ts LANGFUSE_HOST "$base_url"
}

# next_commands [where]
next_commands() {
  local folder=''
  if [ "$called_from" != "$PWD" ]; then folder=$(printf '%q' "$project_dir"); fi
  printf '\nNext%s:\n\n' "${1:-}"
  # What only this command was told, the next shell has to be told as well.
  if [ -n "${OTLP_RECEIVER_PORT:-}" ]; then
    printf '  export OTLP_RECEIVER_PORT=%q\n' "$OTLP_RECEIVER_PORT"
  fi
  printf '  source %sclaude-telemetry.env\n  claude\n\n' "${folder:+$folder/}"
  printf 'To look at what it has, on its own page:\n\n'
  printf '  %s/claude-telemetry open\n\n' "${folder:-.}"
  printf 'Sourcing is for one shell. To have Claude Code report from everywhere:\n\n'
  printf '  %s/claude-telemetry install\n\n' "${folder:-.}"
  printf 'And when something does not arrive:\n\n'
  printf '  %s/claude-telemetry doctor\n\n' "${folder:-.}"
}

main "$@"
