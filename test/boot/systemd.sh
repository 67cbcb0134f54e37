#!/bin/bash
# Starts a real systemd as the first process of namespaces and a cgroup of its own, in
# a root that has the machine's programs, no units but the test's, and nothing else.
# Usage: systemd.sh DIRECTORY CGROUP
# DIRECTORY holds units/, commands/, environment and hook, and is /out in there.
set -eu
dir=$1 cgroup=$2
if [ "${3:-}" != inside ]; then
  mkdir "$cgroup"
  echo $$ >"$cgroup/cgroup.procs"
  exec unshare --pid --mount --uts --ipc --cgroup --fork --kill-child bash "$0" "$dir" "$cgroup" inside
fi
root=$dir/root
mkdir -p "$root"
mount -t tmpfs tmpfs "$root"
mkdir -p "$root"/{usr,etc/systemd/system,proc,sys,dev,run,tmp,var,root,out}
mount --rbind /usr "$root/usr"
mount --bind "$dir" "$root/out"
for link in bin sbin lib lib64; do
  [ ! -e /$link ] || ln -s usr/$link "$root/$link"
done
# The machine's own units and commands must not run in here.
mount -t tmpfs tmpfs "$root/usr/lib/systemd/system"
mount -t tmpfs tmpfs "$root/usr/local"
mkdir "$root/usr/local/sbin"
cp /etc/passwd /etc/group "$root/etc/"
echo ID=test >"$root/etc/os-release"
: >"$root/etc/machine-id"
# The kernel's settings are the machine's: read-only, as a container manager does.
mount -t proc proc "$root/proc"
for part in sys sysrq-trigger; do
  [ -e "$root/proc/$part" ] || continue
  mount --bind "$root/proc/$part" "$root/proc/$part"
  mount -o remount,ro,bind "$root/proc/$part"
done
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/dev"
for device in null zero random urandom full; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount -t tmpfs tmpfs "$root/run"
cp -r "$dir/units/." "$root/etc/systemd/system/"
cp "$dir"/commands/* "$root/usr/local/sbin/"
cp "$dir/system.conf" "$root/etc/systemd/"
INSTANCE_ID=i-0aaa chroot "$root" /bin/sh -c '. /out/hook' 2>/dev/null
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
while read -r unit; do
  ln -s "../$unit" "$root/etc/systemd/system/multi-user.target.wants/$unit"
done <"$dir/enabled"
export container=test
exec chroot "$root" /usr/lib/systemd/systemd --system --unit=boot.target --log-target=null </dev/null
