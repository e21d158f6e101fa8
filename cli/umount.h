/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* umount.rbdvol, which umount(8) calls. */
#pragma once

#include "cli/cli.h"

int umount_main(struct cli *cli, int argc, char **argv);
