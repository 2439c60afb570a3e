# shellcheck shell=bash
# Whether this user may change what is made in the project's folder. To be sourced; works in bash 3.2
# and later.

# check_file_access <project folder>: fails at once, and says what to do, where files of another user
# (of root, after one run with sudo) stand in the way. Otherwise the first one would stop something
# half done.
check_file_access() {
  local folder=$1 self owner name path foreign=() closed=()
  if [ "$(id -u)" -eq 0 ]; then return 0; fi
  self=$(id -un)
  while read -r owner name; do
    path=$folder/$name
    path=${path%/.}
    if [ "$owner" = "$self" ]; then
      printf '%s is closed to you by its permissions.\n' "$path" >&2
      closed+=("$path")
    else
      printf '%s belongs to %s: you may not use it.\n' "$path" "$owner" >&2
      foreign+=("$path")
    fi
  done < <(unusable_files "$folder")
  if [ "${#closed[@]}" -eq 0 ] && [ "${#foreign[@]}" -eq 0 ]; then return 0; fi
  printf 'Make it yours, and run this again (without sudo):\n' >&2
  if [ "${#foreign[@]}" -gt 0 ]; then
    printf '  sudo chown -R %s%s\n' "$self" "$(printf ' %q' "${foreign[@]}")" >&2
  fi
  if [ "${#closed[@]}" -gt 0 ]; then
    printf '  chmod -R u+rwX%s\n' "$(printf ' %q' "${closed[@]}")" >&2
  fi
  return 1
}

# unusable_files <folder>: what this user cannot use as quickstart.sh has to, a line each: the owner
# of the file in question, and the name below the folder that it is or lies in.
unusable_files() {
  local name file
  if [ ! -w "$1" ]; then
    echo "$(owner_of "$1") ."
    return
  fi
  for name in .run .node node_modules dist; do
    if [ ! -e "$1/$name" ]; then continue; fi
    file=$(unusable_file "$1/$name")
    if [ -n "$file" ]; then echo "$(owner_of "$file") $name"; fi
  done
  if [ -e "$1/.env" ] && [ ! -r "$1/.env" ]; then echo "$(owner_of "$1/.env") .env"; fi
}

# unusable_file <folder>: the first that cannot be replaced, it or one close to its top. Deeper,
# another user's files are rare, and node_modules is large.
unusable_file() {
  local file
  if ! is_open "$1"; then
    echo "$1"
    return
  fi
  while IFS= read -r file; do
    if [ -L "$file" ] || is_open "$file"; then continue; fi
    echo "$file"
    return
  done < <(find "$1" -maxdepth 3 -path '*/node_modules/*' -prune -o ! -user "$(id -u)" -print)
}

is_open() {
  [ -r "$1" ] && [ -w "$1" ] && { [ ! -d "$1" ] || [ -x "$1" ]; }
}

owner_of() {
  # shellcheck disable=SC2012 # The one way to ask that Linux and macOS share.
  ls -ld -- "$1" | awk '{ print $3 }'
}
