#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Usage: systemd-many.sh [VOLUMES]
# Many volumes at boot, 12 by default: attached and mounted side by side. One that is not there and one
# that another host holds delay nobody, and say why.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
volumes=${1:-12}
systemd_guest s many

cleanup() {
	serve_no_more b
	"$tap_tools/guest" --name b kill >&2
	systemd_guest_over
}
trap cleanup EXIT

all_mounted() {
	[[ $(guest --sh 'findmnt -rno TARGET | grep -c "^/srv/v[0-9]"') == "$volumes" ]]
}

failed() {
	guest systemctl --failed --plain --no-legend | cut -d' ' -f1 | LC_ALL=C sort | xargs
}

# How many of the volumes' commands were under way at once at the most: each began and ended at some µs.
at_once() {
	guest --sh "for i in \$(seq $volumes); do
		systemctl show -P ExecMainStartTimestampMonotonic -P ExecMainExitTimestampMonotonic rbdvol@$pool-v\$i | xargs
	done" | awk '{ print $1, 1; print $2, -1 }' | sort -n | awk '{ n += $2; if (n > most) most = n } END { print most + 0 }'
}

"$tap_tools/guest" --name b start --stage "$top_builddir/stage" >&2 || bail_out "no second host"
serve b
boot fresh
guest --sh "mkdir /srv/golden
	systemctl start rbdvold.socket
	mount -t rbdvol -o size=32M,mkfs=ext4 $pool/golden /srv/golden && echo golden >/srv/golden/mark && umount /srv/golden
	for i in \$(seq $volumes); do
		mkdir /srv/v\$i
		echo $pool/v\$i /srv/v\$i rbdvol from=$pool/golden,_netdev 0 0
	done >/etc/fstab
	mkdir /srv/held /srv/gone
	echo $pool/held /srv/held rbdvol retry=3600,nofail,_netdev 0 0 >>/etc/fstab
	echo $pool/gone /srv/gone rbdvol nofail,_netdev 0 0 >>/etc/fstab
	mkdir /srv/blank
	echo $pool/blank /srv/blank rbdvol nofail,_netdev 0 0 >>/etc/fstab
	echo $pool/held2 - retry=5 >/etc/rbdvoltab
	rbdvol create $pool/blank --size 16M
	rbdvol create $pool/held2 --size 16M
	rbdvol create $pool/held --from $pool/golden"
ok "a clean shutdown" guest_stop
on b rbdvol attach $pool/held2 >&2
on b rbdvol attach $pool/held >&2

boot again
ok "$volumes volumes are mounted" wait_for 180 all_mounted
is "each a clone with its parent's content" "$(guest --sh 'cat /srv/v*/mark | grep -c golden')" "$volumes"
most=$(at_once)
ok "several were attached side by side ($most at once)" test "$most" -gt 2 # 12 where systemd starts them fast
is "meanwhile the one held elsewhere is still tried for" "$(guest systemctl is-active rbdvol@$pool-held)" activating
ok "the boot is done all the same" wait_for 180 guest systemctl is-active multi-user.target
is "and that one's mount is still to come" "$(guest systemctl is-active rbdvol@$pool-held srv-held.mount | xargs)" \
	"activating inactive"
ok "the one that is not there is given up" wait_for 120 guest systemctl is-failed rbdvol@$pool-gone
ok "so is the mount of one without a file system" wait_for 120 guest systemctl is-failed srv-blank.mount
is "and they are all that failed, but for what is tried again" "$(failed)" "rbdvol@$pool-gone.service srv-blank.mount"
journal=$(guest journalctl -b -o cat)
like "it is told which" "$journal" "no image '$pool/gone'"
like "that there is no file system" "$journal" "there is no file system on /dev/rbdvol/$pool/blank"
like "and who holds the other" "$journal" "held by host guest-b|host guest-b holds"
on b rbdvol detach $pool/held >&2
on b rbdvol detach $pool/held2 >&2
ok "one of rbdvoltab, which the boot has waited for, is attached later" wait_for 120 guest test -b /dev/rbdvol/$pool/held2
ok "when that host lets go, it is mounted without a hand" wait_for 120 guest test -e /srv/held/mark
ok "a clean shutdown" guest_stop
is "detaches all" "$(for i in $(seq "$volumes"); do cluster rbd status "$pool/v$i" --format json; done | jq -s '[.[].watchers | length] | add')" 0
done_testing
