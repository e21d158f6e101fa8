#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A host with volumes in fstab and rbdvoltab boots and shuts down: all in their order, the bad ones by
# themselves, a cluster that comes late waited for. Told from outside of a guest that has systemd as
# its PID 1.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
systemd_guest s boot

cleanup() {
	"$tap_tools/cluster" resume mon >&2
	systemd_guest_over
}
trap cleanup EXIT

state() { # UNIT
	guest systemctl show -P ActiveState "$1"
}

is_active() { # UNIT
	[[ $(state "$1") == active ]]
}

# began_after SERVICE UNIT: its command began when that was active.
began_after() {
	local began active
	began=$(guest systemctl show -P ExecMainStartTimestampMonotonic "$1")
	active=$(guest systemctl show -P ActiveEnterTimestampMonotonic "$2")
	[[ $active -gt 0 && $began -gt $active ]]
}

# How many watch a volume, and how many hold it (an attribute of its header, docs/holds.md).
used() { # VOLUME
	local id
	id=$(cluster rbd info "$pool/$1" --format json | jq -r .id)
	echo "$(cluster rbd status "$pool/$1" --format json | jq '.watchers | length')" \
		"$(cluster rados -p "$pool" listxattr "rbd_header.$id" | grep -c rbdvol.hold)"
}

boot fresh
guest --sh "mkdir /srv/web /srv/late
	systemctl start rbdvold.socket
	mount -t rbdvol -o size=64M,mkfs=ext4 $pool/golden /srv/web && echo golden >/srv/web/mark && umount /srv/web
	cat >/etc/fstab <<-END
		$pool/web1 /srv/web rbdvol from=$pool/golden,size=96M,_netdev,noatime 0 2
		$pool/late /srv/late rbdvol from=$pool/golden,_netdev,nofail 0 0
		$pool/local /opt rbdvol noauto 0 0
		$pool/disk /srv/p1 rbdvol part=1,_netdev 0 0
		$pool/disk /srv/link/p2 rbdvol part=2,_netdev 0 0
	END
	cat >/etc/rbdvoltab <<-END
		# volumes without a mount
		$pool/db-1.x - size=32M
		$pool/missing
		$pool/bad - frobnicate
		$pool/a/b/c/d
		$pool/db2 $pool/golden nofail
		elsewhere - pool=$pool,size=32M
		$pool/another - id=boot,size=32M
	END
	rbdvol create $pool/alone --size 16M && rbdvol create $pool/disk --size 64M
	mkdir -p /srv/p1 /srv/real/p2 && ln -s real /srv/link
	dev=\$(rbdvol attach $pool/disk) && printf ',28M,L\n,,L\n' | sfdisk -q \$dev && udevadm settle &&
		mkfs.ext4 -q \$dev-part1 && mkfs.ext4 -q \$dev-part2 && rbdvol detach $pool/disk
	ceph auth get-or-create client.boot mon 'profile rbd' osd 'profile rbd' -o /etc/ceph/ceph.client.boot.keyring
	printf '[Unit]\nDescription=A cluster on this host\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/ceph.target
	printf '[Unit]\nBefore=ceph.target\n[Service]\nType=oneshot\nExecStart=sleep 3\n[Install]\nWantedBy=ceph.target\n' \
		>/etc/systemd/system/ceph-here.service
	systemctl -q enable ceph.target ceph-here.service"
guest systemctl daemon-reload
ok "a volume of no table is enabled and started" guest systemctl enable --now "rbdvol@$pool-alone.service"
ok "and is there" guest test -b /dev/rbdvol/$pool/alone
ok "a shutdown" guest_stop

# --- boot ---
boot again
like "the system comes up" "$(guest systemctl is-system-running --wait)" 'degraded|running'
is "the clone of fstab is mounted" "$(guest cat /srv/web/mark)" golden
is "with mount's options" "$(guest findmnt -no OPTIONS /srv/web | cut -d, -f2)" noatime
is "the one with nofail too" "$(wait_for 120 guest test -e /srv/late/mark; guest cat /srv/late/mark)" golden
is "a volume of rbdvoltab is there, its name escaped in its unit" \
	"$(state "rbdvol@$(systemd-escape $pool/db-1.x).service")" active
ok "and its device is one for other units" guest systemctl is-active "$(systemd-escape -p --suffix=device /dev/rbdvol/$pool/db-1.x)"
ok "a clone of rbdvoltab is there" wait_for 120 guest test -b /dev/rbdvol/$pool/db2
after=$(guest systemctl show -P After remote-fs.target)
like "remote-fs.target comes after the volumes" "$after" "rbdvol@$pool-db.*x2d1"
ok "but not after one with nofail" test "${after/rbdvol@$pool-db2/}" = "$after"
is "the missing one failed by itself" "$(state "rbdvol@$pool-missing.service")" failed
is "and nothing else did" "$(guest --sh 'systemctl --failed --plain --no-legend | cut -d" " -f1 | xargs')" "rbdvol@$pool-missing.service"
journal=$(guest journalctl -b -t rbdvol-generator -o cat)
like "bad lines are told by their number" "$journal" "rbdvoltab:4: there is no option 'frobnicate'"
like "each of them" "$journal" "rbdvoltab:5: bad volume name"
ok "the enabled one is there" wait_for 120 is_active "rbdvol@$pool-alone.service"
ok "remote-fs.target comes after it" guest --sh "systemctl show -P After remote-fs.target | grep rbdvol.target &&
	systemctl show -P After rbdvol.target | grep 'rbdvol@$pool-alone'"
ok "one whose pool is an option" is_active rbdvol@elsewhere.service
ok "and one of another user" is_active "rbdvol@$pool-another.service"
ok "both partitions of a volume are mounted, behind a link too" guest --sh "mountpoint -q /srv/p1 && mountpoint -q /srv/real/p2"
is "by the units of these directories" "$(guest systemctl is-active srv-p1.mount srv-real-p2.mount | xargs)" "active active"
ok "a cluster on this host comes first" began_after rbdvol@elsewhere.service ceph.target
like "in fstab too" "$journal" "fstab:3: the option _netdev is missing"

# --- by hand ---
ok "systemctl stop unmounts and detaches" guest systemctl stop srv-web.mount
ok "the volume is gone" guest --sh "! test -e /dev/rbdvol/$pool/web1"
ok "mount DIRECTORY brings it back" guest mount /srv/web

# --- shutdown ---
ok "a clean shutdown" guest_stop
log=$(console)
ok "shutdown unmounts" grep -q 'Unmounted srv-web.mount' <<<"$log"
ok "then detaches" before 'Unmounted srv-web.mount' "Stopped rbdvol@$pool-web1" "$log"
ok "then ends the daemon" before "Stopped rbdvol@$pool-web1" 'Stopped rbdvold.service' "$log"
ok "then the network" before 'Stopped rbdvold.service' 'Stopped lab-network.service' "$log"
for volume in web1 alone disk elsewhere another; do
	is "nobody watches or holds $volume" "$(used $volume)" "0 0"
done

# --- a cluster that comes late ---
guest_stop 2>/dev/null
"$tap_tools/cluster" pause mon
boot again
ok "a boot without a cluster gets where one can log in" wait_for 120 guest systemctl is-active basic.target
is "the mount with nofail waits" "$(guest systemctl show -P Job srv-late.mount | tr 0-9 n | cut -c1)" n
"$tap_tools/cluster" resume mon
ok "the cluster comes: it follows without a hand" wait_for 180 guest test -e /srv/late/mark
ok "the other mount as well" wait_for 180 guest test -e /srv/web/mark
done_testing
