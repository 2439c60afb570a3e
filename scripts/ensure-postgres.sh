# shellcheck shell=bash
# A PostgreSQL server for the tests to start. To be sourced.

# Installs Debian's package where it is missing, as root or on a CI machine that lets us be root.
# Without a cluster of the system's: the tests start servers of their own. Where it cannot be had, the
# tests that need it are skipped and say so; this never fails.
ensure_postgres() {
  local as_root=()
  if has_postgres || ! command -v apt-get >/dev/null 2>&1; then return 0; fi
  if [ "$(id -u)" -ne 0 ]; then
    if [ -z "${CI:-}" ] || ! sudo -n true 2>/dev/null; then return 0; fi
    as_root=(sudo -n)
  fi
  printf 'Installing PostgreSQL for the tests ...\n'
  install_postgres >/dev/null || printf 'PostgreSQL could not be installed (see above).\n' >&2
}

has_postgres() {
  if [ -n "${POSTGRES_BIN:-}" ] || command -v initdb >/dev/null 2>&1; then return 0; fi
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

install_postgres() {
  apt_get update && apt_get install postgresql-common &&
    ${as_root[@]+"${as_root[@]}"} sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' \
      /etc/postgresql-common/createcluster.conf &&
    apt_get install postgresql
}

apt_get() {
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
    apt-get --quiet --yes --no-install-recommends "$@" </dev/null
}
