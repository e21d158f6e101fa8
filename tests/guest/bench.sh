#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The benchmarks that README and docs/containers.md quote still run to the end, once each: their last row
# is there. What they measure is for people to read.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT

measures() { # REGEX-OF-LAST-ROW BENCHMARK ARGUMENT...
	local row=$1 bench=$2 table status=0
	shift 2
	table=$("$top_srcdir/tests/bench/$bench" "$@" 2>"$errors" </dev/null) || status=$?
	[[ $status == 0 && $(tail -n 1 <<<"$table") =~ $row ]]
	tap_result $? "$bench" "it ended with $status: '$table', $(tail -n 20 "$errors")"
}

measures '^rbdvol create --from +[0-9]+ +[0-9]+ +[0-9]+ +1$' clone 1
measures '^rbdvol attach --from +[0-9]+ +[0-9]+ +[0-9]+ +1$' attach 1
measures '^2 containers at once, each with a clone +[0-9]+$' container 1 2
done_testing
