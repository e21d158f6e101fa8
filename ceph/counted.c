/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of librados and librbd: what waits for the cluster. An operation of librbd that is not in this
 * list works on an image that is open, of which it knows most; what it asks then is not known to
 * us. */
#include "base/counted.h"

#include <rados/librados.h>
#include <rbd/librbd.h>

#define MONITORS(type, name, parameters, arguments)                                                \
	COUNTED(TRACE_MONITORS, type, name, parameters, arguments)
#define OSDS(type, name, parameters, arguments)                                                    \
	COUNTED(TRACE_OSDS, type, name, parameters, arguments)
#define IMAGES(type, name, parameters, arguments)                                                  \
	COUNTED(TRACE_IMAGES, type, name, parameters, arguments)

MONITORS(int, rados_connect, (rados_t rados), (rados))
MONITORS(int, rados_mon_command,
	 (rados_t rados, const char **cmd, size_t n, const char *in, size_t in_len, char **out,
	  size_t *out_len, char **said, size_t *said_len),
	 (rados, cmd, n, in, in_len, out, out_len, said, said_len))
MONITORS(int, rados_wait_for_latest_osdmap, (rados_t rados), (rados))
MONITORS(int, rados_ioctx_pool_stat, (rados_ioctx_t io, struct rados_pool_stat_t *out), (io, out))

OSDS(int, rados_read_op_operate, (rados_read_op_t op, rados_ioctx_t io, const char *oid, int flags),
     (op, io, oid, flags))
OSDS(int, rados_aio_read_op_operate,
     (rados_read_op_t op, rados_ioctx_t io, rados_completion_t c, const char *oid, int flags),
     (op, io, c, oid, flags))
OSDS(int, rados_write_op_operate2,
     (rados_write_op_t op, rados_ioctx_t io, const char *oid, struct timespec *mtime, int flags),
     (op, io, oid, mtime, flags))
OSDS(int, rados_stat, (rados_ioctx_t io, const char *oid, uint64_t *size, time_t *mtime),
     (io, oid, size, mtime))
OSDS(int, rados_aio_stat,
     (rados_ioctx_t io, const char *oid, rados_completion_t c, uint64_t *size, time_t *mtime),
     (io, oid, c, size, mtime))
OSDS(int, rados_getxattr,
     (rados_ioctx_t io, const char *oid, const char *name, char *buf, size_t len),
     (io, oid, name, buf, len))
OSDS(int, rados_exec,
     (rados_ioctx_t io, const char *oid, const char *cls, const char *method, const char *in,
      size_t in_len, char *buf, size_t len),
     (io, oid, cls, method, in, in_len, buf, len))
OSDS(int, rados_aio_exec,
     (rados_ioctx_t io, const char *oid, rados_completion_t c, const char *cls, const char *method,
      const char *in, size_t in_len, char *buf, size_t len),
     (io, oid, c, cls, method, in, in_len, buf, len))
OSDS(int, rados_remove, (rados_ioctx_t io, const char *oid), (io, oid))
OSDS(int, rados_aio_remove, (rados_ioctx_t io, const char *oid, rados_completion_t c), (io, oid, c))

OSDS(int, rbd_watchers_list, (rbd_image_t image, rbd_image_watcher_t *out, size_t *n),
     (image, out, n))
OSDS(int, rbd_namespace_exists, (rados_ioctx_t io, const char *name, bool *out), (io, name, out))
OSDS(int, rbd_list2, (rados_ioctx_t io, rbd_image_spec_t *out, size_t *n), (io, out, n))
OSDS(int, rbd_pool_metadata_get, (rados_ioctx_t io, const char *key, char *value, size_t *len),
     (io, key, value, len))
OSDS(int, rbd_metadata_get, (rbd_image_t image, const char *key, char *value, size_t *len),
     (image, key, value, len))

IMAGES(int, rbd_open, (rados_ioctx_t io, const char *name, rbd_image_t *out, const char *snap),
       (io, name, out, snap))
IMAGES(int, rbd_open_read_only,
       (rados_ioctx_t io, const char *name, rbd_image_t *out, const char *snap),
       (io, name, out, snap))
IMAGES(int, rbd_open_by_id, (rados_ioctx_t io, const char *id, rbd_image_t *out, const char *snap),
       (io, id, out, snap))
IMAGES(int, rbd_open_by_id_read_only,
       (rados_ioctx_t io, const char *id, rbd_image_t *out, const char *snap), (io, id, out, snap))
IMAGES(int, rbd_clone3,
       (rados_ioctx_t from, const char *parent, const char *snap, rados_ioctx_t to,
	const char *name, rbd_image_options_t options),
       (from, parent, snap, to, name, options))
