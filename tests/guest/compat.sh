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
refuses "what is mapped has no blank" 2 "cannot be mapped: the image has a blank" rbdvol attach "$pool/Debian 12"
refuses "before a clone is made" 2 "cannot be mapped: the image has a blank" \
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

# --- an image and a namespace of one name ---
rbd namespace create $pool/both
rbd create --size 8M $pool/both
rbd create --size 8M $pool/both/inside
link=$(rbdvol attach $pool/both)
inside=$(rbdvol attach $pool/both/inside 2>/run/said)
like "the second has its link by ids" "$inside" "^/dev/rbdvol/by-id/.*-$(rbd info $pool/both/inside --format json | jq -r .id)\$"
like "and a note says why" "$(cat /run/said)" "there is no /dev/rbdvol/$pool/both/inside: an image and a namespace of the same name"
is "a repetition has the same answer" "$(rbdvol attach $pool/both/inside 2>/dev/null)" "$inside"
ok "by which it is detached" rbdvol detach "$inside"
ok "and the first" rbdvol detach "$link"
inside=$(rbdvol attach $pool/both/inside)
is "the other way round the namespace has its directory" "$inside" /dev/rbdvol/$pool/both/inside
like "and the image the other link" "$(rbdvol attach $pool/both 2>/dev/null)" '^/dev/rbdvol/by-id/'
ok "both are detached" rbdvol detach $pool/both $pool/both/inside

# --- mirroring and migration ---
rbd create --size 32M $pool/dr
rbd snap create --no-progress $pool/dr@s
rbd mirror pool enable $pool image
rbd mirror image enable $pool/dr snapshot >/dev/null
rbd mirror image demote $pool/dr >/dev/null
refuses "an image that is not primary is not written" 9 \
	"$pool/dr is mirrored, and not the primary image.*--read-only.*rbd mirror image promote $pool/dr" rbdvol attach $pool/dr
is "but read" "$(rbdvol attach $pool/dr --read-only 2>/dev/null)" /dev/rbdvol/$pool/dr
is "and so is its snapshot" "$(rbdvol attach $pool/dr@s 2>/dev/null)" /dev/rbdvol/$pool/dr@s
ok "they are detached" rbdvol detach $pool/dr $pool/dr@s
is "a clone of that can be made" "$(rbdvol attach $pool/copy --from $pool/dr 2>/dev/null)" /dev/rbdvol/$pool/copy
rbdvol detach $pool/copy
rbd create --size 32M $pool/dr2
rbd mirror image enable $pool/dr2 snapshot >/dev/null
rbd mirror image demote $pool/dr2 >/dev/null
for verb in "snapshot $pool/dr2@x" "resize $pool/dr2 64M" "sparsify $pool/dr2" "attach $pool/copy2 --from $pool/dr2"; do
	# shellcheck disable=SC2086
	refuses "$verb: the reason is the mirroring" 9 "not the primary image.*rbd mirror image promote $pool/dr2" rbdvol $verb
done
for image in dr dr2; do
	rbd mirror image promote --force $pool/$image >/dev/null
	rbd mirror image disable $pool/$image >/dev/null
done
rbd mirror pool disable $pool
rbd create --size 32M --image-feature layering,exclusive-lock,journaling $pool/journal
rbd snap create --no-progress $pool/journal@s
refuses "a journaled image is not written" 9 "features journaling.*rbd feature disable $pool/journal journaling, or attach it with --read-only" \
	rbdvol attach $pool/journal
is "but read" "$(rbdvol attach $pool/journal --read-only)" /dev/rbdvol/$pool/journal
is "and so is its snapshot" "$(rbdvol attach $pool/journal@s)" /dev/rbdvol/$pool/journal@s
ok "they are detached" rbdvol detach $pool/journal $pool/journal@s
rbd create --size 32M $pool/old
rbd migration prepare $pool/old $pool/moved
for how in "" --read-only; do
	# shellcheck disable=SC2086
	refuses "what migrates is not mapped $how" 9 "under migration.*rbd migration execute $pool/moved" rbdvol attach $pool/moved $how
done
refuses "nor deleted" 5 "migrated|migration" rbdvol delete $pool/moved
rbd migration abort --no-progress $pool/moved 2>/dev/null

# --- errors have words ---
refuses "a size for no object map" 2 'too large for an object map.*smaller size' rbdvol create $pool/huge --size 64P
rbd snap limit set --limit 1 $pool/old
rbdvol snapshot $pool/old@one >/dev/null
refuses "a limit of snapshots" 10 'as many snapshots as were allowed.*rbd snap limit' rbdvol snapshot $pool/old@two
rbd config pool set $pool rbd_default_data_pool nosuch
refuses "no such data pool" 3 'no such data pool.*rbd_default_data_pool' rbdvol create $pool/nodata --size 8M
rbd config pool rm $pool rbd_default_data_pool
rbd config pool set $pool rbd_default_features 8
refuses "features without what they need" 1 'features, object size and striping do not go together' rbdvol create $pool/nofeature --size 8M
rbd config pool rm $pool rbd_default_features
ceph osd pool create ${pool}snaps 8 2>/dev/null
ceph osd pool application enable ${pool}snaps rbd 2>/dev/null
ceph osd pool mksnap ${pool}snaps one 2>/dev/null
refuses "a pool with snapshots of its own" 9 'snapshots of its own.*take another' rbdvol create ${pool}snaps/x --size 8M
refuses "not for clones either" 9 'snapshots of its own' rbdvol create ${pool}snaps/x --from $pool/conf
ceph osd pool rm ${pool}snaps ${pool}snaps --yes-i-really-really-mean-it 2>/dev/null

done_testing
