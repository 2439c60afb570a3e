#!/bin/sh
# bridge-exports.sh sh|fish: prints what Claude Code has to know of the bridge's settings, as lines
# for that shell. claude-telemetry.env evaluates them.
#
# A setting is taken from the environment, else from .env of this clone, else from the user's own.
set -eu

shell=${1:-sh}
folder=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
# A package has no .env: what lies in its folder, a package manager has put there.
case $folder/ in
  */node_modules/*) clone_file= ;;
  *) clone_file=$folder/.env ;;
esac
case ${XDG_CONFIG_HOME:-} in
  /*) user_file=$XDG_CONFIG_HOME/claude-telemetry/.env ;;
  *) user_file=${HOME:-}/.config/claude-telemetry/.env ;;
esac

# setting <name> <value of the environment>
setting() {
  value=$2
  for file in "$clone_file" "$user_file"; do
    if [ -z "$value" ] && [ -f "$file" ] && [ -r "$file" ]; then
      value=$(setting_of_file "$1" "$file")
    fi
  done
  printf '%s' "$value"
}

# Prints a setting of a file: its last line counts; quotes, or a comment after it, are not part of it.
setting_of_file() {
  sed -n -e "s/^[[:space:]]*\(export[[:space:]]\{1,\}\)\{0,1\}$1[[:space:]]*=[[:space:]]*//p" "$2" |
    tail -n 1 |
    sed -e 's/^"\([^"]*\)".*$/\1/' -e t -e "s/^'\([^']*\)'.*$/\1/" -e t -e 's/[[:space:]#].*$//'
}

# setting_from_file <name>: of a secret that stands in a file of its own, which <name>_FILE names.
setting_from_file() {
  path=
  base=$PWD
  eval "from_environment=\${$1_FILE:-}"
  if [ -n "$from_environment" ]; then
    path=$from_environment
  else
    for file in "$clone_file" "$user_file"; do
      if [ -z "$path" ] && [ -f "$file" ] && [ -r "$file" ]; then
        path=$(setting_of_file "$1_FILE" "$file")
        base=$(dirname -- "$file")
      fi
    done
  fi
  # shellcheck disable=SC2088
  case $path in
    '') return ;;
    '~/'*) path=${HOME:-}/${path#??} ;;
    /*) ;;
    *) path=$base/$path ;;
  esac
  if [ ! -r "$path" ]; then
    printf 'claude-telemetry.env: %s_FILE names %s, which cannot be read.\n' "$1" "$path" >&2
    exit 1
  fi
  head -n 1 -- "$path" | tr -d '\r\n'
}

# export_line <name> <value>
export_line() {
  case $shell in
    fish) printf "set -gx %s '%s'\n" "$1" "$(printf '%s' "$2" | sed "s/[\\\\']/\\\\&/g")" ;;
    *) printf "export %s='%s'\n" "$1" "$(printf '%s' "$2" | sed "s/'/'\\\\''/g")" ;;
  esac
}

port=$(setting OTLP_RECEIVER_PORT "${OTLP_RECEIVER_PORT:-}")
key=$(setting API_KEY "${API_KEY:-}")
if [ -z "$key" ]; then key=$(setting_from_file API_KEY); fi
case ${port:=4318} in
  *[!0-9]*)
    printf 'claude-telemetry.env: OTLP_RECEIVER_PORT is "%s", expected the number of a port.\n' \
      "$port" >&2
    exit 1
    ;;
esac
if [ -n "$(setting TLS_CERT_FILE "${TLS_CERT_FILE:-}")" ]; then
  export_line OTEL_EXPORTER_OTLP_ENDPOINT "https://localhost:$port"
else
  export_line OTEL_EXPORTER_OTLP_ENDPOINT "http://127.0.0.1:$port"
fi
# The space stays a plain space: Claude Code sends this value as it stands.
if [ -n "$key" ]; then export_line OTEL_EXPORTER_OTLP_HEADERS "Authorization=Bearer $key"; fi
