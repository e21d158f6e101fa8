#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph/pull/40844
# Area: systemd
# Where: systemd
# Found: right
# rbdmap maps all images at boot one after the other, in one service: an image that cannot be mapped holds up or fails the
# others. Each volume must be on its own.
. "$(dirname -- "$0")/systemd-lib.sh"
rbd create --size 64M "$pool/good"
guest --sh "dev=\$(rbdvol attach $pool/good) && mkfs.ext4 -q \$dev && rbdvol detach $pool/good
	mkdir -p /srv/good /srv/gone
	printf '%s\n' '$pool/gone /srv/gone rbdvol _netdev,nofail 0 0' '$pool/good /srv/good rbdvol _netdev,nofail 0 0' >/etc/fstab
	systemctl daemon-reload"
guest --sh 'systemctl start srv-gone.mount srv-good.mount' 2>/dev/null
ok "the volume that is there is mounted" guest mountpoint -q /srv/good
ok "the other one is not" guest --sh '! systemctl --quiet is-active srv-gone.mount'
like "its service says why, by name" "$(guest journalctl -b --no-pager -o cat -u 'rbdvol@*')" "no image '$pool/gone'"
ok "it is unmounted" guest systemctl stop srv-good.mount
done_testing
