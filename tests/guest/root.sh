#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Diskless hosts have their root on clones of one golden image: a guest boots from an initramfs that
# initramfs-tools has made, clones its root at the first boot, and finds it again after a power cut. What
# runs then takes the device over and keeps it to the last. Another host is refused.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
systemd_guest q root
name='host,1' # in its link the comma is \x2c
files=${RBDVOL_LAB:-${TMPDIR:-/tmp}/rbdvol-lab}/boot

cleanup() {
	"$tap_tools/guest" --name r kill >/dev/null 2>&1
	systemd_guest_over
	rm -rf "$files"
}
trap cleanup EXIT

start() { # GUEST ADDRESS WORDS
	"$tap_tools/guest" --name "$1" start --initrd "$files/initrd" --append "ip=$2::::guest-$1:vec0:off $3"
}

holder() {
	guest rbdvol show $pool/$name --json | jq -r '.held_by | .host + " " + .address'
}

refused() {
	grep -q "volume '$pool/$name' is held by host guest-q" <("$tap_tools/guest" --name r log)
}

"$tap_tools/boot-files" "$top_builddir/stage" "$files" >&2 || bail_out "no initramfs or golden image"
cluster rbd import --no-progress "$files/golden.img" $pool/golden || bail_out "no golden image"
is "the initramfs, with the key in it, is for root alone" "$(stat -c %a "$files/initrd")" 600

# --- the first boot ---
start q 10.99.0.27 "root=rbdvol:$pool/$name rbdvol.from=$pool/golden rbdvol.size=320M" || bail_out "the guest did not start"
ok "a host boots from a clone that was not there before" wait_for 180 guest systemctl is-active multi-user.target
is "its root is that" "$(guest findmnt -no SOURCE / | sed 's/x5c//')" /dev/rbdvol/$pool/host\\x2c1
is "of the size asked for" "$(guest cat /sys/block/rbd0/size)" $((320 * 2048))
is "a clone of the golden image" "$(cluster rbd info $pool/$name --format json | jq -r .parent.image)" golden
is "no other daemon is left of the initramfs" "$(guest ps -C rbdvold -o pid= | xargs)" \
	"$(guest systemctl show -P MainPID rbdvold)"
is "rbdvold knows it" "$(guest --sh "rbdvol list --json" | jq -r '.volumes[] | .volume + " " + (.mounts | join(","))')" \
	"$pool/$name /"
is "the hold, taken before there was a root, names this host's mapping" "$(holder)" \
	"guest-q $(guest cat /sys/bus/rbd/devices/0/client_addr)"
is "attach finds it all done" "$(guest rbdvol attach $pool/$name)" /dev/rbdvol/$pool/host\\x2c1
refuses "detach refuses the root" 5 'mounted on /' guest rbdvol detach $pool/$name
ok "it is writable" guest --sh 'echo first >/root/mark && sync'
first=$(holder)

# --- another host ---
rm -rf "${files%/*}/guest/r" # with its console of an earlier test
start r 10.99.0.28 "root=rbdvol:$pool/$name rbdvol.retry=120 systemd.machine_id=0123456789abcdef0123456789abcdef" >&2 &
ok "another host is refused in its initramfs, and told who has it" wait_for 180 refused
"$tap_tools/guest" --name r kill
wait $!
is "which this one did not notice" "$(holder)" "$first"

# --- a power cut, then a clean end ---
"$tap_tools/guest" --name q kill
"$tap_tools/guest" --name q start --again || bail_out "the guest did not start again"
ok "after a power cut it boots again" wait_for 180 guest systemctl is-active multi-user.target
is "from the same root" "$(guest cat /root/mark)" first
is "the hold names the mapping of now" "$(holder)" "guest-q $(guest cat /sys/bus/rbd/devices/0/client_addr)"
ok "the former mapping is blocklisted" grep -q "${first##* }" <(cluster ceph osd blocklist ls 2>/dev/null)
guest --sh 'echo second >/root/mark'
ok "a clean shutdown" guest_stop
log=$(console)
ok "shutdown gets to its end" grep -q 'Reached target poweroff.target' <<<"$log"
cluster rbd export --no-progress $pool/$name "$files/after"
like "and leaves the root's file system clean" "$(dumpe2fs -h "$files/after" 2>/dev/null | tr -s ' ')" 'Filesystem state: clean'
ok "with nothing left in its journal" grep -qv needs_recovery <(dumpe2fs -h "$files/after" 2>/dev/null | grep 'Filesystem features')
is "what was written last is there" "$(debugfs -R 'cat /root/mark' "$files/after" 2>/dev/null)" second
done_testing
