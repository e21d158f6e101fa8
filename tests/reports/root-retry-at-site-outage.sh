#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/open-iscsi/open-iscsi/issues/304
# Area: boot
# Where: guest
# Found: the initramfs gave up after a minute, and each host waited in a shell for somebody to come
# After a power cut of the whole site the clients boot faster than the storage.
. "$(dirname -- "$0")/guest-lib.sh"
. "$(dirname -- "$0")/boot-lib.sh"

fake_host 7 7 7 0
fake_nic eth0 52:54:00:00:00:a1
ok "it goes on for as long as the cluster cannot be reached" attach_root root=rbdvol:q
is "asking again each time" "$(grep -c '<attach>' "$fake/called")" 4
fake_host 7 7 0
fake_nic eth0 52:54:00:00:00:a1
ok "rbdvol.retry= bounds it" test "$(attach_root 'root=rbdvol:q rbdvol.retry=5' >/dev/null; echo $?)" = 7
is "by the time that rbdvol tries" "$(cat "$fake/called")" '<attach><--retry><5><--><q>'
fake_host 3 0
fake_nic eth0 52:54:00:00:00:a1
ok "what waiting cannot mend ends it at once" test "$(attach_root root=rbdvol:q >/dev/null; echo $?)" = 3
fake_host 7
fake_nic eth0 52:54:00:00:00:a1
printf '#!/bin/sh\nexit 2\n' >"$fake/bin/rbdvold"
ok "and so does a rbdvold that does not start" test "$(attach_root root=rbdvol:q >/dev/null 2>&1; echo $?)" = 7
done_testing
