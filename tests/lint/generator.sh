#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# rbdvol-generator as systemd runs it, but for its tables and its directories: what it makes, and what it
# says of lines that it cannot serve.
. "$(dirname "$0")/tap.sh"
generator=${top_builddir:-$top/build}/rbdvol-generator
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work" "$faults"' EXIT

# The generator with what is in $work/voltab and $work/fstab.
generate()
{
	rm -rf "$work/units"
	mkdir "$work/units"
	RBDVOLTAB=$work/voltab FSTAB=$work/fstab timeout 30 "$generator" "$work/units" 2>"$work/said" ||
		echo "it ended with $?" >>"$faults"
}

# said TEXT
said()
{
	grep -qF "$1" "$work/said" || echo "'$1' was not said, but: $(cat "$work/said")" >>"$faults"
}

# has FILE TEXT: below the units, a file with this line.
has()
{
	grep -qxF "$2" "$work/units/$1" || echo "$1 has no line '$2', but: $(cat "$work/units/$1" 2>&1)" >>"$faults"
}

if [ ! -x "$generator" ]; then
	skip "the generator" "it is not built"
	finish
	exit
fi

# --- what it cannot serve ---
cat >"$work/voltab" <<END
p/one
p/two - frobnicate
db gold from=silver
p/one - nofail
p/three - steal
END
cat >"$work/fstab" <<END
p/a /srv/a rbdvol _netdev,part=x 0 0
p/b /srv/b rbdvol _netdev,mkfs=../y 0 0
p/c srv/c rbdvol _netdev 0 0
p/d /srv/d rbdvol _netdev,from=g,from=h 0 0
rbd/e /srv/e rbdvol _netdev 0 0
e /srv/e2 rbdvol _netdev 0 0
p/f /srv/f rbdvol noatime 0 0
p/g /srv/e rbdvol _netdev 0 0
p/h /srv/h rbdvol _netdev,steal 0 0
END
generate
said "voltab:2: there is no option 'frobnicate'"
said "voltab:3: a second parent: 'gold' as the source"
said "voltab:4: an earlier line is of the same volume"
said "voltab:5: the option steal"
said "fstab:1: part"
said "fstab:2: '../y' cannot be the type"
said "fstab:3: the directory 'srv/c' does not begin with /"
said "fstab:4: a second parent: 'h'"
said "fstab:6: an earlier line names the same volume 'rbd/e' (use the same name in both lines)"
said "fstab:7: the option _netdev is missing (without it systemd mounts before there is a network"
said "fstab:8: an earlier line is of the same directory"
said "fstab:9: the option steal"
[ "$(wc -l <"$work/said")" -eq 12 ] || cat "$work/said" >>"$faults"
result "each bad line is told by its number"
has rbdvol@p-one.service.d/50-rbdvol.conf "Before=remote-fs.target"
has srv-e.mount.d/50-rbdvol.conf "Requires=rbdvol-attached@rbd-e.service"
has srv-e.mount.d/50-rbdvol.conf "After=rbdvol@rbd-e.service"
result "and the others are served"
! grep -rE '^(Requires|BindsTo|Requisite|PartOf|StopPropagatedFrom)=' "$work/units" | grep -v '=rbdvol-attached@' >>"$faults"
result "nothing carries a stop or a restart over to a mount"

# --- where a volume is ---
cat >"$work/voltab" <<END
web - pool=vms,id=host1,cluster=far
END
ln -s "$work/real" "$work/link"
ln -s "$work/later" "$work/dangling"
mkdir "$work/real"
cat >"$work/fstab" <<END
p/v $work/link/x rbdvol _netdev,part=1 0 0
p/v $work/dangling/y rbdvol _netdev,part=2 0 0
END
generate
[ ! -s "$work/said" ] || cat "$work/said" >>"$faults"
has rbdvol@web.service.d/50-rbdvol.conf "ExecStop="
grep -q '^ExecStop=.*/rbdvol detach .* "--pool" "vms" "--id" "host1" "--cluster" "far" -- "web"$' \
	"$work/units/rbdvol@web.service.d/50-rbdvol.conf" || cat "$work/units/rbdvol@web.service.d/50-rbdvol.conf" >>"$faults"
result "the end of a unit looks for the volume where its begin did"
for directory in real/x later/y; do
	unit=$(systemd-escape -p --suffix=mount "$work/$directory" 2>/dev/null || echo "$work/$directory" | sed 's,^/,,; s,/,-,g; s,$,.mount,')
	has "$unit.d/50-rbdvol.conf" "After=rbdvol@p-v.service"
	grep -qF "Wants=$unit" "$work"/units/rbdvol@p-v.service.d/*.conf || echo "nothing wants $unit" >>"$faults"
done
result "two mounts of a volume are served, behind links too"

# --- what is not a table ---
rm "$work/voltab"
mkfifo "$work/voltab"
generate
said "voltab: it is not a file"
result "a pipe in place of a table holds nothing up"
finish
