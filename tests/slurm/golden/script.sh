#!/bin/bash
# Submitted by:
# sbatch 'a b'
run_dir='/data/it'"'"'s here/x'
run_name=x
program='/our project/external_script.sh'
working_dir=/home/me
home_dir=/safe
ends=slurm_ends.jsonl
go_on_later=75
n_requeues=3
export no_proxy=a,b
module load python/3.11
# The part of a job's script that is the same for all; what stands above it sets the variables.
# It starts the trainer, hands the cluster's warning on to it, and writes down how each try ended:
# a cluster that has forgotten a job, or has no accounting, does not matter then.
set -u
SECONDS=0
# An element of an array is known by the array's number and its own.
job=$SLURM_JOB_ID
if [ -n "${SLURM_ARRAY_JOB_ID:-}" ]; then job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID; fi
trainer="" warned=0
warn() {
  warned=1
  if [ -n "$trainer" ]; then kill -USR1 "$trainer" 2>/dev/null; fi
}
end() { if [ -n "$trainer" ]; then kill -TERM "$trainer" 2>/dev/null; fi; }
trap warn USR1
trap end TERM

cd "$working_dir" || exit 1
# Without cgroups a job sees every core of its node; the share it was given is what it may use.
if [ -n "${SLURM_CPUS_PER_TASK:-}" ]; then
  export TF_NUM_INTRAOP_THREADS=$SLURM_CPUS_PER_TASK OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK
fi

"$program" train "$run_dir" &
trainer=$!
code=0
while kill -0 "$trainer" 2>/dev/null; do  # a signal ends 'wait' while the trainer goes on
  wait "$trainer"
  code=$?
done
wait "$trainer"
last=$?
if [ "$last" != 127 ]; then code=$last; fi
# Ended by the warning before it could listen to it: nothing was lost.
if [ "$warned" = 1 ] && [ "$code" = 138 ]; then code=$go_on_later; fi
printf '{"job": "%s", "try": %d, "code": %d, "warned": %d, "seconds": %d}\n' \
  "$job" "${SLURM_RESTART_COUNT:-0}" "$code" "$warned" "$SECONDS" >>"$run_dir/$ends"

if [ "$code" = 0 ] && [ -n "$home_dir" ]; then
  # Backed-up storage has the trainer's result before fast storage is cleared.
  part=$home_dir/.$run_name.part-$job
  mkdir -p "$home_dir" && rm -rf "$part" && cp -R "$run_dir/output" "$part" &&
    rm -rf "${home_dir:?}/$run_name" && mv "$part" "$home_dir/$run_name"
fi
if [ "$code" = "$go_on_later" ] && [ "$n_requeues" -gt 0 ]; then
  n_before=$(grep -c "\"job\": \"$job\",.*\"code\": $go_on_later," "$run_dir/$ends")
  if [ "$n_before" -le "$n_requeues" ] && scontrol requeue "$job"; then
    sleep 120  # Slurm ends this try, and starts the next when there is room
  fi
fi
exit "$code"
