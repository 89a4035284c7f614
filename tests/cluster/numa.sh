#!/usr/bin/env bash
# A machine of two NUMA nodes with two processors each, emulated: what shoal doctor says there, where shoal puts ranks, and on
# which node the memory of each lies while it trains (COUNTED, /proc/PID/numa_maps). Takes minutes.
#   numa.sh SHOAL KERNEL   KERNEL: vmlinuz of a kernel that knows NUMA by ACPI (Debian: linux-image-cloud-amd64)
# Needs qemu-system-x86, cpio, busybox-static and Open MPI 4 (Debian's); ends with 77 without.
set -euo pipefail
[ $# = 2 ] || { sed -n 2,5p "$0"; exit 64; }
shoal=$(realpath "$1") kernel=$(realpath "$2")
data=$(realpath "$(dirname "$0")/../../data/digits.csv.gz")
for tool in qemu-system-x86_64 cpio busybox mpirun.openmpi; do
  command -v $tool >/dev/null || { echo "two NUMA nodes: left out, there is no $tool" >&2; exit 77; }
done
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
root=$work/root
plugins=$(dirname "$(find /usr/lib -name 'mca_btl_vader.so' | head -1)")
pmix=$(find /usr/lib -type d -name 'pmix2' | head -1)

# The system: busybox, shoal, Open MPI and the libraries of all.
mkdir -p "$root"/{bin,dev,proc,sys,tmp,root,etc,usr/bin}
cp "$(command -v busybox)" "$root/bin/busybox"
for tool in sh mount cat grep sleep poweroff sed awk tr cut head hostname ifconfig env mkdir rm pidof seq ls; do
  ln -s busybox "$root/bin/$tool"
done
cp "$shoal" "$root/bin/shoal"
cp -L "$(command -v mpirun.openmpi)" "$root/usr/bin/mpirun"
for file in $(ldd "$shoal" "$(command -v mpirun.openmpi)" "$plugins"/*.so "$pmix"/lib/pmix/*.so 2>/dev/null |
  grep -o '/[^ :]*\.so[^ :]*' | sort -u) "$plugins"/*.so "$pmix"/lib/pmix/*.so; do
  mkdir -p "$root$(dirname "$file")"
  cp -L "$file" "$root$file"
done
for folder in /usr/share/openmpi /etc/openmpi; do
  mkdir -p "$root$folder"
  cp -rL "$folder/." "$root$folder"
done
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo '127.0.0.1 localhost guest' >"$root/etc/hosts"
"$shoal" import csv "$data" --label label --shape 8,8 -o "$root/digits.h5" -q >/dev/null

cat >"$root/init" <<'INIT'
#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mkdir -p /dev/shm; mount -t tmpfs shm /dev/shm
export PATH=/bin:/usr/bin HOME=/root OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_plm=isolated
export OMPI_MCA_btl=self,vader OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_oob_tcp_if_include=lo
ifconfig lo 127.0.0.1 up; hostname guest; cd /tmp
memory() { # of each rank, MB by node; of anonymous mappings of 8 MB apart
  for process in $(pidof shoal); do
    echo "  process on $(grep Cpus_allowed_list "/proc/$process/status" | cut -f2)"
    awk '{ node[0] = node[1] = 0; what = ""
      for (i = 2; i <= NF; ++i) {
        if ($i ~ /^N[01]=/) node[substr($i, 2, 1)] = substr($i, 4)
        if ($i ~ /^file=/) what = $i
        if ($i ~ /^kernelpagesize_kB=/) page = substr($i, 19) / 1024
      }
      if (what ~ /memfd:shoal/) printf "    window: %.1f and %.1f\n", node[0] * page, node[1] * page
      if (what != "") next
      if ((node[0] + node[1]) * page == 8) printf "    buffer: %.1f and %.1f\n", node[0] * page, node[1] * page
      for (n in node) all[n] += node[n] * page }
      END { printf "    all of its own: %.1f and %.1f\n", all[0], all[1] }' "/proc/$process/numa_maps"
  done
}
for launch in "env" "mpirun -np 2 --bind-to none" "mpirun -np 2 --map-by numa --bind-to numa"; do
  echo "= $launch"
  $launch shoal doctor >said 2>/dev/null; echo "  doctor: $?"; grep -A1 '^note: on' said
  $launch shoal train --set data.file=/digits.h5 --set data.batch_size=1024 --set "model.hidden=[2048, 512]" \
    --set model.batch_norm=true --set train.steps=2 --run /tmp/run >/dev/null 2>&1 &
  for i in $(seq 300); do [ -s /tmp/run/metrics.jsonl ] && break; sleep 1; done
  memory; wait; rm -rf /tmp/run
done
poweroff -f
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$work/system.gz"
timeout "${SECONDS_AT_MOST:-1200}" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 4 -m 3072 -nographic -no-reboot \
  -object memory-backend-ram,id=m0,size=1536M -object memory-backend-ram,id=m1,size=1536M \
  -numa node,nodeid=0,cpus=0-1,memdev=m0 -numa node,nodeid=1,cpus=2-3,memdev=m1 \
  -kernel "$kernel" -initrd "$work/system.gz" -append "console=ttyS0 quiet panic=-1 numa_balancing=disable" |
  sed -un 's/\r//g; /^= /,$p' | tee "$work/said"
grep -q 'a rank for each node: mpirun -np 2 --bind-to none' "$work/said" || { echo "numa: no advice" >&2; exit 1; }
