#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# configure on a machine that lacks libraries: it names all of them at once, with Debian's packages.
. "$(dirname "$0")/tap.sh"

build=$(mktemp -d) || exit 1
trap 'rm -rf "$build" "$faults"' EXIT
top=$(cd "$top" && pwd) && cd "$build" || exit 1

# Each library that configure.ac asks for, and the package that brings it.
wanted()
{
	sed -nE 's/^RBDVOL_(PKG|LIB)\(.*\[([a-z0-9-]+)\]\)$/\2/p' "$top/configure.ac"
}

said=$(PKG_CONFIG_LIBDIR=$build PKG_CONFIG_PATH='' ac_cv_lib_rados_rados_wait_for_latest_osdmap=no \
	ac_cv_lib_rbd_rbd_namespace_exists=no "$top/configure" 2>&1) && echo "configure went on" >>"$faults"
[ "$(wanted | wc -l)" -ge 12 ] || echo "packages read: $(wanted | wc -l)" >>"$faults"
for package in $(wanted); do
	echo "$said" | grep -q "(Debian package $package)" || echo "$package is not named" >>"$faults"
done
result "configure names each library that is missing, and its Debian package"
finish
