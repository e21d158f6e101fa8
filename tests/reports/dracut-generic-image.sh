#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/stratis-storage/stratisd/issues/2893
# Area: boot
# Where: guest
# Found: on a host that had booted from a volume, dracut with hostonly=no left the module out without a word
# After a kernel update the initramfs is made anew without the module that the root needs.
. "$(dirname -- "$0")/guest-lib.sh"
module=/usr/lib/dracut/modules.d/95rbdvol/module-setup.sh
mkdir -p "/run/$pool"
check() { # COMMAND-LINE HOSTONLY: 0, it is taken; 255, only where it is asked for
	echo "$1" >"/run/$pool/cmdline"
	# shellcheck disable=SC2016
	hostonly=$2 unshare --mount bash -c 'mount --bind "$1" /proc/cmdline; require_binaries() { :; }; . "$2"; check' \
		- "/run/$pool/cmdline" $module
	echo $?
}
is "a host that has booted so gets it" "$(check 'root=rbdvol:roots/x ip=dhcp' y)" 0
is "also in a generic image" "$(check 'root=rbdvol:roots/x ip=dhcp' '')" 0
is "and with quotes" "$(check 'root="rbdvol:roots/x"' '')" 0
is "another host does not" "$(check 'root=/dev/sda1' '')" 255
grep -q . /usr/share/initramfs-tools/conf-hooks.d/rbdvol
taken() { # COMMAND-LINE: what initramfs-tools' hook makes of it
	echo "$1" >"/run/$pool/cmdline"
	# shellcheck disable=SC2016
	unshare --mount sh -c 'mount --bind "$1" /proc/cmdline; . "$2"; echo "$RBDVOL $UMASK"' - "/run/$pool/cmdline" \
		/usr/share/initramfs-tools/conf-hooks.d/rbdvol
}
is "initramfs-tools likewise, for root alone" "$(taken 'root="rbdvol:roots/x"')" 'y 0077'
is "and else not" "$(taken 'root=/dev/sda1')" ' '
done_testing
