#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The reports that are played in a plain guest.
. "$top_srcdir/tests/lab/tap.sh"
. "$top_srcdir/tests/reports/each.sh"
in_guest "$@"
each_report guest
done_testing
