/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Internal to volume/: one operation under way, and the runner of its steps. */
#pragma once

#include "volume/image-lock.h"
#include "volume/volume.h"

/* Who this host is, as written into holds and into the names of clones under way. */
struct host_identity {
	char id[33];	  /* 32 hexadecimal digits, made from the machine id, unlike it */
	char boot_id[37]; /* changes at each boot */
};

struct operation {
	struct host *host;
	const struct spec *spec;
	const struct volume_request *req;
	struct progress *progress;
	struct cluster *cluster;      /* connected when first used */
	struct spec parent;	      /* req->from, parsed; empty where not given */
	struct volume_info *v;	      /* what is observed */
	struct image_lock image_lock; /* this operation is at the image */
	struct err *missing;	      /* which part of the spec observe_image did not find */
	struct device meant; /* where a device was named: that, as it was; its node is NULL else */
	struct krbd_options options; /* map options: the user's, the configuration's, defaults */
	unsigned permille;	     /* of the step that was told of last */
	bool mapped_here;	     /* by this operation: undone if a later step fails */
	bool held_here;		     /* likewise */
	bool udev_is_late;	     /* with the device: that stays */
	bool limits_told;	     /* of the kernel, what comes near */
};
/* V becomes what is observed of SPEC; it must be empty. */
int operation_init(struct operation *o, struct host *h, const struct spec *spec,
		   const struct volume_request *req, struct progress *p, struct volume_info *v,
		   struct err **e);
/* Refuse a snapshot (-EINVAL, usage) where VERB takes a volume. */
int operation_refuse_snapshot(const struct spec *spec, const char *verb, struct err **e);
/* A snapshot is for reading only. */
bool operation_read_only(const struct operation *o);
void operation_deinit(struct operation *o);
#define _cleanup_operation_ cleanup(operation_deinit)

/* A step first looks whether it is done (1: skip; 0: act; negative: stop). act returns 0 only when
 * it has seen its effect. One pass from nothing, from any cut and from 'all done' are the same
 * code. */
struct step {
	const char *name;
	int (*done)(struct operation *o, struct err **e);
	int (*act)(struct operation *o, struct err **e);
};
/* Tell what is being done now, such as "map". */
void operation_tell(struct operation *o, const char *step);
int steps_run(const struct step *const steps[], size_t n, struct operation *o, struct err **e);

/* host.c */
const struct host_config *host_defaults(const struct host *h);
const struct host_identity *host_identity(const struct host *h);
/* A hold as this host writes it now, not shared: its name may change while rbdvold runs.
 * CLIENT_ADDRESS: of the device here, or "". The caller calls hold_deinit. */
int host_hold(const struct host *h, const char *client_address, struct hold *out, struct err **e);
/* The lasting connection that the request means; the caller unrefs. Connects nothing yet. */
int host_cluster(struct host *h, const struct volume_request *req, struct cluster **out,
		 struct err **e);
/* Add the address of each connection of this process to a cluster. */
int host_own_addresses(struct host *h, struct strlist *out, struct err **e);
struct slots;
struct slots *host_trims(struct host *h);
struct slots *host_scans(struct host *h);
struct probes;
struct probes *host_probes(struct host *h);
struct fenced;
struct fenced *host_fenced(struct host *h);
struct image_locks *host_image_locks(struct host *h);
/* The pool of a spec that names none. */
const char *host_pool(const struct host *h, const struct volume_request *req);

/* prune.c */
struct leftovers;
/* What is left over in POOL (NULL: in every pool) or of IMAGE, but for what an operation of this
 * daemon is at. */
int find_leftovers(struct host *h, struct cluster *c, const char *pool, const char *image,
		   struct leftovers *out, struct err **e);
/* Whether no device of this host belongs to the hold I that was found. */
bool is_stale_hold(const struct leftovers *left, size_t i, const struct device_list *devices);

/* Connect, told as a step of its own: of all waits it is the likeliest to be long, and a message
 * about it must name the monitors. */
int operation_connect(struct operation *o, struct err **e);
/* image_usage, with or without its slow ways. These are for a few at once, but for root. */
int operation_usage(struct host *h, struct cluster *c, const struct spec *spec, bool slow,
		    struct progress *p, struct usage *out, struct err **e);

/* observe.c: each fills its part of o->v afresh. */
/* 1: the image is there; 0: it is not, and o->missing says what is missing; negative: not known. */
int observe_image(struct operation *o, struct err **e);
/* Hand o->missing over as the operation's error. */
int not_found(struct operation *o, struct err **e);
/* 1: mapped on this host; 0: not. By ids where a device was named or observe_image found the image,
 * else by names. */
int observe_device(struct operation *o, struct err **e);
/* A note where the readable link leads to another device than the one that was observed: an older
 * mapping of the same name, of another cluster, or of an image that was renamed since. */
void operation_note_link(struct operation *o);
/* 1: somebody holds it; 0: nobody. */
int observe_hold(struct operation *o, struct err **e);

/* trim.c: what of V's usage its mounted file systems do not use, at most: file systems that cover
 * most of the device; else it stays unknown. */
void observe_reclaimable(struct volume_info *v);

/* Of what was found to be mounted, note what could not be reached: "WHAT was …". */
void note_unreached(struct operation *o, const char *what, const struct mounted_list *mounts);

/* For what cannot be done to a volume in use: the image is there, and not attached to this host. */
int find_detached(struct operation *o, struct err **e);

/* Steps that several operations share. */
extern const struct step step_connect; /* step.c: the cluster answers */
extern const struct step
	step_volume; /* create.c: the image exists, with the parent and size asked for */
extern const struct step step_check; /* map.c: the kernel has rbd, the options make sense */
extern const struct step step_map;   /* map.c: mapped on this host */
/* alive.c: what is attached here is not a device whose client is blocklisted */
extern const struct step step_alive;
/* The client was blocklisted, *e says: by a host that took the hold? Then say that instead. */
int hold_explain_loss(struct operation *o, struct err **e);
/* -EBUSY (held): somebody has taken the hold since this operation took it. */
int hold_check_kept(struct operation *o, struct err **e);
extern const struct step step_hold;    /* hold.c: this host has the right to write it */
extern const struct step step_record;  /* hold.c: the hold says which client writes */
extern const struct step step_release; /* hold.c: this host does not hold it */
/* Hold the volume while ACT is at it, so that no other host attaches it meanwhile. Whoever has it
 * open without a hold is for ACT to refuse. That it cannot be let go of afterwards is a note. */
int with_hold(struct operation *o, int (*act)(struct operation *o, struct err **e), struct err **e);
