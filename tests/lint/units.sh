#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The units: systemd's own check of them, and how much the daemon's sandbox leaves open.
. "$(dirname "$0")/tap.sh"
cd "$top" || exit 1

# What 'systemd-analyze security' says of rbdvold.service in systemd 252, in tenths. The unit tells
# why what is open stays open.
most_exposed=40

if ! command -v systemd-analyze >/dev/null; then
	skip "systemd-analyze verify finds no fault" "no systemd-analyze"
	finish
	exit
fi
units=$(mktemp -d) || exit 1
trap 'rm -rf "$units" "$faults"' EXIT
mkdir "$units/bin"
for program in rbdvold rbdvol; do
	ln -s /bin/true "$units/bin/$program"
done
for unit in systemd/*.in; do
	sed -e "s,@s*bindir@,$units/bin,g" -e 's|@runstatedir@|/run|g' "$unit" >"$units/$(basename "$unit" .in)"
done

# verify DIRECTORY UNIT [DIRECTORIES]: its exit status counts, and what it says of ours or of an order that cannot
# be. DIRECTORIES have systemd's own units; without, this host's, too.
verify()
{
	SYSTEMD_UNIT_PATH=$1:${3-} systemd-analyze verify --man=no "$2" >"$units/said" 2>&1 ||
		echo "systemd-analyze verify ended with $?: $(cat "$units/said")" >>"$faults"
	grep -E -e "$1" -e 'ordering cycle' "$units/said" >>"$faults"
	result "systemd-analyze verify ${2##*/}"
}

for unit in "$units"/*.*; do
	name=$(basename "$unit")
	case $name in
	*@.*) ln "$unit" "$units/${name%@.*}@rbd-web1.${name##*.}"; unit=$units/${name%@.*}@rbd-web1.${name##*.} ;;
	esac
	verify "$units" "$unit"
done

# --- what the generator makes of tables, beside the units ---
generator=${top_builddir:-$top/build}/rbdvol-generator
if [ -x "$generator" ]; then
	made=$units/made
	mkdir "$made"
	cp "$units"/*.service "$units"/*.socket "$made"
	printf 'rbd/db - size=1G\nrbd/db2 rbd/gold nofail,id=x\nrbd/swap - swap\n' >"$units/table"
	printf 'rbd/web /srv/web rbdvol from=rbd/gold,_netdev 0 0\n' >"$units/fstab"
	RBDVOLTAB=$units/table FSTAB=$units/fstab "$generator" "$made" 2>>"$faults"
	find "$made" -name '*.conf' -exec sed -i -E "s,^(Exec[A-Za-z]*=)[^ ]*/rbdvol,\1$units/bin/rbdvol," {} +
	# fstab_mount IMAGE DIRECTORY: of fstab's own line systemd-fstab-generator makes this.
	fstab_mount()
	{
		printf '[Unit]\nBefore=remote-fs.target\n[Mount]\nWhat=rbd/%s\nWhere=%s\nType=rbdvol\nOptions=_netdev\n' \
			"$1" "$2" >"$made/$(echo "${2#/}" | tr / -).mount"
	}
	fstab_mount web /srv/web
	for instance in rbd-db rbd-db2 rbd-swap rbd-web; do
		cp "$units/rbdvol@.service" "$made/rbdvol@$instance.service"
		verify "$made" "$made/rbdvol@$instance.service"
	done
	verify "$made" "$made/srv-web.mount"
	verify "$made" "$made/dev-rbdvol-rbd-swap.swap"

	# On /var and /tmp, which units of systemd need before sysinit.target, as this one does.
	made=$units/early
	mkdir "$made"
	cp "$units"/*.service "$units"/*.socket "$made"
	printf 'rbd/%s %s rbdvol _netdev 0 0\n' var /var lib /var/lib tmp /tmp >"$units/fstab"
	RBDVOLTAB=/dev/null FSTAB=$units/fstab "$generator" "$made" 2>/dev/null
	find "$made" -name '*.conf' -exec sed -i -E "s,^(Exec[A-Za-z]*=)[^ ]*/rbdvol,\1$units/bin/rbdvol," {} +
	fstab_mount var /var
	fstab_mount lib /var/lib
	fstab_mount tmp /tmp
	printf '[Unit]\nDefaultDependencies=no\nBefore=sysinit.target\nRequiresMountsFor=/var/lib/x /tmp\n[Service]\nExecStart=%s\n' \
		"$units/bin/rbdvold" >"$made/first.service"
	for unit in var.mount var-lib.mount tmp.mount first.service; do
		verify "$made" "$made/$unit" /usr/lib/systemd/system:/lib/systemd/system
	done
else
	skip "systemd-analyze verify what the generator makes" "it is not built"
fi

if systemd-analyze security --offline=true --no-pager "$units/rbdvold.service" >"$units/security" 2>/dev/null; then
	tenths=$(sed -nE 's/.*Overall exposure level for .*: ([0-9]+)\.([0-9]).*/\1\2/p' "$units/security")
	echo "# exposure of rbdvold.service: $tenths tenths"
	[ "${tenths:-100}" -le $most_exposed ] || cat "$units/security" >>"$faults"
	result "the daemon's sandbox is as tight as it was"
else
	skip "the daemon's sandbox is as tight as it was" "this systemd-analyze cannot say"
fi
finish
