# shellcheck shell=bash
# The bridge of this folder as a process of this host. To be sourced; brings ensure-node.sh along.
#
# .run/bridge.pid says which process it is. A process counts only while it runs this folder's
# dist/main.js, so a number that was given out anew is never mistaken for it.

# shellcheck source=scripts/ensure-node.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/ensure-node.sh"

run_dir="$project_dir/.run"
bridge_main="$project_dir/dist/main.js"

START_TIMEOUT_S=60

# Prints the process id of this folder's bridge; fails when none runs.
bridge_pid() {
  local pid
  pid=$(cat "$run_dir/bridge.pid" 2>/dev/null) || return 1
  case $pid in '' | *[!0-9]*) return 1 ;; esac
  if ! is_bridge "$pid"; then return 1; fi
  echo "$pid"
}

# is_bridge <process id>: not so for one that has ended and that nobody has collected yet.
is_bridge() {
  case "$(process_command "$1") " in
    *" $bridge_main "*) ;;
    *) return 1 ;;
  esac
}

process_command() {
  if [ -d /proc/self ]; then
    tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" || true
  else
    ps -ww -p "$1" -o command= 2>/dev/null || true
  fi
}

# start_bridge <url>: in the background, and waits until it answers.
start_bridge() {
  local url=$1 pid ticks_left=$((START_TIMEOUT_S * 2))
  make_run_dir
  # The log of the run before is kept, older ones are not.
  if [ -f "$run_dir/bridge.log" ]; then mv -f "$run_dir/bridge.log" "$run_dir/bridge.log.1"; fi
  nohup node "$bridge_main" >"$run_dir/bridge.log" 2>&1 </dev/null &
  pid=$!
  echo "$pid" >"$run_dir/bridge.pid"
  until node "$project_dir/scripts/check-health.ts" "$url"; do
    if ! kill -0 "$pid" 2>/dev/null || [ "$ticks_left" -eq 0 ]; then
      tail -n 20 "$run_dir/bridge.log" >&2
      printf 'The bridge did not come up; its log is %s.\n' "$run_dir/bridge.log" >&2
      return 1
    fi
    ticks_left=$((ticks_left - 1))
    sleep 0.5
  done
}

# Becomes the bridge: does not return.
become_bridge() {
  make_run_dir
  echo "$$" >"$run_dir/bridge.pid"
  exec node "$bridge_main"
}

# Asks the bridge of this folder to end, waits for it, and insists when it takes too long.
stop_bridge() {
  local pid timeout_ms patience_s
  if pid=$(bridge_pid); then
    timeout_ms=$(node "$project_dir/scripts/setting.ts" SHUTDOWN_TIMEOUT 10000)
    # What is no number now was one when the bridge started.
    case $timeout_ms in '' | *[!0-9]*) timeout_ms=10000 ;; esac
    patience_s=$((timeout_ms / 1000 + 10))
    kill -TERM "$pid" 2>/dev/null || true
    if ! ended_within "$patience_s" "$pid"; then
      printf 'The bridge (process %s) still runs after %s s: ending it at once.\n' \
        "$pid" "$patience_s" >&2
      kill -TERM "$pid" 2>/dev/null || true
      ended_within 5 "$pid" || return 1
    fi
  fi
  rm -f "$run_dir/bridge.pid"
}

ended_within() {
  local ticks_left=$(($1 * 5))
  while is_bridge "$2"; do
    if [ "$ticks_left" -eq 0 ]; then return 1; fi
    ticks_left=$((ticks_left - 1))
    sleep 0.2
  done
}

# What the bridge logs is nobody else's business.
make_run_dir() {
  mkdir -p "$run_dir"
  chmod 700 "$run_dir"
}
