# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For a report of the initramfs that needs no boot: attach-root with a command line, network devices and firmware that are
# made up, and with programs in the place of rbdvol and rbdvold that note how they were called. Sourced after guest-lib.sh.
# shellcheck disable=SC2154 # pool, of guest-lib.sh

fake=/run/fake-$pool

# Anew: a host without any network device or firmware, where rbdvol ends with these STATUSes, one after the other, the last
# one again and again.
fake_host() { # [STATUS...]
	rm -rf "$fake"
	mkdir -p "$fake"/{bin,class/net,class/dmi/id}
	printf '%s\n' "${@:-0}" >"$fake/statuses"
	: >"$fake/called"
	touch "$fake/machine-id" "$fake/cmdline"
	printf '#!/bin/sh\nexec sleep 600\n' >"$fake/bin/rbdvold"
	cat >"$fake/bin/rbdvol" <<-END
		#!/bin/bash
		printf '<%s>' "\$@" >>$fake/called
		echo >>$fake/called
		read -r status <$fake/statuses
		[[ \$(wc -l <$fake/statuses) == 1 ]] || sed -i 1d $fake/statuses
		[[ \$status != 0 ]] || echo /dev/null
		exit "\$status"
	END
	chmod +x "$fake"/bin/*
	on_exit "rm -rf $fake"
}

fake_nic() { # NAME ADDRESS [virtual|random]
	mkdir -p "$fake/class/net/$1"
	echo "$2" >"$fake/class/net/$1/address"
	echo 1 >"$fake/class/net/$1/type"
	echo 0 >"$fake/class/net/$1/addr_assign_type"
	[[ ${3-} != random ]] || echo 1 >"$fake/class/net/$1/addr_assign_type"
	[[ ${3-} == virtual ]] || mkdir "$fake/class/net/$1/device"
}

fake_uuid() { # TEXT
	echo "$1" >"$fake/class/dmi/id/product_uuid"
}

attach_root() { # COMMAND-LINE
	printf '%s\n' "$1" >"$fake/cmdline"
	[[ -e /etc/machine-id ]] || : >/etc/machine-id
	# shellcheck disable=SC2016,SC2097,SC2098
	fake=$fake PATH=$fake/bin:$PATH timeout 60 unshare --mount sh -c 'mount --bind "$fake/cmdline" /proc/cmdline &&
		mount --bind "$fake/class" /sys/class && mount --bind "$fake/machine-id" /etc/machine-id &&
		exec /usr/libexec/rbdvol/attach-root'
}

# The id that attach-root gives a host, whose hold has it.
identity() { # [COMMAND-LINE-WORDS]
	attach_root "root=rbdvol:q ${1-}" >/dev/null 2>&1
	cat "$fake/machine-id"
}
