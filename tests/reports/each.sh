# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # top_srcdir, of tap.sh
# Every report of one kind, one after the other in one lab; one result for each. Sourced after tap.sh.

each_report() { # WHERE
	local report output status
	for report in "$top_srcdir"/tests/reports/*.sh; do
		grep -qx "# Where: $1" "$report" || continue
		status=0
		output=$(timeout -k 30 600 bash "$report" 2>&1) || status=$?
		tap_result "$status" "$(basename "$report" .sh)" "$(grep -v '^ok ' <<<"$output" | tail -n 60)"
	done
}
