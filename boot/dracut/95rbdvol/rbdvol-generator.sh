#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In dracut's initramfs with systemd: /dev/root, which rbdvolroot makes, is mounted as the root.
command -v getarg >/dev/null || . /lib/dracut-lib.sh
case $(getarg root=) in
rbdvol:*) ;;
*) exit 0 ;;
esac
flags=$(getarg rootflags=)
type=$(getarg rootfstype=)
if getargbool 0 rw; then
	flags=${flags:+$flags,}rw
else
	flags=${flags:+$flags,}ro
fi
mkdir -p "$2/initrd-root-fs.target.requires"
cat >"$2/sysroot.mount" <<END
[Unit]
Before=initrd-root-fs.target
[Mount]
Where=/sysroot
What=/dev/root
Type=${type:-auto}
Options=$flags
END
# It comes when the network and the cluster are there: rbdvolroot knows when to give up, not systemd.
mkdir -p "$2/dev-root.device.d"
cat >"$2/dev-root.device.d/timeout.conf" <<END
[Unit]
JobTimeoutSec=infinity
JobRunningTimeoutSec=infinity
END
ln -sf ../sysroot.mount "$2/initrd-root-fs.target.requires/sysroot.mount"
