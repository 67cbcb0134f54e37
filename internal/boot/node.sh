#!/bin/sh
# recovery-node is what an instance of a node does by itself: it waits at its gate,
# mounts the node's file systems, checks the application and, when that has failed
# for good, powers the instance off, so that EC2 reports it stopped.
#
# Usage: recovery-node prepare | start | gate | mount | unmount | check | up UNIT | down UNIT | fault WHAT
#
# node.conf says what to do. The RECOVERY_ variables are set by tests only.
# What is said goes to the journal and the console.
set -uf
etc=${RECOVERY_ETC:-/etc/recovery}
run=${RECOVERY_RUN:-/run/recovery}
bin=${RECOVERY_BIN:-/usr/local/sbin}
imds=${RECOVERY_METADATA:-http://169.254.169.254/latest}
agent=${RECOVERY_AGENT:-/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl}
poll=${RECOVERY_POLL:-1}
# shellcheck source=/dev/null
. "$etc/node.conf"

say() { echo "recovery: $*"; }

# now is the time since boot in seconds: clocks are set while an instance boots.
now() {
  read -r up _ </proc/uptime
  echo "${up%.*}"
}

# meta PATH prints an item of the instance metadata, by IMDSv2.
meta() {
  token=$(curl -sf -m 3 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$imds/api/token") &&
    curl -sf -m 3 -H "X-aws-ec2-metadata-token: $token" "$imds/meta-data/$1"
}

# judge prints "open: …" when the instance is granted its node, or else why it is not.
# Whatever goes wrong in here prints something else: the gate fails shut.
judge() {
  tag='' first=0
  if ! id=$(meta instance-id) || ! keys=$(meta tags/instance); then
    echo "the instance metadata, or the tags in it, cannot be read"
    return
  fi
  for key in $keys; do
    case $key in
    recovery:gate) tag=$(meta "tags/instance/$key") || tag='?' ;;
    recovery:epoch) first=$(meta "tags/instance/$key") || first='?' ;;
    esac
  done
  epoch=${tag#"$id":}
  if [ -z "$tag" ]; then
    echo "the tag recovery:gate is missing: not granted yet"
  elif [ "$tag" = - ]; then
    echo "the tag recovery:gate is closed: not granted yet, or the grant was revoked"
  elif [ "$epoch" = "$tag" ]; then
    echo "the tag recovery:gate is '$tag' and does not name $id"
  elif ! number "$epoch" || ! number "$first"; then
    echo "the tags recovery:gate '$tag' and recovery:epoch '$first' hold no epochs"
  elif [ "$epoch" -lt "$first" ]; then
    echo "the tag recovery:gate '$tag' is of an epoch before the launch in $first"
  else
    echo "open: granted to $id in epoch $epoch"
  fi
}

number() {
  case $1 in
  '' | *[!0-9]* | ???????????????????*) return 1 ;;
  esac
}

# gate returns 0 once the instance is granted, and 1 after its limit. The unit then
# powers the instance off: systemd does not go on to mounts and applications.
gate() {
  begin=$(now) told=0
  until why=$(judge) && [ "${why%%: *}" = open ]; do
    waited=$(($(now) - begin))
    if [ "$waited" -ge "$GATE_SECONDS" ]; then
      say "gate: GIVING UP after $waited s: $why. Nothing was mounted or started; the instance is powered off."
      return 1
    fi
    if [ "$waited" -ge "$told" ]; then
      say "gate: shut: $why (waited $waited of $GATE_SECONDS s)"
      told=$((waited + 60))
    fi
    sleep "$poll"
  done
  say "gate: $why"
}

# mounts mounts what the file mounts names: "file-system access-point path data|logs".
# Data goes through the own zone's mount target and must be there; logs may be missing.
# systemd had read the units of an image before they were replaced: if those knew no
# gate, it is asked for here, and powers the instance off where it stays shut.
mounts() {
  [ -z "${GATE_SECONDS:-}" ] || systemctl start recovery-gate.service || stay gate
  while read -r fs point path kind; do
    if try "$fs" "$point" "$path" "$kind"; then
      say "mount: $fs on $path"
    elif [ "$kind" = data ]; then
      say "mount: $path cannot be mounted"
      return 1
    else
      say "mount: $path cannot be mounted: recovery logs of this boot stay on the instance"
    fi
  done <"$etc/mounts"
}

try() {
  mkdir -p "$3"
  # An image may bring a line in fstab, which knows neither the gate nor this zone.
  if mountpoint -q "$3"; then
    say "mount: $3 was mounted by somebody else: it is mounted anew"
    umount "$3" || return 1
  fi
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    if zone=$(meta placement/availability-zone); then
      pin=
      [ "$4" = data ] && pin="az=$zone,"
      timeout -k 5 60 mount -t efs -o "_netdev,noresvport,tls,iam,${pin}accesspoint=$2" "$1:/" "$3" && return
    fi
    [ "$4" = data ] || return 1
    sleep "$poll"
  done
  return 1
}

unmounts() {
  while read -r _ _ path _; do
    ! mountpoint -q "$path" || umount "$path" || umount -l "$path"
  done <"$etc/mounts"
}

# check runs the user's check for ever. Failing too often in a row is made a crash of
# the units, so that one set of limits, systemd's, counts crashes and hangs alike.
check() {
  begin=$(now) alive='' bad=0
  while sleep "$CHECK_INTERVAL"; do
    if [ -e "$run/maintenance" ] || ! active; then
      begin=$(now) alive='' bad=0
    elif timeout -k 5 "$CHECK_TIMEOUT" "$bin/recovery-check" >"$run/check.out" 2>&1 </dev/null; then
      alive=1 bad=0
    elif [ "$alive" ] || [ $(($(now) - begin)) -ge "$CHECK_START" ]; then
      bad=$((bad + 1))
      say "check: failed $bad of $CHECK_FAILURES times: $(tail -n 1 "$run/check.out" | cut -c 1-200)"
      if [ "$bad" -ge "$CHECK_FAILURES" ]; then
        say "check: killing $UNITS"
        # shellcheck disable=SC2086 # a list
        systemctl kill --signal=KILL $UNITS || fault check
        begin=$(now) alive='' bad=0
      fi
    fi
  done
}

active() {
  for unit in $UNITS; do
    systemctl is-active --quiet "$unit" || return 1
  done
}

# fault WHAT runs the user's script once, then powers off. Other faults meanwhile
# change nothing; nor does any while a person has made the file maintenance.
fault() {
  mkdir -p "$run"
  if [ -e "$run/maintenance" ]; then
    say "fault: $1: left alone, since $run/maintenance exists"
    return
  fi
  mkdir "$run/fault" 2>/dev/null || return 0
  say "fault: $1 has failed for good"
  # shellcheck disable=SC2016 # expanded by that shell, so that a hanging file system costs 5 s
  timeout 5 sh -c 'mountpoint -q "$1" && echo "$(date -u +%FT%TZ) $(uname -n) fault: $2" >>"$1/node.log"' - "$LOGS" "$1"
  if [ -x "$bin/recovery-fault-script" ]; then
    timeout -k 10 "$FAULT_SECONDS" "$bin/recovery-fault-script" "$1"
    say "fault: the fault script ended with $?"
  fi
  say "fault: POWERING OFF, so that EC2 reports the instance stopped"
  systemctl poweroff --force || poweroff -f
}

# stay keeps cloud-init from the scripts that follow while the instance goes down.
stay() {
  say "$1: not going on"
  sleep "${RECOVERY_STAY:-infinity}"
  exit 1
}

# prepare runs at an instance's first boot, before the user's own script.
prepare() {
  systemctl daemon-reload
  for unit in $UNITS; do
    # An image that has them enabled starts them too early this once.
    ! systemctl is-active --quiet "$unit" || systemctl stop "$unit"
  done
  if [ -x "$bin/recovery-prepare" ]; then
    "$bin/recovery-prepare" || { fault "a command of PrepareCommands ($?)" ; stay prepare; }
  fi
  install || { fault "the installation of amazon-efs-utils" ; stay install; }
  systemctl enable recovery-mount.service
  systemctl start recovery-mount.service || stay "gate or mount"
  if [ -e "$etc/agent.json" ]; then
    "$agent" -a fetch-config -m ec2 -s -c "file:$etc/agent.json" || say "agent: NOT RUNNING: the application alarm cannot arm"
  fi
}

# start runs last at an instance's first boot; later boots need none of this.
start() {
  [ "$UNITS" ] || return 0
  systemctl daemon-reload
  for unit in $UNITS; do
    systemctl cat "$unit" >/dev/null 2>&1 || { fault "$unit, which is not installed," ; stay start; }
  done
  [ ! -e "$bin/recovery-check" ] || set -- recovery-check.service
  # shellcheck disable=SC2086 # a list
  set -- $UNITS "$@"
  systemctl enable "$@"
  systemctl start --no-block "$@"
}

# install gets what the image lacks from the distribution, as AWS documents it.
install() {
  # shellcheck source=/dev/null
  os=$(. "${RECOVERY_OS:-/etc/os-release}" && echo "$ID ${ID_LIKE:-}")
  want=
  command -v mount.efs >/dev/null || want=amazon-efs-utils
  [ ! -e "$etc/agent.json" ] || [ -x "$agent" ] || want="$want amazon-cloudwatch-agent"
  [ "$want" ] || return 0
  case $os in
  amzn*)
    # shellcheck disable=SC2086 # a list
    for _ in 1 2 3; do
      yum install -y $want && return
      sleep "$poll"
    done
    ;;
  esac
  case $want in
  *agent*) download || say "agent: cannot be installed; the image must bring amazon-cloudwatch-agent" ;;
  esac
  command -v mount.efs >/dev/null && return
  say "install: mount.efs is missing and no repository of '$os' has it: the image, or PrepareCommands, must bring amazon-efs-utils" \
    "(https://docs.aws.amazon.com/efs/latest/ug/installing-amazon-efs-utils.html)"
  return 1
}

# download takes the agent from AWS's bucket of the own Region, which a subnet with
# an S3 endpoint reaches.
download() {
  region=$(meta placement/region) && domain=$(meta services/domain) || return 1
  case $(uname -m) in aarch64) cpu=arm64 ;; *) cpu=amd64 ;; esac
  case $os in
  *debian*) kind=debian end=deb ;;
  *) kind=redhat end=rpm ;;
  esac
  case $os in ubuntu*) kind=ubuntu ;; esac
  file=$run/agent.$end
  curl -sfL -m 120 -o "$file" "https://amazoncloudwatch-agent-$region.s3.$region.$domain/$kind/$cpu/latest/amazon-cloudwatch-agent.$end" || return 1
  case $end in deb) dpkg -i "$file" ;; *) rpm -U "$file" ;; esac
}

mkdir -p "$run"
case ${1:-} in
gate | check | prepare | start) "$1" ;;
mount | unmount) "${1}s" ;;
fault) fault "$2" ;;
# procstat counts a unit by this file: it is there exactly while the unit is up.
up) echo "${MAINPID:-1}" >"$run/$2.pid" ;;
down) rm -f "$run/$2.pid" ;;
*)
  say "usage: recovery-node prepare | start | gate | mount | unmount | check | up UNIT | down UNIT | fault WHAT"
  exit 2
  ;;
esac
