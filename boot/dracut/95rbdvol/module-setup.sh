#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# dracut: what the boot with root=rbdvol:VOLUME needs, see rbdvol-root(7). Only where it is asked for
# (add_dracutmodules+=" rbdvol "), or where this host has booted so: the key of the cluster is in it.

check() {
	require_binaries rbdvol rbdvold || return 1
	grep -qE 'root="?rbdvol:' /proc/cmdline && return 0
	return 255
}

depends() {
	echo network rootfs-block
}

installkernel() {
	instmods rbd libceph crc32c_generic cbc aes_generic aesni_intel hmac sha256_generic gcm ghash_generic ctr
}

install() {
	local file files
	files=$(/usr/libexec/rbdvol/initramfs-files) || {
		derror "rbdvol: this host cannot boot from the image that is being made; above is why"
		return 1
	}
	inst_multiple rbdvol rbdvold cat /usr/lib/udev/rbdvol-udev /usr/libexec/rbdvol/attach-root
	inst_rules 59-rbdvol.rules 98-rbdvol.rules
	for file in $files; do
		inst_simple "$file"
	done
	# shellcheck disable=SC2154 # dracut's
	inst_hook cmdline 90 "$moddir/parse-rbdvol.sh"
	inst_script "$moddir/rbdvolroot.sh" /sbin/rbdvolroot
	if dracut_module_included systemd-initrd; then
		# shellcheck disable=SC2154 # dracut's
		inst_script "$moddir/rbdvol-generator.sh" "$systemdutildir/system-generators/dracut-rbdvol-generator"
	fi
	dracut_need_initqueue
}
