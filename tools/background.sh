#!/usr/bin/env bash
# Run a luigi command detached from the terminal, its log in data/logs.
#   tools/background.sh TrainPneumonia --datasets icbhi
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -eq 0 ]; then
  echo 'Expected a luigi command: make background ARGS="TrainPneumonia --experiment demo"' >&2
  exit 2
fi
if [ "$1" = luigi ]; then shift; fi
case "$1" in --module) shift 2 ;; esac

mkdir -p data/logs
log=data/logs/$(date +%Y%m%d-%H%M%S)-$1-$$.log
export PATH="$PWD/.venv/bin:$PATH"
setsid nohup luigi --module pipeline "$@" >"$log" 2>&1 </dev/null &
echo "Running as process $!; log: $log"
