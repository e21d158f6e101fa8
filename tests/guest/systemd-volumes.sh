#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Volumes in the life of a host: a power cut, a boot without a cluster that comes when all has been
# given up, mounts on demand, swap, and volumes that vanish under their users.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
systemd_guest s life

cleanup() {
	"$tap_tools/cluster" resume mon >&2
	systemd_guest_over
}
trap cleanup EXIT

is_active() {
	[[ $(guest systemctl is-active "$1") == active ]]
}

is_inactive() {
	[[ $(guest systemctl is-active "$1") == inactive ]]
}

boot fresh
guest --sh "mkdir /srv/web /srv/auto
	cat >/etc/fstab <<-END
		$pool/web /srv/web rbdvol size=64M,mkfs=ext4,retry=1,_netdev 0 0
		$pool/auto /srv/auto rbdvol size=64M,mkfs=ext4,_netdev,noauto,x-systemd.automount 0 0
	END
	cat >/etc/rbdvoltab <<-END
		$pool/db - size=16M,retry=1
		$pool/swap-1 - size=16M,swap,noauto
	END
	printf '[Unit]\nBindsTo=dev-rbdvol-$pool-db.device\nAfter=dev-rbdvol-$pool-db.device\n[Service]\nExecStart=sleep infinity\n' \
		>/etc/systemd/system/db-user.service
	printf '[Unit]\nRequiresMountsFor=/srv/web\n[Service]\nExecStart=sleep infinity\n' \
		>/etc/systemd/system/web-user.service
	systemctl daemon-reload; systemctl start srv-web.mount; echo golden >/srv/web/mark; sync"

# --- power cut, and a boot without a cluster ---
"$tap_tools/guest" --name s kill
"$tap_tools/cluster" pause mon
boot again
ok "without a cluster the mount is given up" wait_for 180 guest --sh 'journalctl -b -o cat | grep -q "Dependency failed for srv-web.mount"'
ok "and the boot goes on" wait_for 120 is_active multi-user.target
"$tap_tools/cluster" resume mon
ok "when the cluster comes, the file system is mounted without a hand" wait_for 180 guest mountpoint -q /srv/web
is "with what was written before the power cut" "$(guest cat /srv/web/mark)" golden
ok "a volume that could not be made is made" wait_for 180 guest test -b /dev/rbdvol/$pool/db
ok "its unit is active" wait_for 60 is_active rbdvol@$pool-db.service

# --- on demand ---
ok "an automount waits" is_active srv-auto.automount
is "with nothing attached" "$(guest --sh "ls /dev/rbdvol/$pool | xargs")" "db web"
like "who looks in finds the file system" "$(guest ls /srv/auto)" 'lost\+found'
ok "swap" guest --sh "rbdvol create $pool/swap-1 --size 16M && dev=\$(rbdvol attach $pool/swap-1) && mkswap -q \$dev && rbdvol detach $pool/swap-1 &&
	systemctl start \$(systemd-escape --template rbdvol@.service $pool/swap-1)"
ok "is on" wait_for 60 guest grep -q rbd /proc/swaps

# --- volumes vanish ---
guest systemctl stop srv-web.mount
ok "services use the volumes" guest systemctl start db-user web-user
ok "RequiresMountsFor= brings the mount" guest mountpoint -q /srv/web
ok "the device of one is ended by force" guest rbdvol detach $pool/db --force
ok "its user is stopped" wait_for 60 is_inactive db-user
ok "the device of a mount is ended" guest rbdvol detach $pool/web --force
ok "the user of the mount is stopped" wait_for 60 is_inactive web-user
ok "the mount is ended" wait_for 60 is_inactive srv-web.mount

# --- shutdown ---
ok "a clean shutdown" guest_stop
log=$(console)
ok "swap ends before its volume" before 'Deactivated swap dev-rbdvol' "Stopping rbdvol@$pool-swap" "$log"
ok "nothing is left attached" test "$(cluster rbd status $pool/swap-1 --format json | jq '.watchers | length')" = 0
done_testing
