#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# detach --force of devices whose cluster is away: it ends in bounded time, or says what keeps it, and
# the daemon serves on. A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_lab a

pool=force

cleanup() {
	"$tap_tools/guest" --name a net up
	leave a
	pool_over "$pool"
}
trap cleanup EXIT

# The command takes less than SECONDS.
within() { # SECONDS COMMAND...
	local start=$EPOCHSECONDS status=0
	"${@:2}" || status=$?
	[[ $((EPOCHSECONDS - start)) -lt $1 ]] || echo "it took $((EPOCHSECONDS - start)) s" >&2
	return $status
}

pool_create "$pool"
for volume in bounded plain default; do
	rbd create "$pool/$volume" --size 16M
done
serve a
ok "a volume is attached with a limit to its requests" \
	on a rbdvol attach $pool/bounded -o osd_request_timeout=5,mount_timeout=2
ok "and one without" on a rbdvol attach $pool/plain -o mount_timeout=2
ok "and one is mounted" on a --sh "mkdir -p /srv/web && mount -t rbdvol -o size=64M,mkfs=ext4,map=mount_timeout=2 $pool/web /srv/web &&
	dd if=/dev/zero of=/srv/web/file bs=1M count=4 status=none && sync"
ok "and one with the defaults" on a rbdvol attach $pool/default
"$tap_tools/guest" --name a net down
on a --sh "(rbdvol detach $pool/default --force --timeout 20; echo \$?) >/tmp/default.end 2>&1 &"
on a dd if=/dev/urandom of=/srv/web/file bs=1M count=4 conv=notrunc status=none
refuses "umount gives up where the cluster does not answer" 32 \
	'/srv/web is unmounted, but not its file system: /dev/rbd[0-9]+ was not answered by the cluster for 3 s' \
	on a env RBDVOL_UMOUNT_TIMEOUT=3 umount /srv/web
ok "the directory is free" on a --sh '! mountpoint -q /srv/web'
is "what is left to the kernel bears systemd's mark" "$(on a --sh 'pgrep -f -c "^@/umount"')" 1
# shellcheck disable=SC2016
on a --sh 'for v in bounded plain; do
	(dd if=/dev/zero of=/dev/rbdvol/force/$v bs=4k count=4 oflag=direct conv=notrunc; echo $? >/tmp/$v.end) >/dev/null 2>&1 &
done'
sleep 2
refuses "without a limit it is told what keeps the device" 7 \
	'cannot end /dev/rbd1: [0-9]+ of its requests wait for the cluster.*osd_request_timeout' \
	within 20 on a rbdvol detach $pool/plain --force
is "list answers meanwhile" "$(within 5 on a rbdvol list --json | jq '.volumes | length >= 3')" true
refuses "with a limit the device ends, and what remains is told" 7 \
	"in release for|the device is gone, but this host's hold may remain" \
	within 40 on a rbdvol detach $pool/bounded --force --timeout 25
is "its writer got an error" "$(on a cat /tmp/bounded.end)" 1
ok "one with the defaults, and without a request under way, is gone" wait_for 60 on a test ! -e /sys/bus/rbd/devices/3
ok "but the kernel waits without end" wait_for 60 on a grep -qx 7 /tmp/default.end
like "for what is told" "$(on a cat /tmp/default.end)" "still running: job [0-9]+, in unmap \\(.*the kernel gives the image's lock back"
is "the others are left" "$(on a --sh 'ls /sys/bus/rbd/devices | xargs')" "1 2"
"$tap_tools/guest" --name a net up
# shellcheck disable=SC2016
ok "with the network back the other's writes are done" \
	on a timeout 60 sh -c 'until test -e /tmp/plain.end; do sleep 0.2; done; exit $(cat /tmp/plain.end)'
ok "and it detaches" on a rbdvol detach $pool/plain
ok "the one with the defaults ends by itself" wait_for 60 on a --sh "rbdvol jobs --json | jq -e '[.jobs[] | select(.state == \"running\" or .state == \"stuck\")] == []'"
is "and is held no more" "$(on a rbdvol show $pool/default --json | jq .held_by)" null
ok "and the unmount ends" on a timeout 60 sh -c 'while pgrep -f "^@/umount" >/dev/null; do sleep 0.2; done'
ok "so that its volume detaches, too" on a rbdvol detach $pool/web --retry 60
ok "the first is attached again, its hold still ours" on a rbdvol attach $pool/bounded
ok "and detached" on a rbdvol detach $pool/bounded
is "nobody holds it" "$(on a rbdvol show $pool/bounded --json | jq .held_by)" null
done_testing
