#!/usr/bin/env bash
# Set up .venv from the hashed locks, once per lock: tools/setup.sh pipeline|dev
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:-pipeline}
lock=requirements/$what.txt

say() { printf '%s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

[ "$(uname -sm)" = "Linux x86_64" ] ||
  die "Expected Linux on x86-64; found $(uname -sm). The locks hold no packages for it."

is_supported() {
  "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

find_python() {
  local name
  if [ -n "${PYTHON:-}" ]; then
    is_supported "$PYTHON" || die "Expected PYTHON to name Python 3.11, 3.12 or 3.13; found" \
      "'$PYTHON': $("$PYTHON" --version 2>&1 | head -1)."
    command -v "$PYTHON"; return
  fi
  for name in python3 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null && is_supported "$name"; then command -v "$name"; return; fi
  done
  die "Expected Python 3.11, 3.12 or 3.13 on the PATH; found $(python3 --version 2>&1 || echo none)." \
      "Install one of them, or name it: make PYTHON=/path/to/python3.12 ..."
}

digest() { cat "$@" setup.py | sha256sum | cut -c1-16; }

is_ready() {  # development holds all that running needs
  [ -x .venv/bin/python ] && is_supported .venv/bin/python || return 1
  [ "$(cat ".venv/.ready-$1" 2>/dev/null)" = "$(digest "requirements/$1.txt")" ]
}

# A Python that the user names is taken, or refused; never passed over for the one that is there.
if [ -n "${PYTHON:-}" ] && [ -x .venv/bin/python ]; then
  version='import sys; print(sys.version)'
  [ "$("$(find_python)" -c "$version")" = "$(.venv/bin/python -c "$version")" ] || rm -rf .venv
fi
is_ready "$what" && exit 0
[ "$what" = pipeline ] && is_ready dev && exit 0

exec 9>.venv.lock
flock 9 2>/dev/null || true
is_ready "$what" && exit 0

if ! { [ -x .venv/bin/python ] && is_supported .venv/bin/python; }; then
  python=$(find_python)
  say "Setting up .venv with $("$python" --version) ..."
  rm -rf .venv
  "$python" -m venv .venv ||
    die "Could not make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv"
fi
rm -f .venv/.ready-*
[ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --require-hashes -r requirements/uv.txt
say "Installing $lock ..."
.venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r "$lock"
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
digest "$lock" > ".venv/.ready-$what"
