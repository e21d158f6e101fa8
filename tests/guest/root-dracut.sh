#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The root on a clone by an initramfs of dracut's, with systemd in it, as root.sh has it by
# initramfs-tools: the boot, and what rbdvold then knows.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
systemd_guest q rootd
files=${RBDVOL_LAB:-${TMPDIR:-/tmp}/rbdvol-lab}/boot-dracut

cleanup() {
	systemd_guest_over
	rm -rf "$files"
}
trap cleanup EXIT

"$tap_tools/boot-files" "$top_builddir/stage" "$files" dracut >&2 || bail_out "no initramfs or golden image"
cluster rbd import --no-progress "$files/golden.img" $pool/golden || bail_out "no golden image"
is "the initramfs, with the key in it, is for root alone" "$(stat -c %a "$files/initrd")" 600

# --- without an id: the same host at the next boot ---
start() { # WORDS
	"$tap_tools/guest" --name q start --initrd "$files/initrd" --append "ip=10.99.0.27:::255.255.255.0:guest-q:vec0:none rd.shell=0 $1"
}
start "root=rbdvol:$pool/host2 from=$pool/golden size=320M" || bail_out "the guest did not start without systemd.machine_id="
is "from= and size= are fine as they are" "$(guest cat /sys/block/rbd0/size)" $((320 * 2048))
"$tap_tools/guest" --name q kill
ok "a host without systemd.machine_id= boots again after a power cut: its hold is its own" \
	"$tap_tools/guest" --name q start --again
"$tap_tools/guest" --name q kill

# --- with an id ---
"$tap_tools/guest" --name q start --initrd "$files/initrd" --append "root=rbdvol:$pool/host1 rbdvol.from=$pool/golden
	ip=10.99.0.27:::255.255.255.0:guest-q:vec0:none systemd.machine_id=0123456789abcdef0123456789abcdef rd.shell=0" ||
	bail_out "the guest did not start"
ok "a host boots" wait_for 180 guest systemctl is-active multi-user.target
is "from a clone that was not there before" \
	"$(cluster rbd info $pool/host1 --format json | jq -r .parent.image)" golden
is "rbdvold knows its root" "$(guest rbdvol list --json | jq -r '.volumes[] | .volume + " " + (.mounts | join(","))')" \
	"$pool/host1 /"
is "the machine id of the command line is the host's" "$(guest cat /etc/machine-id)" 0123456789abcdef0123456789abcdef
is "attach finds it all done, by the same id" "$(guest rbdvol attach $pool/host1)" /dev/rbdvol/$pool/host1
guest --sh 'echo mark >/root/mark'
ok "it ends" guest_stop
cluster rbd export --no-progress $pool/host1 "$files/after"
is "and leaves what was written" "$(debugfs -R 'cat /root/mark' "$files/after" 2>/dev/null)" mark
done_testing
