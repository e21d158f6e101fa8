/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/content.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define END_BYTES ((size_t)1 << 20)

/* blkid_do_safeprobe's answers */
enum { FOUND = 0, NOTHING = 1, SEVERAL = -2 };

static void probe_free(blkid_probe p)
{
	blkid_free_probe(p);
}
DEFINE_CLEANUP(blkid_probe, probe_free)

static int content_take(blkid_probe p, const char *name, char **out)
{
	const char *value;

	if (blkid_probe_lookup_value(p, name, &value, NULL) < 0 || !*value)
		return 0;
	*out = strdup(value);
	return *out ? 0 : -ENOMEM;
}

static int content_fill(blkid_probe p, int answer, struct content *out)
{
	if (answer == SEVERAL) {
		out->type = strdup("ambiguous");
		return out->type ? 0 : -ENOMEM;
	}
	if (content_take(p, "TYPE", &out->type) < 0 || content_take(p, "LABEL", &out->label) < 0 ||
	    content_take(p, "UUID", &out->uuid) < 0 ||
	    content_take(p, "PTTYPE", &out->partition_table) < 0)
		return -ENOMEM;
	return 0;
}

int content_probe(const char *node, struct content *out, struct err **e)
{
	cleanup(probe_free_p) blkid_probe p = NULL;
	int answer;

	*out = (struct content){0};
	errno = 0;
	p = blkid_new_probe_from_filename(node);
	if (!p)
		return err_errno(e, errno ? -errno : -ENOMEM, "cannot open %s to look at it", node);
	blkid_probe_enable_superblocks(p, 1);
	blkid_probe_set_superblocks_flags(p, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL |
						     BLKID_SUBLKS_UUID);
	blkid_probe_enable_partitions(p, 1);
	errno = 0;
	answer = blkid_do_safeprobe(p);
	if (answer == NOTHING)
		return 0;
	if (answer != FOUND && answer != SEVERAL)
		return err_errno(e, errno ? -errno : -EIO, "cannot read what is on %s", node);
	if (content_fill(p, answer, out) < 0) {
		content_deinit(out);
		return err_oom(e);
	}
	return 0;
}

/* 1: the LEN bytes at OFFSET are all zero. BUF has room for them. */
static int is_zero(int fd, off_t offset, char *buf, size_t len)
{
	for (size_t n = 0; n < len;) {
		ssize_t r = pread(fd, buf + n, len - n, offset + (off_t)n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? -errno : -EIO;
		n += (size_t)r;
	}
	return !len || (!buf[0] && !memcmp(buf, buf + 1, len - 1));
}

static int ends_are_zero(int fd, char *buf)
{
	off_t size = lseek(fd, 0, SEEK_END);
	size_t len = size > (off_t)END_BYTES ? END_BYTES : (size_t)size;
	int r;

	if (size < 0 || fsync(fd) < 0)
		return -errno;
	r = is_zero(fd, 0, buf, len);
	return r > 0 ? is_zero(fd, size - (off_t)len, buf, len) : r;
}

int content_ends(const char *node, struct content *out, struct err **e)
{
	_cleanup_free_ char *buf = malloc(END_BYTES);
	_cleanup_close_ int fd = -1;
	int r = buf ? content_probe(node, out, e) : err_oom(e);

	if (r < 0 || out->type || out->partition_table)
		return r;
	fd = open(node, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : ends_are_zero(fd, buf);
	if (r < 0)
		return err_errno(e, r, "cannot read %s to see whether it is blank", node);
	out->zero = r;
	return 0;
}

void content_deinit(struct content *c)
{
	free(c->type);
	free(c->label);
	free(c->uuid);
	free(c->partition_table);
	*c = (struct content){0};
}
