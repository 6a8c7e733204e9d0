#!/usr/bin/env bash
# Rebuild the models once: what every other file of this folder calls (docs/deploy.rst).
#   deploy/rebuild.sh [TASK] [OPTION ...]
# TASK is RebuildAll where none is named; it gets --date, today's, unless the options have one.
# The options are handed on as they are, and the exit code is luigi's.
#
# Output goes to a log only, so that nobody gets a message every night: <date>.log in
# data/09_champions/logs of this checkout, or in the folder that AUSCULT_LOGS names. Where luigi
# fails, the log's last lines are shown, too.
#
# ~/.config/auscult/environment, or the file that AUSCULT_ENVIRONMENT names, is read first if it is
# there: lines such as AUSCULT_WEBHOOK=https://..., taken as they stand. Whoever can read it can use
# what stands in it: chmod 600.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 40

# As one of luigi's own codes, in luigi.cfg: an error outside any task.
die() { printf '%s\n' "$*" >&2; exit 40; }

environment=${AUSCULT_ENVIRONMENT:-${HOME:-}/.config/auscult/environment}
# No shell reads the values: in one, the & of an address would end it, and an error would show it.
if [ -r "$environment" ]; then
  while IFS= read -r line || [ -n "$line" ]; do
    [[ ${line%$'\r'} =~ ^(export )?([A-Za-z_][A-Za-z0-9_]*)=(.*)$ ]] || continue
    name=${BASH_REMATCH[2]} value=${BASH_REMATCH[3]}
    case "$value" in \"*\"|\'*\') value=${value:1:${#value}-2} ;; esac
    export "$name=$value"
  done <"$environment"
fi

export PATH="$PWD/.venv/bin:$PATH"
command -v luigi >/dev/null || die "Expected luigi in $PWD/.venv; found none. Run: make env"

task=RebuildAll
case "${1:-}" in ''|-*) ;; *) task=$1; shift ;; esac

today=$(date +%F)
day=
for word in "$@"; do
  case "$word" in --date=*) day=${word#--date=} ;; esac
  if [ "${before:-}" = --date ]; then day=$word; fi
  before=$word
done
if [ -z "$day" ]; then
  day=$today
  if [ "$task" = RebuildAll ]; then set -- --date "$day" "$@"; fi
fi

logs=${AUSCULT_LOGS:-data/09_champions/logs}
[[ $day =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] || day=$today  # luigi says what is wrong with it
log=$logs/$day.log
# No options: they may be somebody's own business.
{ mkdir -p "$logs" && printf '\n== %s: %s starts\n' "$(date -Iseconds)" "$task" >>"$log"; } ||
  die "Expected a folder for logs that can be written to; found another: $logs. Set AUSCULT_LOGS."

luigi --module pipeline "$task" "$@" >>"$log" 2>&1 </dev/null &
child=$!
# Only this process gets the signal of cron, systemd or a terminal; TERM ends luigi with all of it.
trap 'signal=came; kill -TERM "$child" 2>/dev/null' TERM INT HUP
while :; do
  signal=
  wait "$child"  # ends when a signal comes, too
  code=$?
  if [ -z "$signal" ]; then break; fi
done

printf '== %s: %s ended, exit code %s\n' "$(date -Iseconds)" "$task" "$code" >>"$log"
if [ "$code" -ne 0 ]; then
  { tail -n 20 "$log"; printf 'Log: %s\n' "$log"; } >&2
fi
exit "$code"
