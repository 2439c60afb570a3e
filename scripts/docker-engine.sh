# shellcheck shell=bash
# Whether containers can be run here. To be sourced; works in bash 3.2 and later.

ENGINE_TIMEOUT_S=10

# Prints why docker-compose.yml cannot be run here, or nothing when it can.
docker_problem() {
  if ! command -v docker >/dev/null 2>&1; then
    echo 'docker is not installed'
  elif ! within "$ENGINE_TIMEOUT_S" docker version --format '{{.Server.Version}}'; then
    echo 'docker is installed, its engine does not run'
  elif ! within "$ENGINE_TIMEOUT_S" docker compose version; then
    echo 'docker runs, its compose plugin is missing'
  fi
}

# within <seconds> <command...>: the command's own status, or 1 when it took longer. An engine that
# hangs would otherwise hang whoever asks; macOS has no `timeout`.
within() {
  local ticks_left=$(($1 * 10)) pid
  shift
  "$@" >/dev/null 2>&1 </dev/null &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    if [ "$ticks_left" -eq 0 ]; then
      kill "$pid" 2>/dev/null || true
      return 1
    fi
    ticks_left=$((ticks_left - 1))
    sleep 0.1
  done
  wait "$pid"
}
