#!/usr/bin/env bash
# Several "hosts" on one machine: each has a network, a name and a /dev/shm of its own, and they are joined by a bridge. The
# file system is shared, as NFS would be. mpirun starts its daemons on them through this script instead of ssh.
#   hosts.sh up [N]                 makes N hosts (2), named shoal1 ... shoalN
#   hosts.sh run RANKS CMD...       mpirun over all hosts, ranks dealt in turn; SLOTS per host (2), more options in MPIARGS
#   hosts.sh on K CMD...            runs a command on host K
#   hosts.sh shape DELAY RATE [LOSS]  what each link does to its packets, for example: shape 1ms 1gbit 0.1%
#   hosts.sh cut K | heal K         takes host K off the network, packets vanish; puts it back
#   hosts.sh down                   removes everything
# Needs root, iproute2 and util-linux. HOSTS in the environment (shoal) names a set of its own, so that two can be up at once.
set -euo pipefail
self=$(readlink -f "$0")
export HOSTS=${HOSTS:-shoal}
bridge=${HOSTS}br
state=/run/hosts-$HOSTS
# A network for each name: 10.<200 to 249>.<0 to 255>.0/24.
sum=$(printf %s "$HOSTS" | cksum | cut -d' ' -f1)
network=10.$((200 + sum % 50)).$((sum / 50 % 256))

usage() {
  sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
  exit 64
}
names() { ip netns list | awk '{print $1}' | grep "^$HOSTS[0-9][0-9]*$" | sort -V || true; }

# Becomes a command on host $1. Not `ip netns exec`, which mounts another /sys.
enter() {
  local host=$1
  shift
  exec nsenter --net="/run/netns/$host" unshare --uts --mount --propagation private bash -c '
    hostname "$0"
    mount --bind "$1/$0/hosts" /etc/hosts
    mount --bind "$1/$0/shm" /dev/shm
    shift
    exec "$@"' "$host" "$state" "$@"
}

up() {
  local count=${1:-2} i j host
  [ -z "$(names)" ] || { echo "hosts.sh: $HOSTS is up already; run: hosts.sh down" >&2; exit 73; }
  ip link add "$bridge" type bridge
  ip addr add "$network.254/24" dev "$bridge"
  ip link set "$bridge" up
  for ((i = 1; i <= count; ++i)); do
    host=$HOSTS$i
    ip netns add "$host"
    ip link add "v$host" type veth peer name eth0 netns "$host"
    ip link set "v$host" master "$bridge" up
    ip -n "$host" addr add "$network.$i/24" dev eth0
    ip -n "$host" link set eth0 up
    ip -n "$host" link set lo up
    mkdir -p "$state/$host/shm"
    mount -t tmpfs -o size=64m,mode=1777 tmpfs "$state/$host/shm"  # as small as containers have it
    {
      echo "127.0.0.1 localhost"
      for ((j = 1; j <= count; ++j)); do echo "$network.$j $HOSTS$j"; done
    } >"$state/$host/hosts"
  done
}

run() {
  local ranks=$1 list
  shift
  list=$(names | sed "s/\$/:${SLOTS:-2}/" | paste -sd,)
  [ -n "$list" ] || { echo "hosts.sh: no hosts; run: hosts.sh up" >&2; exit 66; }
  # shellcheck disable=SC2086  # MPIARGS is a list of words
  enter "${HOSTS}1" env -u SLURM_CONF OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
    mpirun -np "$ranks" --host "$list" --map-by node --bind-to none --oversubscribe \
    --mca plm rsh --mca plm_rsh_agent "$self agent" --mca plm_rsh_no_tree_spawn 1 --mca orte_keep_fqdn_hostnames 1 \
    --mca oob_tcp_if_include eth0 --mca btl_tcp_if_include eth0 --mca pml ob1 --mca btl tcp,vader,self \
    --mca btl_vader_single_copy_mechanism none -x HOSTS ${MPIARGS:-} "$@"
}

down() {
  local host
  for host in $(names); do
    ip link del "v$host" 2>/dev/null || true
    ip netns del "$host"
    umount "$state/$host/shm" 2>/dev/null || true
  done
  ip link del "$bridge" 2>/dev/null || true
  rm -rf "$state"
}

verb=${1:-}
[ $# -gt 0 ] && shift
case $verb in
  up) up "$@" ;;
  run) [ $# -ge 2 ] || usage; run "$@" ;;
  on) [ $# -ge 2 ] || usage; host=$HOSTS$1; shift; enter "$host" "$@" ;;
  agent) host=$1; shift; enter "$host" bash -c "$*" ;;  # mpirun gives the command as ssh would get it: HOST 'one string'
  shape)
    [ $# -ge 2 ] || usage
    for host in $(names); do
      ip netns exec "$host" tc qdisc replace dev eth0 root netem delay "$1" rate "$2" ${3:+loss "$3"}
    done ;;
  cut) [ $# = 1 ] || usage; ip link set "v$HOSTS$1" down ;;
  heal) [ $# = 1 ] || usage; ip link set "v$HOSTS$1" up ;;
  down) down ;;
  *) usage ;;
esac
