#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Real dockerd of Debian's docker.io, under systemd, with rbdvold started by its sockets and in its
# sandbox: volumes, and what they survive: both daemons' restarts, a container's violent end, loss of
# power.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
command -v dockerd >/dev/null || { echo "1..0 # SKIP no dockerd: tests/lab/install containers"; exit; }
systemd_guest d dock

boot fresh

left() { # what is mapped and mounted
	guest --sh 'echo $(ls /sys/bus/rbd/devices) $(grep -o "/run/rbdvol/mounts/[^ ]*" /proc/self/mountinfo)'
}

# A runtime that is told of the end waits plugin-timeout at most: on a slow machine the detach goes on.
nothing_left() { [[ $(left) == "" ]]; }
only_data_left() { [[ $(left) =~ ^[0-9]\ /run/rbdvol/mounts/$pool%2Fdata$ ]]; }
nobody_holds() { [[ $(holders "$1") == "" ]]; }

users() { guest --sh "ls /run/rbdvol/users/$pool%2F$1 | wc -l"; }
used_once() { [[ $(users data) == 1 ]]; }
marks() { guest --sh 'docker exec keeper cat /data/mark | wc -l'; }
marks_beyond() { local n; n=$(marks) && [[ $n -gt $1 ]]; }
holders() { # VOLUME: the hosts that hold it, as it is written in the cluster
	local id
	id=$(rbd info --format json "$pool/$1" | jq -r .id)
	cluster rados -p "$pool" getxattr "rbd_header.$id" rbdvol.hold 2>/dev/null | jq -r '.[].host_name'
}

# What runs as a container's first process ignores other signals: dockerd would wait 10 s for each. And
# where it has not ended all of them after its shutdown-timeout, it leaves them to containerd, and the
# next dockerd cannot start them again ("task already exists").
run="run --network none --security-opt seccomp=unconfined --stop-signal KILL"
guest --sh "mkdir -p /etc/docker /etc/rbdvol
	printf '[rbdvol]\npool = $pool\nplugin-timeout = 25\n' >/etc/rbdvol/rbdvol.conf # dockerd waits 30 s
	echo '{\"iptables\": false, \"bridge\": \"none\", \"storage-driver\": \"vfs\", \"shutdown-timeout\": 120}' >/etc/docker/daemon.json
	systemctl enable --now rbdvold.socket rbdvold-docker.socket
	systemctl enable --now docker.service
	mkdir -p /tmp/box/bin; cp /bin/busybox /tmp/box/bin
	for a in sh cat echo sleep sync; do ln -s busybox /tmp/box/bin/\$a; done
	tar -C /tmp/box -c . | docker import - box" >&2
is "the sockets wait for who comes" "$(guest stat -c %a /run/docker/plugins/rbdvol.sock)" 600
is "docker starts without rbdvold" "$(guest systemctl is-active docker rbdvold | xargs)" "active inactive"

ok "an empty volume is created" guest docker volume create -d rbdvol -o size=64M -o mode=1770 -o uid=5 golden
ok "a container writes into it" guest --sh "docker $run --rm -v golden:/data box sh -c 'echo golden >/data/motd; sync'"
ok "nothing is left mapped or mounted" wait_for 60 nothing_left
ok "a clone is made where it is first used" guest --sh \
	"docker $run -d --restart always --name keeper --mount type=volume,volume-driver=rbdvol,src=data,dst=/data,volume-opt=from=golden,volume-opt=size=128M box sh -c 'echo mark >>/data/mark; sync; exec sleep 10000'"
is "with golden's content" "$(guest docker exec keeper cat /data/motd)" golden
ok "and its file system has grown, in the sandbox" \
	guest --sh "test \$(df --output=size -k /run/rbdvol/mounts/$pool%2Fdata | tail -1) -gt 102400"
like "what is not there is not found" "$(guest --sh "docker volume inspect nothing 2>&1")" 'no such volume'
like "a volume in use is not removed" "$(guest --sh 'docker volume rm data 2>&1')" 'in use'

ok "a second one, with a volume of its own" guest --sh "docker $run -d --name brief -v golden:/data box sleep 10000"
is "each is held by this host" "$(holders data) $(holders golden)" "guest-d guest-d"
ok "rbdvold is restarted" guest systemctl restart rbdvold
ok "and dockerd" guest systemctl restart docker
ok "the container is running" wait_for 120 guest docker exec keeper cat /data/mark
ok "counted once" wait_for 60 used_once
ok "dockerd is killed" guest --sh 'systemctl kill -s KILL docker; sleep 1; systemctl reset-failed docker; systemctl restart docker'
ok "the container is running again" wait_for 120 guest docker exec keeper cat /data/mark
ok "and counted once" wait_for 60 used_once
ok "the one that did not start again is removed" guest docker rm -f brief
ok "of two mounts one is left" wait_for 60 only_data_left
ok "and one hold" wait_for 60 nobody_holds golden
n=$(marks)
keeper=$(guest docker inspect -f '{{.State.Pid}}' keeper)
[[ $keeper =~ ^[1-9][0-9]*$ && $n ]] || bail_out "the container does not run: pid '$keeper'"
guest kill -9 "$keeper"
ok "a container that is killed starts again" wait_for 120 marks_beyond "$n"
ok "counted once still" wait_for 60 used_once
ok "docker rm -f lets go of the volume" guest docker rm -f keeper
ok "of all of it" wait_for 60 nothing_left
ok "another one takes it" guest --sh "docker $run -d --restart always --name keeper -v data:/data box sh -c 'echo mark >>/data/mark; sync; exec sleep 10000'"
n=$(marks)

# --- podman, beside docker ---
guest "$tap_tools/podman" --lasting || bail_out "no podman in the guest"
ok "podman has a volume of its own" guest podman volume create --driver rbdvol -o from=golden pods
ok "in a container that stays" guest --sh \
	"podman run --network none -d --name stays -v pods:/data box sh -c 'echo mark >>/data/mark; sync; exec sleep 10000'"
ok "which writes" wait_for 60 guest podman exec stays sh -c 'cat /data/mark && sync'

# --- power loss ---
"$tap_tools/guest" --name d kill
boot again
ok "after a loss of power it starts again, with its data" wait_for 180 marks_beyond "$n"
ok "so does podman's" guest podman start stays
is "it has what it had before" "$(guest podman exec stays cat /data/mark | xargs)" "mark mark"
is "its volume is counted once" "$(users pods)" 1
ok "and let go of when it ends" guest podman rm -f -t 0 stays
ok "for good" guest podman volume rm pods

# --- a clean end ---
ok "a clean shutdown" guest_stop
log=$(console | tr -d '\r')
like "the host went down" "$log" 'reboot: (System halted|Power down)'
ok "docker first, then rbdvold" before 'Stopped docker.service' 'Stopped rbdvold.service' "$log"
ok "then the network" before 'Stopped rbdvold.service' 'Stopped lab-network.service' "$log"
is "nobody holds the volume then" "$(holders data)" ""
is "nor watches it" "$(rbd status --format json $pool/data | jq -c .watchers)" '[]'
boot again
ok "it starts again after that, too" wait_for 180 guest --sh 'docker exec keeper cat /data/mark >/dev/null'
is "counted once" "$(guest --sh "ls /run/rbdvol/users/$pool%2Fdata | wc -l")" 1
ok "its end lets go of the volume" guest docker rm -f keeper
ok "of all of it" wait_for 60 nothing_left

# --- podman play kube, whose pods want systemd ---
"$tap_tools/guest" --name d run --sh 'cat >/tmp/kube.yaml' <<END
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
  annotations:
    volume.podman.io/driver: rbdvol
spec:
  accessModes: [ReadWriteOnce]
---
apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  containers:
  - name: web
    image: localhost/box
    imagePullPolicy: Never
    command: [/bin/sleep, "1000"]
    volumeMounts:
    - {name: store, mountPath: /data}
  volumes:
  - name: store
    persistentVolumeClaim: {claimName: data}
END
ok "a pod claims the volume" guest podman play kube --replace --network none /tmp/kube.yaml
is "and has it" "$(guest podman exec shop-web /bin/cat /data/motd)" golden
ok "it ends" guest podman play kube --down /tmp/kube.yaml
ok "and has let go of it" wait_for 60 nothing_left
ok "the volumes are removed" guest docker volume rm data golden
is "from the cluster too" "$(cluster rbd ls $pool)" ""
done_testing
