#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The demo of quickstart, as a test: it ends with an error where anything is not as it says.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"
ok "the demo does what it says" bash "$(dirname -- "$(readlink -f -- "$0")")/demo"
pkill -x rbdvold
done_testing
