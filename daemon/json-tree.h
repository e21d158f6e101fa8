/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tree of an image and its clones as JSON. */
#pragma once

#include <jansson.h>

#include "volume/volume.h"

json_t *json_tree(const struct tree_image *t);
