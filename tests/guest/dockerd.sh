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

run="run --network none --security-opt seccomp=unconfined"
guest --sh "mkdir -p /etc/docker /etc/rbdvol
	printf '[rbdvol]\npool = $pool\nplugin-timeout = 25\n' >/etc/rbdvol/rbdvol.conf # dockerd waits 30 s
	echo '{\"iptables\": false, \"bridge\": \"none\", \"storage-driver\": \"vfs\"}' >/etc/docker/daemon.json
	systemctl enable --now rbdvold.socket rbdvold-docker.socket
	systemctl enable --now docker.service
	mkdir -p /tmp/box/bin; cp /bin/busybox /tmp/box/bin
	for a in sh cat echo sleep sync; do ln -s busybox /tmp/box/bin/\$a; done
	tar -C /tmp/box -c . | docker import - box" >&2
is "the sockets wait for who comes" "$(guest stat -c %a /run/docker/plugins/rbdvol.sock)" 600
is "docker starts without rbdvold" "$(guest systemctl is-active docker rbdvold | xargs)" "active inactive"

ok "an empty volume is created" guest docker volume create -d rbdvol -o size=64M -o mode=1770 -o uid=5 golden
ok "a container writes into it" guest --sh "docker $run --rm -v golden:/data box sh -c 'echo golden >/data/motd; sync'"
is "nothing is left mapped or mounted" "$(left)" ""
ok "a clone is made where it is first used" guest --sh \
	"docker $run -d --restart always --name keeper --mount type=volume,volume-driver=rbdvol,src=data,dst=/data,volume-opt=from=golden,volume-opt=size=128M box sh -c 'echo mark >>/data/mark; sync; exec sleep 10000'"
is "with golden's content" "$(guest docker exec keeper cat /data/motd)" golden
ok "and its file system has grown, in the sandbox" \
	guest --sh "test \$(df --output=size -k /run/rbdvol/mounts/$pool%2Fdata | tail -1) -gt 102400"
like "what is not there is not found" "$(guest --sh "docker volume inspect nothing 2>&1")" 'no such volume'
like "a volume in use is not removed" "$(guest --sh 'docker volume rm data 2>&1')" 'in use'

ok "rbdvold is restarted" guest systemctl restart rbdvold
ok "and dockerd, killed" guest --sh 'systemctl kill -s KILL docker; sleep 1; systemctl restart docker'
ok "the container is running" wait_for 120 guest docker exec keeper cat /data/mark
is "with one mount" "$(left)" "0 /run/rbdvol/mounts/$pool%2Fdata"
keeper=$(guest docker inspect -f '{{.State.Pid}}' keeper)
[[ $keeper =~ ^[1-9][0-9]*$ ]] || bail_out "the container does not run: pid '$keeper'"
guest kill -9 "$keeper"
ok "a container that is killed starts again" wait_for 120 guest --sh 'test $(docker exec keeper cat /data/mark | wc -l) -ge 2'

# --- power loss ---
"$tap_tools/guest" --name d kill
boot again
ok "after a loss of power it starts again" wait_for 180 guest --sh 'docker exec keeper cat /data/mark >/dev/null'
ok "with its data" guest --sh 'test $(docker exec keeper cat /data/mark | wc -l) -ge 3'

# --- a clean end ---
ok "a clean shutdown" guest_stop
like "a host that goes down lets go of the volume first" "$(console | tr -d '\r')" 'rbd: rbd0: |Power down|reboot: '
is "nobody holds it then" "$(cluster rbd image-meta ls --format json $pool/data >/dev/null; cluster rbd status --format json $pool/data | jq -c .watchers)" '[]'
boot again
ok "it starts again after that, too" wait_for 180 guest --sh 'docker exec keeper cat /data/mark >/dev/null'
is "counted once" "$(guest --sh "ls /run/rbdvol/users/$pool%2Fdata | wc -l")" 1
ok "its end lets go of the volume" guest docker rm -f keeper
is "of all of it" "$(left)" ""
ok "the volumes are removed" guest docker volume rm data golden
is "from the cluster too" "$(cluster rbd ls $pool)" ""
done_testing
