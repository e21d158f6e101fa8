#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/systemd/systemd/issues/25888
# Area: boot
# Where: guest
# Found: a user or group in allow-change that the host does not know kept rbdvold from starting, in an initramfs too
# Users of LDAP are unknown early at boot, and an initramfs has none at all.
. "$(dirname -- "$0")/guest-lib.sh"
dir=/run/$pool
mkdir -p "$dir"
printf '[rbdvol]\nallow-change = nosuchuser later @nosuchgroup\n' >"$dir/conf"
(exec setsid rbdvold --foreground --config "$dir/conf" --socket "$dir/api.sock" >"$dir/log" 2>&1 </dev/null) &
daemon=$!
on_exit "kill $daemon; rm -rf $dir"
export RBDVOL_SOCKET=$dir/api.sock
ok "rbdvold starts" wait_for 60 rbdvol jobs
like "and warns of each" "$(<"$dir/log")" "no user 'nosuchuser'.*no group 'nosuchgroup'"
chmod 666 "$RBDVOL_SOCKET" # what follows is not about its mode
ask() { # UID
	setpriv --reuid "$1" --regid "$1" --clear-groups rbdvol create "$pool/vol$1" --size 8M
}
refuses "the name gives nobody a right" 8 'may not change volumes' ask 4711
cp /etc/passwd "$dir/passwd"
on_exit "cp $dir/passwd /etc/passwd"
echo 'later:x:4711:4711::/:/bin/sh' >>/etc/passwd
ok "when the host knows the user, it counts" ask 4711
refuses "for that user alone" 8 'may not change volumes' ask 4712
refuses "a number that none can have is refused" 2 "no user '4294967295'" rbdvold --config <(printf '[rbdvol]\nallow-change = 4294967295\n') --files
done_testing
