/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A volume: what the cluster and this host say of an image, and the operations on it. Every
 * operation looks at the world first and does only what is missing; a repeated one is cheap and
 * gives the same answer. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/deadline.h"
#include "base/request.h"
#include "base/spec.h"
#include "mapper/device.h"
#include "rbd/hold-owner.h"
#include "rbd/image.h"
#include "rbd/tree.h"
#include "rbd/usage.h"

/* This host: the clusters it talks to and the defaults of its configuration. Thread-safe once made.
 */
struct host;
struct host_config {
	const char *cluster; /* default cluster's name */
	const char *user;    /* NULL: CEPH_ARGS, then admin */
	const char *conf;    /* of the default cluster; NULL: the usual place */
	const char *keyring;
	const char *pool;	 /* default pool */
	const char *map_options; /* default map options; NULL: none */
	uint64_t timeout_us;	 /* of one cluster operation */
	unsigned trims_at_once;	 /* others wait; 0: one */
};
/* BEFORE: the host as it was configured before, or NULL; both know of each other's operations. */
int host_new(const struct host_config *config, struct host *before, struct host **out,
	     struct err **e);
void host_free(struct host *h);
/* The files that a host with CONFIG reads of the cluster: its configuration, and the keyring. No
 * network. -ENOENT: there is no configuration, or no key. */
int host_files(const struct host_config *config, struct strlist *out, struct err **e);

/* How an operation tells what it is doing. The daemon's job stands behind it. */
struct progress {
	struct deadline deadline;
	bool ends;   /* at the deadline, done or not */
	bool yields; /* of another than root: only few at once may ask for each object */
	/* STEP begins, such as "map"; copied. NULL function: nobody listens. */
	void (*step)(struct progress *p, const char *step);
	/* DONE of TOTAL of the step's work, of no certain unit. */
	void (*done)(struct progress *p, uint64_t done, uint64_t total);
	/* Something the user should know, one sentence. */
	void (*note)(struct progress *p, const char *sentence);
	/* Whether it is to end before it is done. NULL function: never. */
	bool (*cancelled)(struct progress *p);
};
/* 0, -ECANCELED, or -ETIMEDOUT where it is to end at its deadline: to be looked at wherever an
 * operation can be left as it is. */
int progress_check(struct progress *p);
/* The same as a struct check (base/check.h), which borrows P. */
struct check progress_checking(struct progress *p);
/* The same with the reason, of an operation that is to end while it is to DO something. */
int progress_go_on(struct progress *p, const char *what, struct err **e);
/* DONE of TOTAL, and progress_check. */
int progress_tell(struct progress *p, uint64_t done, uint64_t total);
void progress_note(struct progress *p, const char *fmt, ...) _printf_(2, 3);
void progress_notes(struct progress *p, const struct strlist *sentences);

/* What is known of one volume. Parts that are not known are empty, and say so by their flag. */
struct volume_info {
	struct spec spec;
	bool in_cluster; /* image is filled */
	struct image_info image;
	bool attached; /* device is filled */
	struct device device;
	bool fenced; /* the device is dead: the cluster has shut its client out */
	struct content content;
	struct strlist mounts;
	bool held; /* hold and hold_owner are filled */
	struct hold hold;
	enum hold_owner hold_owner;
	uint64_t trimmed_bytes; /* by trim, as the file systems said */
	size_t trimmed;		/* how many file systems */
	struct usage usage;	/* where asked for, and after trim and wipe */
	struct usage before;	/* as it was before trim and wipe */
	bool reclaimable_known; /* with the usage, where its file systems are mounted here */
	uint64_t reclaimable_bytes;
	struct tree_image tree; /* by tree */
	bool blank_known;	/* where asked for */
	bool blank;
	char *not_blank; /* what is on it, where it is not */
};
void volume_info_deinit(struct volume_info *v);
#define _cleanup_volume_info_ cleanup(volume_info_deinit)
struct volume_list {
	struct volume_info *items;
	size_t n;
};
void volume_list_deinit(struct volume_list *l);

/* The spec that TEXT means: a spec, or the volume behind a device node or link (/dev/…), whose
 * device then goes into REQ: another cluster may have images of the same names. */
int volume_resolve(struct host *h, struct volume_request *req, const char *text, struct spec *out,
		   struct err **e);

/* One operation on one volume; *out is what it is afterwards. */
typedef int volume_operation(struct host *h, const struct spec *spec,
			     const struct volume_request *req, struct progress *p,
			     struct volume_info *out, struct err **e);
/* volume_create, volume_attach, …: those of the verbs that are served so. */
#define DECLARE_VOLUME(name) volume_operation volume_##name;
#define DECLARE_FINDINGS(name)
#define DECLARE_LIST(name)
#define DECLARE_CANCEL(name)
#define DECLARE_JOBS(name)
#define DECLARE_NONE(name)
#define VERB(id, name, method, path, access, served, ...) DECLARE_##served(name)
#include "base/verbs.def"
#undef VERB

/* Attached volumes, from local facts alone; with req->all those of the cluster's pools (or
 * req->pool) too; with req->usage also what each takes of the cluster. */
int volume_list(struct host *h, const struct volume_request *req, struct progress *p,
		struct volume_list *out, struct err **e);
