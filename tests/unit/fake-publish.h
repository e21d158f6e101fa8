/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for volume/publish.c, volume/publish-users.c and docker/names.c where the
 * plugin's front is tested: a few volumes in memory. Beside what fake-volume.h says of names:
 * staging slow      waits at the gate, and so does unstaging it
 * staging broken    waits at the gate, and fails
 * unstaging stuck   fails */
#pragma once

#include "volume/publish.h"

struct fake_stage {
	char *spec;
	char *note; /* NULL: there is no such image */
	bool made;  /* for a runtime */
	bool held_elsewhere;
	_Atomic bool staged; /* looked at while a job is at it */
	_Atomic unsigned users, stagings;
	char user[8][80];
	struct stage_options last; /* borrowed words of the last stage are not kept */
};
/* NULL where nothing is known of it. */
struct fake_stage *fake_find(const char *spec);
/* An image is there, with NOTE on it. */
void fake_image(const char *spec, const char *note);
void fake_forget(void);
/* Open, as it is at first, or closed. */
void fake_gate(bool open);
/* The cluster does not answer. */
void fake_unreachable(bool yes);
