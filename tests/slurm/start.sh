#!/usr/bin/env bash
# A Slurm of one machine, without systemd: start.sh FOLDER [CPUS] [PORT] writes its slurm.conf there and starts it, as
# root; stop.sh FOLDER ends it. All of it is below FOLDER and listens at PORT and PORT + 1, so several do not meet.
# Debian: apt-get install --no-install-recommends slurm-wlm munge. Commands find it by SLURM_CONF=FOLDER/slurm.conf.
set -euo pipefail
folder=$(realpath "$1") cpus=${2:-2} port=${3:-16817} name=$(hostname -s)
mkdir -p "$folder/state" "$folder/spool"

# --force: the folder may be one that munged calls insecure
(umask 077 && dd if=/dev/urandom of="$folder/munge.key" bs=1024 count=1 status=none)
munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
    --seed-file="$folder/munge.seed" --log-file="$folder/munged.log" 2>"$folder/munged.warnings"

cat >"$folder/slurm.conf" <<CONF
ClusterName=ganlift
SlurmctldHost=$name(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
MpiDefault=none
# No control groups: a container may not make them.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
# Jobs share the machine by cores alone, so that a full queue is one of a few jobs.
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
KillWait=5
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
# The cores that are asked for, whatever the machine has.
SlurmdParameters=config_overrides
NodeName=$name NodeAddr=127.0.0.1 CPUs=$cpus State=UNKNOWN
PartitionName=all Nodes=$name Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$folder/slurm.conf
slurmctld -f "$SLURM_CONF"
slurmd -f "$SLURM_CONF" -N "$name"
for _ in $(seq 100); do
    [ "$(sinfo -h -o %t 2>/dev/null)" = idle ] && exit 0
    sleep 0.2
done
tail -n 20 "$folder"/*.log >&2
exit 1
