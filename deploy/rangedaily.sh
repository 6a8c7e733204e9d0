#!/usr/bin/env bash
# Rebuild by Luigi's RangeDaily: for those whose schedule is a list of its ranges.
#   deploy/rangedaily.sh [OPTION of RangeDaily ...]
#   deploy/rangedaily.sh --of-params '{"line": "clinic", "where": "slurm"}'
# It asks for today only, and does nothing where that is done: a source is fetched as it is now, so
# that days that were missed cannot be made up for. RangeDaily counts days in UTC.
#
# RangeDailyBase asks the task whether it is done. RangeDaily asks bulk_complete(), and takes a task that
# has none, and no outputs, for done.
exec "$(dirname "${BASH_SOURCE[0]}")/rebuild.sh" RangeDailyBase --of RebuildAll --param-name date \
  --start "$(date -u +%F)" --days-back 1 "$@"
