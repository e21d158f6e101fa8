/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests against a real cluster share: a connection of the test's own (the 'outside', which
 * the code under test knows nothing of), a pool for this run, and short words for frequent acts. */
#pragma once

#include <rados/librados.h>
#include <rbd/librbd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/deadline.h"
#include "base/err.h"
#include "base/spec.h"
#include "ceph/cluster.h"
#include "rbd/clone.h"

#define MIB (UINT64_C(1) << 20)
#define FAST_FEATURES                                                                              \
	UINT64_C(61) /* layering, exclusive-lock, object-map, fast-diff, deep-flatten */
#define ALL_FEATURES UINT64_MAX

struct lab {
	rados_t rados;
	rados_ioctx_t io; /* of the pool, default namespace */
	char pool[64];
	struct cluster *cluster; /* under test */
};
extern struct lab lab;

/* For cmocka_run_group_tests: a pool that nobody else uses, and its end. The monitor decides at a
 * quick pace meanwhile: a new snapshot then takes 0.05 s instead of 0.4 to 0.8. */
int lab_setup(void **state);
int lab_teardown(void **state);
/* The bare connections: what a forked child has to make anew. */
void lab_connect(void);
struct cluster *lab_cluster(void);
void lab_mon_command(const char *command);
/* Set an option of the cluster's daemons; VALUE NULL: as it was. */
void lab_configure(const char *who, const char *option, const char *value);
/* Run tests/lab/cluster with these words; fails the test where it fails. */
void lab_cluster_command(const char *verb, const char *daemon);

/* A spec in the lab's pool; lives until the program ends. */
struct spec *at(const char *text);
/* An image made from outside. */
void make_image(const char *name, uint64_t size_bytes, uint64_t features);
rbd_image_t open_image(const char *name);
void write_at(const char *name, uint64_t offset, const char *text);
void take_snapshot(const char *name, const char *snap);
/* Snapshots of the user's kind that an image has. */
unsigned count_snapshots(const char *name);
/* What rbdvol calls its snapshot of an image whose newest one has the id NEWEST; good until the
 * thread's next call. */
const char *our_snapshot(const char *name, uint64_t newest);
/* The text at an offset of an image. */
void assert_reads(const char *name, uint64_t offset, const char *text);
unsigned count_hidden(void);

/* Clone in the lab's pool with all features, format 2; the test ends where it fails. */
void clone_ok(const char *parent, const char *child, struct clone_result *out);
/* The same, with the snapshot expected to be new or not. */
void clone_expect(const char *parent, const char *child, bool created);

/* An expected failure: R is negative, the error fits; it is freed. WORDS: each in the message or
 * hint, ended by NULL. */
void assert_fails(int r, struct err **e, enum err_kind kind, int code, ...);
#define assert_done(r, e) lab_assert_done((r), &(e), __FILE__, __LINE__)
void lab_assert_done(int r, struct err **e, const char *file, int line);
