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
like "what rbdvol cannot do as well" "$plan" "rbdmap:5: rbdvol has nothing for the parameter 'frobnicate'"
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

# --- every way to name a device ---
for volume in tag part layer swap; do
	cluster rbd create --size 32M $pool/$volume
done
guest --sh "for v in tag part layer swap; do rbd device map $pool/\$v >/dev/null; done; udevadm settle
	mkfs.ext4 -q -L 'a label' -U 11111111-2222-3333-4444-555555555555 /dev/rbd/$pool/tag; mkswap -q /dev/rbd/$pool/swap
	printf 'label: gpt\nname=apart,uuid=AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE\n' | sfdisk -q /dev/rbd/$pool/part
	echo 0 65536 linear /dev/rbd/$pool/layer 0 | dmsetup create layer; udevadm settle
	mkdir -p /root/t/units/x.service.d /etc/ceph/rbd.d/$pool
	for v in tag part layer swap; do echo $pool/\$v id=admin; done >/root/t/rbdmap
	printf '#!/bin/sh\n' >/etc/ceph/rbd.d/$pool/tag; chmod +x /etc/ceph/rbd.d/$pool/tag
	echo '# nothing' >/root/t/voltab" >&2
node=$(guest readlink -f /dev/rbd/$pool/tag)
# plan FSTAB [CRYPTTAB]: what is said of these
plan() {
	guest --sh "cat >/root/t/fstab <<'END'
$1
END
cat >/root/t/crypttab <<'END'
${2-}
END
FSTAB=/root/t/fstab CRYPTTAB=/root/t/crypttab RBDVOLTAB=/root/t/voltab UNITS=/root/t/units rbdvol rbdmap /root/t/rbdmap 2>&1"
}
# becomes TEXT NOW THEN: the plan makes this of a line of fstab.
becomes() {
	like "$1" "$(plan "$2")" "fstab:1, to be changed by hand:"$'\n  - '"${2//\\/\\\\}"$'\n  \\+ '"$3"
}
then="/dev/rbdvol/$pool/tag /srv/t ext4 noatime,_netdev 0 0"
for source in UUID=11111111-2222-3333-4444-555555555555 'UUID="11111111-2222-3333-4444-555555555555"' 'LABEL=a\040label' \
	/dev/disk/by-uuid/11111111-2222-3333-4444-555555555555 '/dev/disk/by-label/a\x20label' "$node" "/dev/rbd/$pool/tag"; do
	becomes "a mount of $source" "$source /srv/t ext4 noauto,noatime 0 0" "$then"
done
then="/dev/rbdvol/$pool/part-part1 /srv/t ext4 _netdev 0 0"
for source in PARTUUID=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee PARTLABEL=apart /dev/disk/by-partuuid/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee \
	/dev/disk/by-partlabel/apart "$(guest readlink -f /dev/rbd/$pool/part-part1)" "/dev/rbd/$pool/part-part1"; do
	becomes "a mount of $source" "$source /srv/t ext4 defaults 0 0" "$then"
done
becomes "a mount of what is on a volume keeps its device" "/dev/mapper/layer /srv/t ext4 noauto 0 0" "/dev/mapper/layer /srv/t ext4 _netdev 0 0"
becomes "and hangs on rbdmap.service no more" "/dev/mapper/layer /srv/t ext4 _netdev,x-systemd.requires=rbdmap.service 0 0" \
	"/dev/mapper/layer /srv/t ext4 _netdev 0 0"
becomes "swap is left to rbdvoltab" "/dev/rbd/$pool/swap none swap sw,noauto 0 0" "#/dev/rbd/$pool/swap none swap sw,noauto 0 0"
like "which has it" "$(plan "/dev/rbd/$pool/swap none swap sw 0 0")" $'\n  \+ '"$pool/swap - id=admin,swap"$'\n'
like "crypttab" "$(plan '' "c /dev/disk/by-uuid/11111111-2222-3333-4444-555555555555 /etc/key luks,noauto")" \
	"crypttab:1, to be changed by hand:.*"$'\n  \+ '"c /dev/rbdvol/$pool/tag /etc/key luks,_netdev"
for line in '/dev/rbd99 /srv/t ext4 _netdev 0 0:/dev/rbd99 is whichever volume is mapped first' \
	'UUID=99999999-2222-3333-4444-555555555555 /srv/t ext4 noauto 0 0:nothing here has UUID=99999999' \
	"/dev/rbd/$pool/other /srv/t ext4 noauto 0 0:/dev/rbd/$pool/other has no line in /root/t/rbdmap" \
	"/dev/rbd/$pool/web /srv/t ext4 noauto 0 0:/dev/rbd/$pool/web is of volume $pool/web, of which /root/t/rbdmap has no good line" \
	'/opt /srv/t none bind,x-systemd.requires=rbdmap.service 0 0:it hangs on rbdmap.service'; do
	like "told: $line" "$(plan "# one"$'\n'"${line%:*}")" "fstab:2: ${line##*:}"
done
said=$(plan '/dev/sda1 / ext4 defaults 0 1
UUID=99999999-2222-3333-4444-555555555555 /home ext4 defaults 0 0
tmpfs /tmp tmpfs noauto 0 0')
is "of other lines nothing is said" "$(grep fstab: <<<"$said")" ""
guest --sh "cd /root/t/units && printf '[Unit]\nAfter=network.target rbdmap.service\n# rbdmap.service\n' >x.service.d/a.conf &&
	printf '[Mount]\nWhat=UUID=11111111-2222-3333-4444-555555555555\nWhere=/srv/t\n' >srv-t.mount && printf '[Swap]\nWhat=/dev/rbd/$pool/swap\n' >a.swap &&
	printf '[Unit]\nBindsTo=dev-rbd-$pool-part\\\\x2dpart1.device\n' >b.service"
said=$(plan '')
like "a unit that names rbdmap.service" "$said" "/root/t/units/x.service.d/a.conf:2: in place of rbdmap.service name the unit"
ok "but for a comment" test "$(grep -c a.conf <<<"$said")" = 1
like "a swap's device" "$said" "a.swap:2: in place of /dev/rbd/$pool/swap write /dev/rbdvol/$pool/swap"
like "a mount's device" "$said" "srv-t.mount:2: in place of UUID=11111111-2222-3333-4444-555555555555 write /dev/rbdvol/$pool/tag"
like "a device's unit" "$said" "b.service:2: in place of dev-rbd-.*device write the unit of /dev/rbdvol/$pool/part-part1"
like "a hook" "$said" "/etc/ceph/rbd.d/$pool/tag: nothing runs this hook"
guest --sh "echo \"$pool/tag id=admin,keyfile=/etc/k,options='noshare,udev,read_only'\" >/root/t/rbdmap
	echo \"$pool/part options='nosuchthing'\" >>/root/t/rbdmap"
said=$(plan '')
like "map options: those that rbdvol sets are dropped" "$said" "note: /root/t/rbdmap:1: 'noshare' is dropped: rbdvol decides it"
like "read_only has another name" "$said" $'\n  \+ '"$pool/tag - id=admin,ro"
like "a file with a key" "$said" "rbdmap:1: 'keyfile' is dropped: rbdvold reads keyrings only"
like "one that nobody knows" "$said" "rbdmap:2: the kernel's rbd driver has no map option 'nosuchthing'"
guest --sh "dmsetup remove layer; for v in tag part layer swap; do rbd device unmap $pool/\$v; done; rm -r /etc/ceph/rbd.d; udevadm settle"

# --- the change ---
# rbdmap could not map the last one, so its unit does.
guest --sh "sed -i 's|.*|/dev/rbdvol/$pool/web /srv/web ext4 noatime,_netdev 0 0|' /etc/fstab
	systemctl disable rbdmap.service 2>/dev/null
	systemctl daemon-reload"
ok "the units start" guest systemctl start remote-fs.target
units="rbdvol@$pool-web.service rbdvol@$pool-raw.service rbdvol@$pool-late.service"
# shellcheck disable=SC2086 # words
is "all of them" "$(guest systemctl show -P ActiveState $units | xargs)" "active active active"
is "the volume in use was not mapped anew" "$(mappings | cut -d' ' -f1)" "${before% *}"
ok "the one that nobody uses has a client of its own" guest --sh 'test $(cat /sys/bus/rbd/devices/0/client_id) != $(cat /sys/bus/rbd/devices/1/client_id)'
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
