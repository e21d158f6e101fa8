#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/dracut-ng/dracut/issues/684
# Area: boot
# Where: guest
# Found: a keyring that librados finds by ceph.conf, or in another of its places, was left out of the initramfs without a word
# What a boot needs is not found when the initramfs is made; nobody is told, and the next boot ends in a shell.
. "$(dirname -- "$0")/guest-lib.sh"
dir=/run/$pool
mkdir -p "$dir/keys" /etc/rbdvol/rbdvol.conf.d
cp -a /etc/ceph "$dir/ceph"
on_exit "rm -rf /etc/ceph /etc/rbdvol/rbdvol.conf.d/report.conf; cp -a $dir/ceph /etc/ceph; rm -rf $dir"
files() { /usr/libexec/rbdvol/initramfs-files 2>&1; }
anew() {
	rm -rf /etc/ceph /etc/rbdvol/rbdvol.conf.d/report.conf
	cp -a "$dir/ceph" /etc/ceph
}
keyring=/etc/ceph/ceph.client.admin.keyring
like "ceph.conf and the usual keyring" "$(files)" "^/etc/ceph/ceph.conf"$'\n'"$keyring"$'\n'
mv $keyring /etc/ceph/keyring
like "another of the usual places" "$(files)" $'\n/etc/ceph/keyring\n'
anew
mv $keyring "$dir/keys/client.admin"
# shellcheck disable=SC2016 # ceph's word
printf '[client.admin]\nkeyring = %s/keys/$name\n' "$dir" >>/etc/ceph/ceph.conf
like "what ceph.conf says" "$(files)" $'\n'"$dir/keys/client.admin"$'\n'
anew
ceph-authtool -p -n client.admin $keyring >"$dir/keys/key"
rm $keyring
printf '[client]\nkeyfile = %s/keys/key\n' "$dir" >>/etc/ceph/ceph.conf
like "a file with the key alone" "$(files)" $'\n'"$dir/keys/key"$'\n'
anew
mv /etc/ceph/ceph.conf /etc/ceph/backup.conf
mv $keyring /etc/ceph/backup.client.admin.keyring
printf '[rbdvol]\ncluster = backup\n' >/etc/rbdvol/rbdvol.conf.d/report.conf
like "those of another cluster" "$(files)" "^/etc/ceph/backup.conf"$'\n'"/etc/ceph/backup.client.admin.keyring"$'\n'
anew
rm $keyring
printf '[client.admin]\nkeyring = %s/keys/none\n' "$dir" >>/etc/ceph/ceph.conf
ok "without a key it fails" bash -c '! /usr/libexec/rbdvol/initramfs-files'
like "and says so" "$(files)" 'no key of client.admin in any keyring'
anew
rm /etc/ceph/ceph.conf
ok "without ceph.conf, too" bash -c '! /usr/libexec/rbdvol/initramfs-files'
anew
# --- https://github.com/coreos/fedora-coreos-tracker/issues/393: names of monitors ---
like "what names of monitors are looked up in is there" "$(files)" $'\n/etc/hosts\n'
mkdir -p /scripts
on_exit 'rm -rf /scripts /run/net-eth7.conf; mv /run/resolv.conf /etc/resolv.conf'
printf 'configure_networking() { :; }\npanic() { :; }\n' >/scripts/functions
printf 'IPV4DNS0=10.0.0.53\nIPV4DNS1=0.0.0.0\nDNSDOMAIN=example.org\n' >/run/net-eth7.conf
[[ ! -e /etc/resolv.conf && ! -L /etc/resolv.conf ]] || mv /etc/resolv.conf /run/resolv.conf
printf 'root=rbdvol:q systemd.machine_id=x\n' >"$dir/cmdline"
unshare --mount sh -c "mount --bind $dir/cmdline /proc/cmdline; ROOT=rbdvol:q sh /usr/share/initramfs-tools/scripts/local-top/rbdvol" >/dev/null 2>&1
is "and the name servers that DHCP gives are asked" "$(cat /etc/resolv.conf)" 'nameserver 10.0.0.53
search example.org'
done_testing
