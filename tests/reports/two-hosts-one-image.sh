#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/kubernetes/kubernetes/issues/10462
# Area: holds
# Where: hosts
# Found: right
# Two hosts map and mount one image, each for writing, and the file system is lost: the image's exclusive lock is handed
# over politely. The second host must be refused, with the first one's name, and the first must not notice.
. "$(dirname -- "$0")/hosts-lib.sh"
rbd create --size 64M "$pool/data"
dev=$(on a rbdvol attach "$pool/data")
on a --sh "mkfs.ext4 -q $dev && mkdir -p /run/m && mount $dev /run/m && echo first >/run/m/file && sync"
on_exit 'on a umount /run/m'
refuses "the second host is refused" 6 "$(on a hostname)" on b rbdvol attach "$pool/data"
is "nothing is mapped there" "$(on b --sh 'ls /sys/bus/rbd/devices')" ''
ok "the first goes on writing" on a --sh 'echo second >>/run/m/file && sync'
ok "the second may read" on b rbdvol attach "$pool/data" --read-only
on b rbdvol detach "$pool/data"
on a umount /run/m
on a rbdvol detach "$pool/data"
dev=$(on b rbdvol attach "$pool/data")
is "and has it when the first lets go" "$(on b --sh "mkdir -p /run/m; mount $dev /run/m && tail -n 1 /run/m/file; umount /run/m")" second
done_testing
