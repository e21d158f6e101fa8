#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The reports that need a cluster and no device.
. "$top_srcdir/tests/lab/tap.sh"
. "$top_srcdir/tests/reports/each.sh"
"$tap_tools/cluster" start >&2 || bail_out "the cluster did not start"
each_report cluster
done_testing
