/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshots of an image, and the choice of the one to clone. Internal to rbd/ but for tests. */
#pragma once

#include <rbd/librbd.h>
#include <stdbool.h>

#include "base/deadline.h"
#include "base/err.h"
#include "base/spec.h"

#define SNAPSHOT_PREFIX "rbdvol-" /* ours; we remove none other */
