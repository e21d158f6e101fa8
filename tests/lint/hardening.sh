#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The programs have what configure asks of compiler and linker against exploits.
. "$(dirname "$0")/tap.sh"

build=${top_builddir:-$top/build}
flags=$(sed -n 's/^HARDEN_[A-Z]*FLAGS = *//p' "$build/Makefile")

# wants FLAG PROGRAM PATTERN: where configure took FLAG, readelf's words on PROGRAM have PATTERN.
wants()
{
	case " $flags " in *" $1 "*) ;; *) return ;; esac
	echo "$elf" | grep -Eq -- "$3" || echo "$2: $1 has no effect" >>"$faults"
}

[ -n "$flags" ] || echo "configure took no flag" >>"$faults"
for program in rbdvol rbdvold rbdvol-generator udev-rules/rbdvol-udev; do
	elf=$(LC_ALL=C readelf --wide --segments --dynamic --notes --symbols "$build/$program") ||
		echo "$program: not built" >>"$faults"
	wants -fPIE "$program" 'Flags:.* PIE'
	wants -Wl,-z,now "$program" 'Flags:.* NOW|BIND_NOW'
	wants -Wl,-z,relro "$program" GNU_RELRO
	wants -Wl,-z,noexecstack "$program" 'GNU_STACK .* RW '
	wants -fstack-protector-strong "$program" __stack_chk_fail
	wants -D_FORTIFY_SOURCE=3 "$program" '__[a-z]+_chk'
	# Where glibc's own start files are not marked (Debian), the program is not either; the code is checked.
	elf=$(objdump -d --no-show-raw-insn "$build/$program" | grep -m 1 endbr64)
	wants -fcf-protection "$program" endbr64
done
result "programs are position independent, read-only after relocation, with guarded stacks and checked copies"
finish
