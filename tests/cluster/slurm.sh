#!/usr/bin/env bash
# A small Slurm of one's own, as root, without systemd, cgroups or a database: on this machine alone, or with the hosts that
# hosts.sh has made as its nodes.
#   slurm.sh up [--hosts]     starts it; then: eval "$(slurm.sh env)"; srun --mpi=pmix -n 2 PROGRAM; sbatch JOB
#   slurm.sh env              prints what a shell needs to use it
#   slurm.sh down             ends it and removes its files
# Needs the Debian packages slurm-wlm and munge. CPUS per node (4: more than there may be). HOSTS names a set of hosts, as in
# hosts.sh. A node that is cut off is given up after SLURMD_TIMEOUT (20) seconds, and its job is
# queued again, to start when its old credentials have expired (5 s).
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
export HOSTS=${HOSTS:-shoal}
folder=/tmp/slurm-$HOSTS
conf=$folder/slurm.conf
controller=$(hostname -s)
cpus=${CPUS:-4}

names() { ip netns list | awk '{print $1}' | grep "^$HOSTS[0-9][0-9]*$" | sort -V; }
address_of() { awk -v name="$1" '$2 == name { print $1 }' "/run/hosts-$HOSTS/$1/hosts"; }

write_conf() { # address of the controller, ports, then "name address extra" a line on standard input
  cat >"$conf" <<CONF
ClusterName=$HOSTS
SlurmctldHost=$controller($1)
SlurmctldPort=$2
SlurmdPort=$3
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.sock,cred_expire=5
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SwitchType=switch/none
MpiDefault=pmix
ReturnToService=2
SlurmdTimeout=${SLURMD_TIMEOUT:-20}
KillWait=10
JobRequeue=1
SchedulerParameters=sched_interval=2,bf_interval=2
CONF
  local name address extra
  while read -r name address extra; do
    mkdir -p "$folder/spool/$name"
    echo "NodeName=$name NodeAddr=$address $extra CPUs=$cpus RealMemory=1000 State=UNKNOWN" >>"$conf"
  done
  echo "PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP" >>"$conf"
  echo "CgroupAutomount=no" >"$folder/cgroup.conf"
}

up() {
  [ ! -e "$folder" ] || { echo "slurm.sh: $folder is there already; run: slurm.sh down" >&2; exit 73; }
  mkdir -p "$folder/state" "$folder/spool"
  chmod 755 "$folder"
  export SLURM_CONF=$conf
  (umask 077 && head -c 128 /dev/urandom >"$folder/munge.key")
  munged --force --key-file="$folder/munge.key" --socket="$folder/munge.sock" --pid-file="$folder/munged.pid" \
    --log-file="$folder/munged.log" --seed-file="$folder/munge.seed"
  local name network nodes=()
  if [ "${1:-}" = --hosts ]; then
    mapfile -t nodes < <(names)
    network=$(address_of "${nodes[0]}")
    network=${network%.*}
    for name in "${nodes[@]}"; do
      grep -q " $controller\$" "/run/hosts-$HOSTS/$name/hosts" || echo "$network.254 $controller" >>"/run/hosts-$HOSTS/$name/hosts"
      echo "$name $(address_of "$name")"
    done | write_conf "$network.254" 16827 16828
    echo "PMIxCliTmpDirBase=/dev/shm" >"$folder/mpi.conf"  # it must not be shared between nodes; this each host has for itself
    slurmctld -c
    for name in "${nodes[@]}"; do "$here/hosts.sh" on "${name#"$HOSTS"}" env SLURM_CONF="$conf" slurmd -N "$name"; done
  else
    nodes=(n1)
    echo "n1 127.0.0.1 NodeHostname=$controller" | write_conf 127.0.0.1 16817 16818
    slurmctld -c
    slurmd -N n1
  fi
  for _ in $(seq 60); do
    [ "$(sinfo -h -N -o %t | grep -c '^idle$')" = "${#nodes[@]}" ] && return
    sleep 0.5
  done
  sinfo >&2
  tail -n 5 "$folder"/*.log >&2
  exit 1
}

down() {
  local file
  for file in "$folder"/slurmd-*.pid "$folder"/slurmctld.pid "$folder"/munged.pid; do
    [ -s "$file" ] && kill "$(cat "$file")" 2>/dev/null || true
  done
  sleep 1
  rm -rf "$folder"
}

case ${1:-} in
  up) shift; up "$@" ;;
  env) echo "export SLURM_CONF=$conf" ;;
  down) down ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
