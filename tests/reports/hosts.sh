#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The reports that are played in two guests.
. "$top_srcdir/tests/lab/tap.sh"
. "$top_srcdir/tests/reports/each.sh"
in_lab a b
each_report hosts
done_testing
