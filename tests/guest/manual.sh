#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What README and the manuals show can be typed, and does what they say. The examples are read from their text. Those of
# containers need images of a registry: podman.sh and dockerd.sh do the same with an image of their own.
. "$top_srcdir/tests/lab/tap.sh"
in_guest "$@"
trap 'umount -a -t ext4,xfs; rbdvol list --json | jq -r ".volumes[].device" | xargs -r rbdvol detach >&2; daemon_stop
	pool_over fast; pool_over vms' EXIT

# The commands of a text's examples: what comes behind a prompt, without scdoc's line breaks.
commands() { # FILE
	sed -nE '/^# EXAMPLE/,/^# SEE/ s/^\t?# ((rbdvol|mount|umount) .*[^+])(\+\+)?$/\1/p' "$1"
}

commands_of_readme() {
	sed -nE '/^Use it on a host/,/^Docker and Podman/ s/^    ((rbdvol|mount|umount) [^#]*[^# ]).*/\1/p' "$top_srcdir/README"
}

golden() { # partitioned|whole: rbd/golden, with a file system
	local device
	rbd info rbd/golden >/dev/null 2>&1 && rbd snap purge --no-progress rbd/golden && rbd rm --no-progress rbd/golden
	rbd create --size 64M rbd/golden
	device=$(rbdvol attach golden)
	if [[ $1 == partitioned ]]; then
		echo 'size=48M' | sfdisk -q --label gpt "$device" >&2
		udevadm settle
		mkfs.ext4 -q "$device-part1"
	else
		mkfs.ext4 -q "$device"
	fi
	rbdvol detach golden
}

# The lines of fstab in the manual's examples.
fstab_lines() {
	sed -nE '/^# EXAMPLE/,/^# SEE/ s/^(rbd.* 0 0)$/\1/p' "$top_srcdir/man/mount.rbdvol.8.scd"
}

run_all() { # WHAT
	local command
	while read -r command; do
		ok "$1: $command" bash -c "$command"
	done
}

pool_create fast
pool_create vms
daemon_start
mkdir -p /srv/web /srv/web1 /srv/data /mnt/old

golden partitioned
ok "rbdvol(8) has examples" test "$(commands "$top_srcdir/man/rbdvol.8.scd.in" | wc -l)" -ge 7
run_all "rbdvol(8)" < <(commands "$top_srcdir/man/rbdvol.8.scd.in")
ok "README has commands" test "$(commands_of_readme | wc -l)" -ge 7
rbdvol detach fast/db1
rbdvol delete fast/db1
# The last two are alternatives: the second makes the first one's volume go.
run_all README < <(commands_of_readme)

golden whole
rbd create --size 64M rbd/home
mkfs.ext4 -q "$(rbdvol attach home)"
rbdvol detach home
rbd snap create --no-progress rbd/home@monday
ok "mount.rbdvol(8) has lines of fstab" test "$(fstab_lines | wc -l)" = 3
while read -r what where type options rest; do
	ok "mount.rbdvol(8): $what $where $type $options $rest" mount -t "$type" -o "$options" "$what" "$where"
	ok "$where is mounted" mountpoint -q "$where"
	ok "$where is unmounted" umount "$where"
done < <(fstab_lines)

table=$(sed -nE '/^# EXAMPLE/,/^# SEE/ s/^(vms.*)$/\1/p' "$top_srcdir/man/rbdvoltab.5.scd")
echo "$table" >/run/table
mkdir -p /run/units/{normal,early,late}
: >/run/fstab
is "rbdvoltab(5): nothing is wrong with its lines" \
	"$(FSTAB=/run/fstab RBDVOLTAB=/run/table SYSTEMD_LOG_TARGET=console \
		/usr/lib/systemd/system-generators/rbdvol-generator /run/units/normal /run/units/early /run/units/late 2>&1)" ''
is "each is a unit" "$(find /run/units/normal -name 'rbdvol@*.service' | sed 's,.*/,,' | sort -u | wc -l)" 3

getent passwd deploy >/dev/null || useradd deploy
getent group storage >/dev/null || groupadd storage
ceph auth get-or-create client.web mon 'profile rbd' osd 'profile rbd' >/etc/ceph/ceph.client.web.keyring
sed -n '/^# EXAMPLE/,/^# SEE/p' "$top_srcdir/man/rbdvol.conf.5.scd" | sed -n '/^```$/,/^```$/p' | grep -v '^```$' >/run/conf
(exec rbdvold --foreground --config /run/conf --socket /run/example.sock >/run/example.log 2>&1) &
example=$!
ok "rbdvol.conf(5): rbdvold takes it" timeout 120 bash -c \
	'until rbdvol --socket /run/example.sock jobs >/dev/null 2>&1; do kill -0 '"$example"' || exit 1; sleep 0.1; done'
kill "$example"
wait "$example"
done_testing
