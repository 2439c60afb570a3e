# shellcheck shell=bash
# One process at a time. To be sourced; works in bash 3.2 and later.
#
# The lock is a symbolic link whose target is the owner's process id: made in one step, so no lock
# is ever without an owner, and one whose owner is gone is taken over.

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
  local lock=$1 self=$2 waited_s=0 owner
  mkdir -p "$(dirname "$lock")" || return 1
  until ln -s "$self" "$lock" 2>/dev/null; do
    owner=$(readlink "$lock" || true)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
      break_lock "$lock" "$self" "$owner"
      continue
    fi
    if [ "$waited_s" -eq 0 ]; then
      printf 'Waiting for process %s, which holds %s ...\n' "${owner:-?}" "$lock" >&2
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

# Moves a dead owner's lock away. Of two processes that saw it, the slower one may move the lock
# the quicker one has just taken: then it puts it back.
break_lock() {
  local lock=$1 aside="$1.stale.$2" owner=$3 moved
  mv "$lock" "$aside" 2>/dev/null || return 0
  moved=$(readlink "$aside" || true)
  if [ "$moved" != "$owner" ]; then ln -s "$moved" "$lock" 2>/dev/null || true; fi
  rm -f "$aside"
}
