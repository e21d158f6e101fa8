#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# No restart, stop, mask, upgrade or crash of a unit of ours has an effect on volumes that are attached,
# by a line of fstab or rbdvoltab or by hand, mounted, swapped to or neither. Then volumes on /var, /var/lib
# and /tmp, which other units need early in the boot. Told from outside of a guest that has systemd as
# its PID 1.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
systemd_guest s again

unit() { # VOLUME
	systemd-escape --template rbdvol@.service "$pool/$1"
}

# What must stay: each mapping, mount and swap, by what the kernel numbers anew for a new one.
state() {
	guest --sh 'udevadm settle; grep -H . /sys/bus/rbd/devices/*/client_id; findmnt -rno ID,SOURCE,TARGET | grep /dev/rbd | sort; sed 1d /proc/swaps | cut -d" " -f1'
}

# unchanged TEXT COMMAND...: the command succeeds in the guest, and all is as before, also a moment later.
unchanged() {
	local text=$1 before
	shift
	before=$(state)
	ok "$text" guest "$@"
	is "  the volumes do not notice" "$(state)" "$before"
}

is_served() {
	wait_for 60 guest rbdvol list
}

boot fresh
guest systemctl is-system-running --wait >/dev/null
guest --sh "mkdir -p /srv/web /srv/busy /srv/link /srv/later /srv/hand /srv/auto
	systemctl start rbdvold.socket
	for v in table swap bare hand idle; do rbdvol create $pool/\$v --size 32M; done
	mkswap -q \$(rbdvol attach $pool/swap) && rbdvol detach $pool/swap
	mkfs.ext4 -q \$(rbdvol attach $pool/table) && rbdvol detach $pool/table
	cat >/etc/fstab <<-END
		$pool/web /srv/web rbdvol size=32M,mkfs=ext4,_netdev 0 0
		$pool/busy /srv/busy rbdvol size=32M,mkfs=ext4,_netdev 0 0
		/dev/rbdvol/$pool/table /srv/link ext4 _netdev 0 0
		$pool/later /srv/later rbdvol size=32M,mkfs=ext4,_netdev,noauto 0 0
		$pool/auto /srv/auto rbdvol size=32M,mkfs=ext4,_netdev,noauto,x-systemd.automount 0 0
		$pool/home /home rbdvol size=32M,mkfs=ext4,_netdev,nofail 0 0
	END
	cat >/etc/rbdvoltab <<-END
		$pool/table
		$pool/swap - swap
		$pool/bare - nofail
	END
	systemctl daemon-reload
	systemctl enable -q rbdvold.socket rbdvold.service rbdvold-docker.socket rbdvol-trim.timer
	systemctl start remote-fs.target srv-later.mount srv-auto.automount home.mount rbdvold-docker.socket rbdvol-trim.timer $(unit swap) $(unit bare)
	ls /srv/auto >/dev/null
	mkfs.ext4 -q \$(rbdvol attach $pool/hand) && mount -o _netdev /dev/rbdvol/$pool/hand /srv/hand
	rbdvol attach $pool/idle
	systemd-run -q -u user -p IgnoreOnIsolate=yes sh -c 'exec 3>/srv/busy/open; exec sleep infinity'" >&2
ok "all are there" wait_for 60 guest --sh "test \$(ls /sys/bus/rbd/devices | wc -l) = 10 -a \$(findmnt -rno SOURCE | grep -c /dev/rbd) = 7 &&
	grep -q rbd /proc/swaps && test -e /srv/busy/open"

# --- restarts ---
for name in rbdvold.service rbdvold.socket rbdvold-docker.socket rbdvol.target rbdvol-trim.timer remote-fs.target \
	network-online.target systemd-udevd.service "$(unit web)" "$(unit busy)" "$(unit bare)" "$(unit swap)"; do
	unchanged "restart of $name" systemctl restart "$name"
done
unchanged "restart of all that are ours" --sh "systemctl restart 'rbdvol*' || true" # one refuses that
like "the plugin answers" "$(guest curl -s --unix-socket /run/docker/plugins/rbdvol.sock -d '' http://d/Plugin.Activate)" VolumeDriver
like "what the mounts require cannot be restarted by hand" "$(guest --sh "systemctl restart rbdvol-attached@$pool-web.service 2>&1")" 'by dependency only'
unchanged "daemon-reload" systemctl daemon-reload
unchanged "daemon-reexec" systemctl daemon-reexec
unchanged "other lines in the tables" --sh "sed -i '\$a # a comment' /etc/fstab /etc/rbdvoltab; systemctl daemon-reload; systemctl start remote-fs.target"
unchanged "isolate" systemctl isolate multi-user.target
is "  nor the units of those that no target wants" "$(guest systemctl is-active "$(unit later)" srv-later.mount | xargs)" "active active"

# --- stop, mask, upgrade ---
ours="rbdvold.socket rbdvold-docker.socket rbdvold.service rbdvol.target rbdvol-trim.timer"
unchanged "all of the package are stopped" --sh "systemctl stop $ours 2>&1"
unchanged "and masked" --sh "systemctl mask --runtime --now rbdvol@.service $ours 2>&1; systemctl daemon-reload"
unchanged "and unmasked and started" --sh "systemctl unmask --runtime rbdvol@.service $ours; systemctl start $ours"
ok "served again" is_served
unchanged "an upgrade: units and generator are away for a while" --sh "cd /usr/lib/systemd && tar cf /root/units.tar system/rbdvol* system-generators/rbdvol* &&
	rm system/rbdvol* system-generators/rbdvol* && systemctl daemon-reload && tar xf /root/units.tar && systemctl daemon-reload && systemctl restart $ours"
ok "served again" is_served

# --- crashes ---
# systemd gives most units up after 5 starts in 10 seconds; this one would take the sockets along.
unchanged "the daemon is killed eight times in a row" --sh 'for i in 1 2 3 4 5 6 7 8; do
		until p=$(systemctl show -P MainPID rbdvold) && test $p != 0 && kill -9 $p; do sleep 0.1; done
	done 2>/dev/null'
ok "it is back" is_served
is "by the same socket" "$(guest systemctl is-failed rbdvold.socket rbdvold.service | xargs)" "active active"
unchanged "the socket cannot be made" --sh 'mkdir -p /run/systemd/system/rbdvold.socket.d
	printf "[Socket]\nSocketGroup=nosuchgroup\n" >/run/systemd/system/rbdvold.socket.d/bad.conf
	systemctl daemon-reload; ! systemctl restart rbdvold.socket'
is "it failed" "$(guest systemctl is-failed rbdvold.socket)" failed
unchanged "it can again" --sh 'rm -r /run/systemd/system/rbdvold.socket.d; systemctl daemon-reload; systemctl start rbdvold.socket rbdvold.service'

# --- what is meant for a volume ---
unchanged "stop of the unit of a mounted volume" --sh "systemctl stop $(unit web); systemctl is-failed $(unit web)"
like "it fails and says why" "$(guest journalctl -b -u "$(unit web)" -o cat)" 'in use: mounted on /srv/web'
ok "the end of its mount" guest systemctl stop srv-web.mount
ok "detaches it" guest --sh "! test -e /dev/rbdvol/$pool/web"
ok "so does that of one on /home, which the daemon has hidden from itself" guest --sh "systemctl stop home.mount; ! test -e /dev/rbdvol/$pool/home"
ok "and the end of the unit of one that nobody uses" guest --sh "systemctl stop $(unit bare); ! test -e /dev/rbdvol/$pool/bare"
ok "both can start again" guest --sh "systemctl start srv-web.mount $(unit bare) && mountpoint -q /srv/web && test -b /dev/rbdvol/$pool/bare"

# --- early in the boot ---
# Of what is on /var now the units need these.
guest --sh "systemctl stop user
	for v in var lib tmp; do mkdir /srv/\$v; mount -t rbdvol -o size=64M,mkfs=ext4 $pool/\$v /srv/\$v; done
	mkdir -p /srv/var/lib /srv/var/tmp /srv/var/log/journal /srv/lib/early; ln -s /run /srv/var/run; chmod 1777 /srv/tmp /srv/var/tmp
	cp -a /var/lib/systemd /var/lib/dbus /srv/lib/ 2>/dev/null
	umount /srv/var /srv/lib /srv/tmp
	printf '$pool/%s %s rbdvol _netdev 0 0\n' var /var lib /var/lib tmp /tmp >>/etc/fstab
	cat >/etc/systemd/system/early.service <<-END
		[Unit]
		DefaultDependencies=no
		RequiresMountsFor=/var/lib/early /tmp
		Before=sysinit.target
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=touch /var/lib/early/began
		[Install]
		WantedBy=sysinit.target
	END
	systemctl -q enable early.service" >&2
ok "a clean shutdown" guest_stop
log=$(console)
ok "unmounts" grep -q 'Unmounted srv-busy.mount' <<<"$log"
ok "then detaches" before 'Unmounted srv-busy.mount' "Stopped rbdvol@$pool-busy" "$log"
ok "then ends the daemon" before "Stopped rbdvol@$pool-busy" 'Stopped rbdvold.service' "$log"
boot again
is "the system comes up" "$(guest systemctl is-system-running --wait)" running
is "on volumes" "$(guest --sh 'for directory in /var /var/lib /tmp; do findmnt -rno SOURCE $directory | tr -d 0-9; done | xargs')" \
	"/dev/rbd /dev/rbd /dev/rbd"
ok "in time for who needs them early" guest test -e /var/lib/early/began
ok "in an order that is one" guest --sh '! journalctl -b -o cat | grep "ordering cycle"'
for name in rbdvold.service rbdvold.socket "$(unit var)"; do
	unchanged "restart of $name" systemctl restart "$name"
done
ok "a clean shutdown" guest_stop
for volume in var lib tmp web busy table later hand idle bare swap; do
	is "nobody watches $volume" "$(cluster rbd status $pool/$volume --format json | jq '.watchers | length')" 0
done
done_testing
