#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A host whose cluster is away goes down all the same, by itself, though a file system has unwritten
# data and a volume without a mount is attached. With USERS=1 a service hangs in that file system, too.
# Most of it is systemd's waiting at the very end (for sync, twice), so it is part of `make soak`.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
systemd_guest s down
patience=400 # seconds
[[ -z ${USERS-} ]] || patience=1500

is_down() {
	! "$tap_tools/guest" status | grep -q "^guest $guest_name .*pid"
}

boot fresh
# Shorter waits than those of rbdvol@.service, umount.rbdvol and systemd: their order is the same.
guest --sh "mkdir -p /srv/web /etc/systemd/system/rbdvol@.service.d /etc/systemd/system.conf.d
	printf '[Manager]\nDefaultTimeoutStopSec=5\n' >/etc/systemd/system.conf.d/short.conf
	echo $pool/web /srv/web rbdvol size=128M,mkfs=ext4,_netdev,umount_timeout=5 0 0 >/etc/fstab
	echo $pool/bare - size=16M >/etc/rbdvoltab
	printf '[Service]\nTimeoutStopSec=10\n' >/etc/systemd/system/rbdvol@.service.d/short.conf
	systemctl daemon-reexec; systemctl start srv-web.mount rbdvol@$pool-bare.service
	dd if=/dev/zero of=/srv/web/file bs=1M count=4 status=none; sync"
ok "volumes are there, with a mount and without" guest --sh "mountpoint -q /srv/web && test -b /dev/rbdvol/$pool/bare"

# --- the cluster goes, with data unwritten ---
"$tap_tools/guest" --name s net down
guest --sh 'dd if=/dev/urandom of=/srv/web/file bs=1M count=4 conv=notrunc status=none' || bail_out "nothing can be written"
[[ -z ${USERS-} ]] ||
	guest systemd-run -q -u writer sh -c 'dd if=/dev/zero of=/srv/web/file bs=1M count=1 conv=notrunc,fsync'
guest systemctl start --no-block --job-mode=replace-irreversibly poweroff.target
ok "the host goes down by itself" wait_for "$patience" is_down
log=$(console)
like "to its end" "$log" 'reboot: (System halted|Power down)'
[[ -n ${USERS-} ]] || ok "the mount is let go" before 'Unmounted srv-web.mount' "Stopped rbdvol@$pool-web" "$log"
ok "the volumes' units end" before "Stopped rbdvol@$pool-bare" 'Stopped rbdvold.service' "$log"
ok "then the daemon, then the network" before 'Stopped rbdvold.service' 'Stopped lab-network.service' "$log"

# --- and comes back with the cluster ---
boot again
ok "the volumes are back with the cluster" wait_for 120 guest --sh "mountpoint -q /srv/web && test -b /dev/rbdvol/$pool/bare"
like "what unmounted says why it gave up" "$(guest journalctl -b -1 -o cat)" 'is unmounted, but not its file system: /dev/rbd[0-9]+ was not answered by the cluster for 5 s'
done_testing
