#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/velero-io/velero/issues/2113
# Area: trim
# Where: guest
# Found: right
# A backup freezes a file system, takes its snapshot and thaws it. What touches the file system meanwhile hangs until then.
. "$(dirname -- "$0")/guest-lib.sh"
rbdvol create "$pool/vol" --size 64M
dev=$(rbdvol attach "$pool/vol")
mkfs.ext4 -q -E nodiscard "$dev"
mkdir -p /run/mnt
mount "$dev" /run/mnt
on_exit 'fsfreeze -u /run/mnt; umount /run/mnt'
echo content >/run/mnt/file
fsfreeze -f /run/mnt
ok "a snapshot is taken at once" timeout 30 rbdvol snapshot "$pool/vol@frozen"
like "list and show answer" "$(timeout 30 rbdvol list; timeout 30 rbdvol show "$pool/vol")" /run/mnt
refuses "a detach names the mount" 5 /run/mnt timeout 30 rbdvol detach "$pool/vol"
timeout -s KILL 20 rbdvol trim "$pool/vol" --timeout 5 >/run/said 2>&1
ok "a trim ends, or says that it goes on" test $? != 137
ok "and keeps nobody from the volume" timeout 30 rbdvol snapshot "$pool/vol@second"
fsfreeze -u /run/mnt
ok "thawed, it is written" touch /run/mnt/after
ok "and trimmed" timeout 60 rbdvol trim "$pool/vol"
umount /run/mnt
copy=$(rbdvol attach "$pool/vol@frozen")
mount -o ro,noload "$copy" /run/mnt
is "the snapshot has all of it, without a journal to be replayed" "$(cat /run/mnt/file; dumpe2fs -h "$copy" 2>/dev/null | grep -c needs_recovery)" $'content\n0'
umount /run/mnt
rbdvol detach "$pool/vol@frozen"
done_testing
