#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Three SLURM jobs, each of which begins when the one before it is done: a table is converted to HDF5, a mixture is fitted to it
# (by chain.slurm, however often that has to be restarted), and every point gets its label and responsibilities. If one fails,
# those after it leave the queue.
#
# Edit (1) chain.slurm, (2) the settings below, then, where you would type sbatch: bash pipeline.sh

# What this cluster needs for MPI and HDF5, and where gmmpi is; the jobs inherit it:
#module load openmpi hdf5
#PATH=$HOME/gmmpi/bin:$PATH

table=points.csv     # CSV, TSV or NPY; nothing: the data are HDF5 already
data=points.h5       # what it is converted to, and `data` in chain.slurm
fit=chain.slurm
model=model.h5       # `model` in chain.slurm
labels=labels.h5
launch="srun"        # as in chain.slurm
resources=(          # of the first and the last job
  --nodes=1
  --ntasks-per-node=16
  --time=01:00:00
)

# --- nothing to edit below ------------------------------------------------------------------------------------------------

set -eu

# submit NAME AFTER ARGUMENTS OF SBATCH...: a job's number. AFTER: empty, or the job that has to end well before this one begins
submit() {
  local name=$1 after=()
  [ -n "$2" ] && after=(--dependency="afterok:$2" --kill-on-invalid-dep=yes)
  shift 2
  sbatch --parsable --job-name="gmmpi-$name" --output=%x-%j.out ${after[@]+"${after[@]}"} "$@"
}

# gmmpi_line WORDS...: one line that starts gmmpi with these words, blanks in them or not; mpirun with a folder of its own for Open
# MPI's session, as in chain.slurm
gmmpi_line() {
  local line
  line="$launch gmmpi$(printf ' %q' "$@")"
  case $launch in
  *mpirun* | *mpiexec* | *orterun*)
    # shellcheck disable=SC2016 # for the job's shell
    printf '%s; ' '[ "${SLURM_JOB_NUM_NODES:-1}" -eq 1 ] && session=$(mktemp -d "${TMPDIR:-/tmp}/gm-XXXXXX")' \
      '[ -n "$session" ] && export OMPI_MCA_orte_tmpdir_base="$session"' "$line" 'status=$?' \
      '[ -n "$session" ] && rm -rf "$session"' 'exit $status'
    ;;
  *) echo "$line" ;;
  esac
}

converted=
if [ -n "$table" ]; then
  converted=$(submit convert "" "${resources[@]}" --wrap "$(gmmpi_line convert "$table" "$data")")
fi
fitted=$(submit chain "$converted" "$fit")
predicted=$(submit predict "$fitted" "${resources[@]}" \
  --wrap "$(gmmpi_line predict "$model" "$data" --responsibilities -o "$labels")")
echo "jobs: ${converted:+convert $converted, }fit $fitted, predict $predicted"
