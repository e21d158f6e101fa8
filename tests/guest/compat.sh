#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What users and other tools have made before: names with blanks, parents that were renamed, Ceph's
# configuration of pools and images, kernels that are older or newer than their version says.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=compat

cleanup() {
	umount /srv/compat 2>/dev/null
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_over "$pool"
}
trap cleanup EXIT

config_info() { # LINK: what the kernel was given
	cat "/sys/bus/rbd/devices/$(basename "$(readlink -f "$1")" | tr -dc 0-9)/config_info"
}

add_lines() { # how many lines were given to the kernel so far
	dmesg | grep -c 'rbd: Unknown parameter'
}

pool_create $pool
daemon_start

# --- names ---
rbd create --size 32M "$pool/Debian 12"
rbd snap create --no-progress "$pool/Debian 12@before upgrade"
link=$(rbdvol attach $pool/web --from "$pool/Debian 12" 2>/run/said)
is "a parent with a blank is cloned" "$link" /dev/rbdvol/$pool/web
like "its snapshot is reused" "$(cat /run/said)" "cloned from $pool/Debian 12@before upgrade .reused."
is "so it is by its name" "$(rbdvol attach $pool/web --from "$pool/Debian 12@before upgrade")" "$link"
is "the API has the name" "$(rbdvol show $pool/web --json | jq -r .parent)" "$pool/Debian 12@before upgrade"
ok "tree shows it" grep -q "Debian 12" <(rbdvol tree "$pool/Debian 12")
ok "list shows it" jq -e ".volumes[] | select(.volume == \"$pool/Debian 12\")" <(rbdvol list --all --json)
rbdvol flatten $pool/web 2>/dev/null
is "flattened, the same command has the same answer" "$(rbdvol attach $pool/web --from "$pool/Debian 12")" "$link"
rbdvol detach $pool/web
refuses "what is mapped has no blank" 2 "can't be mapped: the image has a blank" rbdvol attach "$pool/Debian 12"
refuses "before a clone is made" 2 "can't be mapped: the image has a blank" \
	rbdvol attach "$pool/my web" --from "$pool/Debian 12"
is "so none is" "$(rbd ls $pool | grep -c my)" 0
like "an image for others may have one" "$(rbdvol create "$pool/for others" --size 8M 2>&1)" 'note: .*has a blank'
ok "and is deleted by its name" rbdvol delete "$pool/for others"
mkdir -p /srv/compat
rbdvol create $pool/fs --size 32M && mkfs.ext4 -q "$(rbdvol attach $pool/fs)"
rbdvol detach $pool/fs
rbd rename $pool/fs "$pool/fs golden"
printf '%s\n' "$pool/mounted /srv/compat rbdvol from=$pool/fs\\040golden,_netdev 0 0" >/etc/fstab
ok "in fstab the blank is \\040" mount /srv/compat
ok "it is mounted" mountpoint -q /srv/compat
umount /srv/compat
rbdvol detach $pool/mounted 2>/dev/null
printf '%s\n' "$pool/tab $pool/fs\\040golden noauto" "$pool/t\\040b - noauto" >/etc/rbdvoltab
generator=/usr/lib/systemd/system-generators/rbdvol-generator
mkdir -p /run/g && $generator /run/g /run/g /run/g 2>/run/said
like "so it is in rbdvoltab" "$(cat /run/g/rbdvol@*tab*.service.d/*.conf /run/g/*tab* 2>/dev/null)" "fs golden"
rm -f /etc/rbdvoltab
: >/etc/fstab

# --- the golden image of last month ---
rbd create --size 32M $pool/golden
rbdvol attach $pool/month --from $pool/golden >/dev/null 2>&1
rbdvol detach $pool/month
rbd rename $pool/golden $pool/golden-2026-11
ok "a clone of a renamed parent is attached by the same command" rbdvol attach $pool/month --from $pool/golden
ok "and by its new name" rbdvol attach $pool/month --from $pool/golden-2026-11
rbd create --size 32M $pool/golden
ok "also when another image has the old name" rbdvol attach $pool/month --from $pool/golden
refuses "another parent is another" 4 'clone of .*golden-2026-11' rbdvol attach $pool/month --from "$pool/Debian 12"
rbdvol detach $pool/month
rbdvol flatten $pool/month 2>/dev/null
ok "flattened, it is known by its new name too" rbdvol attach $pool/month --from $pool/golden-2026-11
rbdvol detach $pool/month

# --- Ceph's configuration ---
rbd config pool set $pool rbd_default_features 1
rbd config pool set $pool rbd_default_order 20
rbdvol create $pool/conf --size 8M
is "features and order of the pool" "$(rbd info $pool/conf --format json | jq -c '[.features, .order]')" '[["layering"],20]'
rbd config pool rm $pool rbd_default_features
rbd config pool rm $pool rbd_default_order
ceph config set client rbd_default_stripe_unit 65536
ceph config set client rbd_default_stripe_count 4
ceph config set client rbd_default_map_options queue_depth=33,share
ok "the monitors' configuration arrives" timeout 60 bash -c \
	"until rbdvol create $pool/striped --size 8M && [[ \$(command rbd info $pool/striped --format json | jq .stripe_count) == 4 ]]; do
		rbdvol delete $pool/striped; sleep 0.2; done"
link=$(rbdvol attach $pool/striped 2>/run/said)
like "map options of the monitors" "$(config_info "$link")" ',queue_depth=33'
like "but what rbdvol decides" "$(cat /run/said)" 'without share of .rbd_default_map_options.'
rbdvol detach $pool/striped
rbd config pool set $pool rbd_default_map_options queue_depth=34
like "of the pool" "$(config_info "$(rbdvol attach $pool/striped)")" ',queue_depth=34'
rbdvol detach $pool/striped
rbd config image set $pool/striped rbd_default_map_options queue_depth=35,crc
like "of the image" "$(config_info "$(rbdvol attach $pool/striped)")" ',queue_depth=35'
rbdvol detach $pool/striped
like "the user's come first" "$(config_info "$(rbdvol attach $pool/striped -o nocrc)")" ',nocrc,queue_depth=35,[^c]'
rbdvol detach $pool/striped
rbd config image set $pool/striped rbd_default_map_options queue_deep=1
refuses "a bad one is told with its place" 2 "'rbd_default_map_options' of Ceph's configuration: .*queue_deep" \
	rbdvol attach $pool/striped
rbd config image rm $pool/striped rbd_default_map_options
rbd config pool rm $pool rbd_default_map_options
for option in rbd_default_stripe_unit rbd_default_stripe_count rbd_default_map_options; do
	ceph config rm client $option
done

# --- kernels that know more, or less, than their version says ---
daemon_stop
gcc -Wall -shared -fPIC -o /run/old-kernel.so "$top_srcdir/tests/guest/old-kernel.c" -ldl || bail_out "no compiler"
OLD_KERNEL=4.18.0-553.el8.x86_64 LD_PRELOAD=/run/old-kernel.so daemon_start
info=$(config_info "$(rbdvol attach $pool/conf -o rxbounce)")
like "an option that was taken into an older kernel is used" "$info" ',rxbounce'
like "so are the defaults" "$info" ',ms_mode=prefer-crc.*,alloc_size=.*,abort_on_full'
rbdvol detach $pool/conf
daemon_stop
OLD_KERNEL=4.18.0 OLD_KERNEL_LACKS=ms_mode,alloc_size LD_PRELOAD=/run/old-kernel.so daemon_start
before=$(add_lines)
info=$(config_info "$(rbdvol attach $pool/conf)")
like "what such a kernel lacks is left out" "$info" '^10\.99\.0\.1:6789 .*rw,noshare,lock_timeout=30,mount_timeout=30 '
is "after one try" $(($(add_lines) - before)) 1
rbdvol detach $pool/conf
refuses "but not what was asked for" 9 "kernel does not know the map option 'ms_mode'" rbdvol attach $pool/conf -o ms_mode=crc
daemon_stop
daemon_start

done_testing
