#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph-csi/issues/3985
# Area: trim
# Where: guest
# Found: a resize, a detach and an unmount of the plugin's waited for the end of a trim, which is hours at the timer's rate
# Space is reclaimed of a volume in use, and whoever wants something of it meanwhile hangs.
. "$(dirname -- "$0")/guest-lib.sh"
rbdvol create "$pool/vol" --size 64M
dev=$(rbdvol attach "$pool/vol")
mkfs.ext4 -q -E nodiscard "$dev"
mkdir -p /run/mnt
mount "$dev" /run/mnt
on_exit 'umount /run/mnt'
runs() {
	[[ $(rbdvol jobs --json | jq -r '.jobs[] | select(.state == "running" and .verb == "trim").step') == trim ]]
}
slow_trim() { # OPTION...: for hours
	dd if=/dev/zero of=/run/mnt/junk bs=1M count=16 conv=fsync status=none
	rm /run/mnt/junk
	sync -f /run/mnt
	rbdvol trim "$@" --rate 1 --timeout 10000 >/run/said 2>&1 &
	trim=$!
	wait_for 60 runs || bail_out "no trim"
}
slow_trim "$pool/vol"
ok "a snapshot does not wait for it" timeout 100 rbdvol snapshot "$pool/vol@s"
ok "nor does a resize" timeout 100 rbdvol resize "$pool/vol" 80M
wait $trim
is "the trim has given way" $? 1
like "and says what it did" "$(</run/said)" 'after .* were trimmed.*cancelled'
slow_trim --all
ok "nor if it is one of all" timeout 100 rbdvol resize "$pool/vol" 96M
wait $trim
is "as one of all that is not a failure" $? 0
like "but a note" "$(</run/said)" 'note: .*cancelled'
slow_trim "$pool/vol"
refuses "nor a detach, which the mount bars" 5 'mounted on /run/mnt' timeout 100 rbdvol detach "$pool/vol"
wait $trim
ok "all trims are over" test -z "$(rbdvol jobs --json | jq -r '.jobs[] | select(.state == "running" and .verb == "trim").id')"
umount /run/mnt
rbdvol detach "$pool/vol"
rbd snap rm --no-progress "$pool/vol@s"

# --- as the service does it, which systemd stops by SIGTERM ---
rbdvol attach "$pool/vol" >/dev/null
mount "$dev" /run/mnt
slow_trim --all
kill $trim
wait $trim
is "stopped by SIGTERM, it ends by that" $? 143
ok "with its job" test -z "$(rbdvol jobs --json | jq -r '.jobs[] | select(.state == "running" and .verb == "trim").id')"
ok "so that the file system can be unmounted at once" umount /run/mnt
done_testing
