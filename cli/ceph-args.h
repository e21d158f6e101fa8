/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The environment variable CEPH_ARGS. */
#pragma once

#include "base/err.h"
#include "cli/cli.h"

/* Defaults from TEXT, the value of CEPH_ARGS: --id, --user, -n, --name and --cluster count. */
int cli_apply_ceph_args(struct cli *cli, const char *text, struct err **e);
