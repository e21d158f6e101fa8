# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# TAP for the lint scripts: what each finds wrong is written to a file, a line a fault.
top=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
faults=$(mktemp) || exit 1
trap 'rm -f "$faults"' EXIT
trap 'exit 1' HUP INT TERM
tests=0
failed=0

# The C files of the project, below the top.
c_files()
{
	(cd "$top" && find base ceph rbd mapper volume docker daemon program cli systemd udev-rules tests -name '*.[ch]' | sort)
}

# result NAME: ok if no fault was written, else the faults; then begin anew.
result()
{
	tests=$((tests + 1))
	if [ -s "$faults" ]; then
		failed=$((failed + 1))
		echo "not ok $tests - $1"
		sed 's/^/# /' "$faults"
	else
		echo "ok $tests - $1"
	fi
	: >"$faults"
}

# skip NAME REASON
skip()
{
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

finish()
{
	echo "1..$tests"
	[ $failed -eq 0 ]
}
