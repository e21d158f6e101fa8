/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of a container volume: checked when they are given, noted on the volume in the
 * cluster, so that every host mounts it alike. */
#pragma once

#include "daemon/config.h"
#include "volume/publish.h"

/* -EINVAL (usage): no name that Docker or Podman would give to a volume. */
int docker_name_check(const char *name, struct err **e);

#define DOCKER_OPTIONS_MAX 24 /* room for the table of options.def */

/* Owns its strings. */
struct docker_options {
	char *given[DOCKER_OPTIONS_MAX]; /* as text, in the order of the table; NULL: not given */
	char *from;
	uint64_t size_bytes;
	char *pool;
	char *ns;
	bool keep, keep_given;
	struct stage_options stage;
};
void docker_options_deinit(struct docker_options *o);
#define _cleanup_docker_options_ cleanup(docker_options_deinit)

/* -EINVAL (usage): no such option, given twice, or a bad value. */
int docker_options_set(struct docker_options *o, const char *name, const char *value,
		       struct err **e);
/* When all are set: do they make sense together? Fills in what follows from others: a volume made
 * with a size and no parent gets ext4. */
int docker_options_complete(struct docker_options *o, struct err **e);
/* Does the host, as CONFIG says, let a volume have these? Whoever can write to the cluster can note
 * options on a volume. -EPERM (not permitted). */
int docker_options_allowed(const struct docker_options *o, const struct config *config,
			   struct err **e);
bool docker_options_any(const struct docker_options *o);
/* "name=value" lines of what was given; the caller frees it; NULL when out of memory. */
char *docker_options_format(const struct docker_options *o);
/* The same backwards, completed. */
int docker_options_parse(const char *text, struct docker_options *o, struct err **e);
