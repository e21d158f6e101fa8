/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where librados finds a user's key, and the key itself. Keys are in memory that is wiped. */
#pragma once

#include <rados/librados.h>

#include "base/err.h"
#include "base/secret.h"

struct cluster;

/* The key of USER (without "client.") as the configuration of RADOS says; needs no connection. FILE
 * may be NULL; *file, the caller's, is where the key is, and NULL where the configuration has it.
 * -ENOENT: there is no key. */
int key_find(rados_t rados, const char *user, struct secret *out, char **file, struct err **e);
/* The file alone; NULL also where none is needed. -ENOENT: there is no key. */
int key_file(rados_t rados, const char *user, char **out, struct err **e);
/* A key in base64, blanks around it. -EINVAL: it is none. */
int key_decode(const char *text, struct secret *out);
/* The key of ENTITY ("client.admin") in a keyring's TEXT, which is changed. 1 and *out; 0: it has
 * none; -EINVAL. */
int key_in_text(char *text, const char *entity, struct secret *out);

/* The user's key, decoded: what the kernel's key type "ceph" takes. Empty where the cluster runs
 * without cephx. */
int cluster_secret(struct cluster *c, struct secret *out, struct err **e);
