# shellcheck shell=bash
# Dependencies as the lock file names them, and the build. To be sourced; brings ensure-node.sh along.

# shellcheck source=scripts/ensure-node.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/ensure-node.sh"

# Installs when node_modules is missing, was cut short, or is not of this lock file and machine.
ensure_dependencies() {
  if dependencies_are_current; then return 0; fi
  with_lock "$project_dir/.run/lock" install_dependencies
}

# Compiles src into dist.
build_product() {
  with_lock "$project_dir/.run/lock" run_build
}

run_build() {
  CDPATH='' cd -- "$project_dir" && npm run --silent build
}

# The stamp goes with node_modules and is written last, so it vouches for a whole install.
dependencies_are_current() {
  [ "$(cat "$project_dir/node_modules/.installed-from" 2>/dev/null)" = "$(dependency_stamp)" ]
}

dependency_stamp() {
  cksum <"$project_dir/package-lock.json"
  uname -sm
}

install_dependencies() {
  if dependencies_are_current; then return 0; fi
  if ! command -v npm >/dev/null 2>&1; then
    printf 'npm, which installs the dependencies, was not found; it comes with Node.\n' >&2
    return 1
  fi
  printf 'Installing dependencies from package-lock.json ...\n'
  CDPATH='' cd -- "$project_dir" || return 1
  if ! npm ci --include=dev --loglevel=error </dev/null; then
    printf 'npm ci failed (see above). Is the npm registry within reach?\n' >&2
    return 1
  fi
  dependency_stamp >"$project_dir/node_modules/.installed-from"
}
