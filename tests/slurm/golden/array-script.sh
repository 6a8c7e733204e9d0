#!/bin/bash
# Submitted by:
# sbatch 'a b'
# Its elements:
#   0: pneumonia-0a1b
#   1: pneumonia-2c3d
#   2: cough rm -rf-4e5f
cd "$SLURM_ARRAY_TASK_ID" || exit 1
exec bash ./slurm.sh
