#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rbdvold as systemd runs it: activation, sandbox, restart, watchdog, journal, and the order in which
# all goes down. Told from outside of a guest that has systemd as its PID 1.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
systemd_guest s units

cluster rbd create --size 64M $pool/web1
boot fresh

# --- start ---
is "the system is up with the units installed" "$(guest systemctl is-system-running --wait)" running
ok "the socket is enabled" guest systemctl enable --now rbdvold.socket
is "the daemon is not started by that" "$(guest systemctl is-active rbdvold)" inactive
is "the first request starts it" "$(guest rbdvol attach $pool/web1)" "/dev/rbdvol/$pool/web1"
is "systemd counts it as ready" "$(guest systemctl show -P SubState rbdvold)" running
is "the socket is its group's" "$(guest stat -c %U:%G:%a /run/rbdvol/api.sock)" root:rbdvol:660
pid=$(guest systemctl show -P MainPID rbdvold)
ok "it has no right to load modules" guest --sh "! capsh --decode=\$(sed -n 's/^CapBnd:.//p' /proc/$pid/status) | grep -q sys_module"
is "its system calls are filtered" "$(guest sed -n 's/^Seccomp:.//p' "/proc/$pid/status")" 2
ok "who listens has mounts of its own" guest --sh "test \$(readlink /proc/$pid/ns/mnt) != \$(readlink /proc/1/ns/mnt)"
ok "without what is nobody's business" guest --sh "nsenter -t $pid -m sh -c '! touch /etc/x && ! ls /root/.ssh && ! ls /lib/modules/*' 2>/dev/null"

# --- in the sandbox ---
guest --sh "mkfs.ext4 -q /dev/rbdvol/$pool/web1 && mount -o _netdev /dev/rbdvol/$pool/web1 /srv && echo 1 >/srv/mark"
like "it trims" "$(guest rbdvol trim $pool/web1)" "$pool/web1 +[0-9.]+ MiB"
guest --sh "dd if=/dev/zero of=/srv/junk bs=1M count=8 conv=fsync status=none; rm /srv/junk; sync -f /srv"
ok "the timer's service trims, too" guest systemctl start rbdvol-trim.service
guest journalctl --sync
like "and tells what came of it" "$(guest journalctl -u rbdvol-trim.service -o cat)" "$pool/web1 +[0-9.]+ MiB.*total +[0-9.]+ MiB"
ok "the timer can be enabled" guest systemctl enable --now rbdvol-trim.timer
like "and has a next time" "$(guest systemctl list-timers rbdvol-trim.timer)" 'left.*rbdvol-trim\.service'
like "it knows who uses a device" "$(guest --sh "rbdvol detach $pool/web1 2>&1")" 'mounted on /srv'
guest umount /srv
guest mount -o _netdev /dev/rbdvol/$pool/web1 /home
like "jobs see the host's mounts, one on /home too" "$(guest rbdvol trim $pool/web1)" "$pool/web1 +[0-9.]+ MiB"
guest --sh 'mount --make-private /home; systemctl restart rbdvold; umount /home'
ok "a private mount is not kept by a daemon that began under it" guest rbdvol detach $pool/web1
ok "attached again" guest rbdvol attach $pool/web1
guest --sh "systemd-run -q -u holder sh -c 'exec 9</dev/rbdvol/$pool/web1; exec sleep 600'"
ok "a process has the device open" wait_for 60 guest --sh "test -e /proc/\$(systemctl show -P MainPID holder)/fd/9"
like "by the process, too" "$(guest --sh "rbdvol detach $pool/web1 --timeout 5 2>&1")" 'open in sleep'
guest --sh "systemctl stop holder; mount -o _netdev /dev/rbdvol/$pool/web1 /srv"

# --- reload, restart, watchdog ---
ok "reload" guest systemctl reload rbdvold
ok "is said" wait_for 60 guest --sh 'journalctl -u rbdvold -o cat | grep "the configuration was read anew"'
ok "restart, the volume mounted" guest systemctl restart rbdvold
is "its file is there" "$(guest cat /srv/mark)" 1
is "the new daemon knows it" "$(guest --sh 'rbdvol list --json | jq -r .volumes[0].mounts[0]')" /srv
guest --sh 'mkdir -p /run/systemd/system/rbdvold.service.d
	printf "[Service]\nWatchdogSec=5\n" >/run/systemd/system/rbdvold.service.d/test.conf
	systemctl daemon-reload; systemctl restart rbdvold'
ok "the volume is served after that" guest rbdvol list
pid=$(guest systemctl show -P MainPID rbdvold)
guest kill -STOP "$pid"
ok "a daemon that hangs is replaced" wait_for 60 guest --sh "p=\$(systemctl show -P MainPID rbdvold); test \$p != $pid -a \$p != 0"
ok "by the watchdog" wait_for 60 guest --sh "journalctl -u rbdvold -o cat | grep 'Watchdog timeout'"
guest --sh 'rm -r /run/systemd/system/rbdvold.service.d; systemctl daemon-reload; systemctl restart rbdvold'
is "the volume is still mounted" "$(guest cat /srv/mark)" 1
is "and served" "$(guest --sh 'rbdvol list --json | jq -r .volumes[0].mounts[0]')" /srv

# --- the journal ---
is "the journal finds a volume's operations" \
	"$(guest --sh "journalctl VOLUME=$pool/web1 OPERATION=attach -o json | jq -r .DEVICE | sort -u")" /dev/rbd0

# --- the end ---
ok "a clean shutdown with the volume mounted" guest_stop
log=$(console)
ok "unmounts it" grep -q 'Unmounted srv.mount' <<<"$log"
ok "before the daemon is stopped" before 'Unmounted srv.mount' 'Stopped rbdvold.service' "$log"
ok "and that before the network" before 'Stopped rbdvold.service' 'Stopped lab-network.service' "$log"
done_testing
