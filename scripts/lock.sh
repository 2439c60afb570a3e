# shellcheck shell=bash
# One process at a time. To be sourced; works in bash 3.2 and later.
#
# The lock is a symbolic link whose target names its owner: the process id and, where the system
# tells, when that process started. It is made in one step, so no lock is ever without an owner, and
# one whose owner is gone is taken over, also when the number was given to another process since.

LOCK_TIMEOUT_S=900

# with_lock <path> <command...>: runs the command while no one else holds the lock.
with_lock() (
  lock=$1
  shift
  # $$ names the main shell even here, so a child says who its parent is.
  self=$(exec sh -c 'echo "$PPID"')
  take_lock "$lock" "$self" || exit 1
  trap 'rm -f "$lock"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  "$@"
)

take_lock() {
  local lock=$1 self=$2 waited_s=0 owner tries_left=10
  mkdir -p "$(dirname "$lock")" || return 1
  # A link is made inside of a folder that has its name.
  if [ -e "$lock" ] && [ ! -L "$lock" ]; then
    refuse_lock "$lock"
    return 1
  fi
  until ln -s "$self@$(start_of "$self")" "$lock" 2>/dev/null; do
    owner=$(readlink "$lock" || true)
    # It may have been given back since.
    if [ -z "$owner" ] && is_free "$lock" && [ "$tries_left" -gt 0 ]; then
      tries_left=$((tries_left - 1))
      continue
    fi
    if [ -z "$owner" ]; then
      refuse_lock "$lock"
      return 1
    fi
    if ! is_alive "$owner"; then
      if ! break_lock "$lock" "$self" "$owner"; then
        printf 'The lock %s is left over, and you may not remove it: sudo rm -f %q\n' \
          "$lock" "$lock" >&2
        return 1
      fi
      continue
    fi
    if [ "$waited_s" -eq 0 ]; then
      printf 'Waiting for process %s, which holds %s ...\n' "${owner%%@*}" "$lock" >&2
    fi
    if [ "$waited_s" -ge "$LOCK_TIMEOUT_S" ]; then
      printf 'Gave up after %s s. If nothing else is running here, remove %s.\n' \
        "$waited_s" "$lock" >&2
      return 1
    fi
    sleep 1
    waited_s=$((waited_s + 1))
  done
}

refuse_lock() {
  printf 'The lock %s cannot be taken: it is no lock, or lies where you may not write.\n' "$1" >&2
  printf 'If nothing else is running here, remove it: rm -rf %q\n' "$1" >&2
}

# Whether nothing is in the way of a new lock.
is_free() {
  [ ! -e "$1" ] && [ ! -L "$1" ] && [ -w "$(dirname "$1")" ] && [ -x "$(dirname "$1")" ]
}

# is_alive <target of a lock>
is_alive() {
  local pid=${1%%@*} started=''
  case $1 in *@*) started=${1#*@} ;; esac
  # A signal may not be sent to a process of another user, which is alive all the same.
  if ! kill -0 "$pid" 2>/dev/null && [ ! -d "/proc/$pid" ] && ! ps -p "$pid" >/dev/null 2>&1; then
    return 1
  fi
  [ -z "$started" ] || [ "$started" = "$(start_of "$pid")" ]
}

# Prints something that tells this process from others of its number; nothing where none can be had.
start_of() {
  if [ -r "/proc/$1/stat" ]; then
    # Ticks since the machine started: the 20th word behind the name, which may hold anything.
    sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20
  else
    LC_ALL=C ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' '_'
  fi
}

# Moves a dead owner's lock away. Of two processes that saw it, the slower one may move the lock
# the quicker one has just taken: then it puts it back. Fails when it may not be moved.
break_lock() {
  local lock=$1 aside="$1.stale.$2" owner=$3 moved
  if ! mv "$lock" "$aside" 2>/dev/null; then
    # Another process was quicker.
    [ "$(readlink "$lock" || true)" != "$owner" ]
    return
  fi
  moved=$(readlink "$aside" || true)
  if [ "$moved" != "$owner" ]; then ln -s "$moved" "$lock" 2>/dev/null || true; fi
  rm -f "$aside"
}
