#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A host that uses rbdmap goes over to rbdvol with its volumes in use: what rbdmap has mapped and mounted
# is taken over as it is, under a file that is open all the time, and is rbdvol's own from then on. Told
# from outside of a guest that has systemd as its PID 1.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
systemd_guest r before

# The two that rbdmap made: a mapping made anew has another number here.
mappings() {
	guest --sh 'stat -c %i /sys/bus/rbd/devices/0/ /sys/bus/rbd/devices/1/ | xargs'
}

holder() { # VOLUME
	guest rbdvol show "$1" --json | jq -r '.held_by | .host + " " + .address'
}

for volume in web raw late; do
	cluster rbd create --size 64M $pool/$volume
done
boot fresh
guest systemctl is-system-running --wait >/dev/null
guest --sh "mkdir -p /srv/web
	rbd device map $pool/web >/dev/null && udevadm settle && mkfs.ext4 -q /dev/rbd/$pool/web && rbd device unmap $pool/web
	echo /dev/rbd/$pool/web /srv/web ext4 noauto,noatime 0 0 >/etc/fstab
	cat >/etc/ceph/rbdmap <<-END
		# RbdDevice	Parameters
		$pool/web	id=admin,keyring=/etc/ceph/ceph.client.admin.keyring,options='queue_depth=64,lock_on_read'
		$pool/raw
		$pool/raw	id=admin
		$pool/late	id=admin,frobnicate=1
	END
	systemctl daemon-reload
	rbdmap map >&2"
is "rbdmap has mapped and mounted" "$(guest findmnt -no SOURCE /srv/web)" /dev/rbd0
guest --sh 'echo before >/srv/web/mark
	systemd-run -q --unit=writer sh -c "exec 3>>/srv/web/mark; while sleep 0.2; do echo x >&3 || exit 1; done"'
before=$(mappings)

# --- the plan ---
plan=$(guest --sh 'rbdvol rbdmap 2>&1; echo "status $?"; ls /etc/rbdvoltab 2>&1')
like "the plan has a line of rbdvoltab" "$plan" $'\n  \\+ '"$pool/web - id=admin,map=queue_depth=64,map=lock_on_read"$'\n'
like "and the one of fstab" "$plan" $'\n  \\+ '"/dev/rbdvol/$pool/web /srv/web ext4 noatime,_netdev 0 0"$'\n'
like "a volume that is there twice is told" "$plan" '/etc/ceph/rbdmap:4: an earlier line is of the same volume'
like "what rbdvol can't do as well" "$plan" "rbdmap:5: rbdvol has nothing for the parameter 'frobnicate'"
like "the status says so" "$plan" 'status [1-9]'
like "and nothing is written" "$plan" 'No such file'
guest --sh "sed -i '/frobnicate/s/,frob.*//; 4d' /etc/ceph/rbdmap; echo '# mine' >/etc/rbdvoltab; chmod 640 /etc/rbdvoltab"
ok "written" guest rbdvol rbdmap --write
table=$(guest cat /etc/rbdvoltab)
is "it has what was there, and the volumes" "$table" "# mine
$pool/web - id=admin,map=queue_depth=64,map=lock_on_read
$pool/raw
$pool/late - id=admin"
is "its mode is what it was" "$(guest stat -c %a /etc/rbdvoltab)" 640
ok "written again" guest rbdvol rbdmap --write
is "nothing is there twice" "$(guest cat /etc/rbdvoltab)" "$table"

# --- the change ---
# rbdmap could not map the last one, so its unit does.
guest --sh "sed -i 's|.*|/dev/rbdvol/$pool/web /srv/web ext4 noatime,_netdev 0 0|' /etc/fstab
	systemctl disable rbdmap.service 2>/dev/null
	systemctl daemon-reload"
ok "the units start" guest systemctl start remote-fs.target
units="rbdvol@$pool-web.service rbdvol@$pool-raw.service rbdvol@$pool-late.service"
# shellcheck disable=SC2086 # words
is "all of them" "$(guest systemctl show -P ActiveState $units | xargs)" "active active active"
is "no volume was mapped anew" "$(mappings)" "$before"
is "no mount was touched" "$(guest findmnt -no SOURCE /srv/web)" /dev/rbd0
is "a unit's volume has the name" "$(guest readlink -f /dev/rbdvol/$pool/web)" /dev/rbd0
is "this host holds it, by the mapping that was there" "$(holder $pool/web)" \
	"guest-r $(guest cat /sys/bus/rbd/devices/0/client_addr)"
is "list has them all" "$(guest --sh "rbdvol list --json | jq -r '.volumes[].volume' | sort | xargs")" \
	"$pool/late $pool/raw $pool/web"
refuses "detach refuses what is in use" 5 'mounted on /srv/web' guest rbdvol detach $pool/web
is "the writer had no error" "$(guest systemctl is-active writer)" active
guest systemctl stop writer
is "and what it wrote is there" "$(guest head -n 2 /srv/web/mark | xargs)" "before x"

# --- from then on ---
ok "unmounted by hand" guest umount /srv/web
ok "the unit's end detaches" guest systemctl stop "rbdvol@$pool-web.service"
ok "rbdvol detach as well, what rbdmap had mapped" guest rbdvol detach $pool/raw
is "nobody watches" "$(cluster rbd status $pool/web --format json | jq '.watchers | length')" 0
is "nobody holds" "$(holder $pool/web)" " "
ok "a reboot" guest_stop
boot again
guest systemctl is-system-running --wait >/dev/null
is "mounts by the new tables" "$(guest head -n 1 /srv/web/mark)" before
is "with the options that rbdmap gave" "$(guest --sh "grep -o 'queue_depth=64' /sys/bus/rbd/devices/*/config_info | sort -u | wc -l")" 1
done_testing
