#!/usr/bin/env bash
# Ends what start.sh FOLDER started.
folder=$1
SLURM_CONF=$folder/slurm.conf scancel --user=root 2>/dev/null
for daemon in slurmd slurmctld munged; do
    [ -f "$folder/$daemon.pid" ] && kill "$(cat "$folder/$daemon.pid")" 2>/dev/null
done
true
