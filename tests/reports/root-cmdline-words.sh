#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/dracutdevs/dracut/issues/720
# Area: boot
# Where: guest
# Found: blanks inside of quotes parted words, so that a debug option's "size=1K" was the root's; words behind -- counted
# Words of the kernel's command line may have quotes around blanks; scripts that split it at each blank take it apart.
. "$(dirname -- "$0")/guest-lib.sh"
. "$(dirname -- "$0")/boot-lib.sh"

called() { # COMMAND-LINE: how rbdvol is called, without the time it tries
	fake_host
	fake_nic eth0 52:54:00:00:00:a1
	attach_root "$1" >/dev/null
	sed -E 's/<--retry><[0-9]+>//' "$fake/called"
}
is "words inside of quotes are not the volume's" \
	"$(called 'dyndbg="file drivers/block/rbd.c size=1K from=nowhere +p" root=rbdvol:q rbdvol.from=golden quiet')" \
	'<attach><--from><golden><--><q>'
is "quotes around a value are taken off" "$(called 'root="rbdvol:q" rbdvol.from="golden"')" '<attach><--from><golden><--><q>'
is "and around a whole word" "$(called '"root=rbdvol:q" "rbdvol.pool=a b"')" '<attach><--pool><a b><--><q>'
is "of two roots the last one counts" "$(called 'root=rbdvol:old root=rbdvol:new')" '<attach><--><new>'
is "what is behind -- is init's" "$(called 'root=rbdvol:q rbdvol.size=2G -- size=1K rbdvol.steal')" '<attach><--size><2G><--><q>'
is "tabs and newlines part words" "$(called $'root=rbdvol:q\tfrom=golden\nsize=2G')" '<attach><--from><golden><--size><2G><--><q>'
done_testing
