#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In dracut's initramfs, sourced while it reads the command line: root=rbdvol:VOLUME waits for a network,
# then /sbin/rbdvolroot makes /dev/root of it.
[ -n "${root-}" ] || root=$(getarg root=)
case $root in
rbdvol:*)
	# shellcheck disable=SC2034 # dracut's
	netroot=$root
	root=block:/dev/root
	# shellcheck disable=SC2034 # dracut's
	rootok=1
	# shellcheck disable=SC2154 # dracut's
	echo '[ -e /dev/root ]' >"$hookdir/initqueue/finished/rbdvolroot.sh"
	;;
esac
