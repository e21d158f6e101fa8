#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The reports that are played in a guest with systemd.
. "$top_srcdir/tests/lab/tap.sh"
. "$top_srcdir/tests/reports/each.sh"
each_report systemd
done_testing
