/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"

static int read_all(int fd, size_t max, char **out, size_t *out_len)
{
	_cleanup_free_ char *buf = NULL;
	size_t len = 0, room = 0;

	for (;;) {
		if (len + 1 >= room) {
			char *grown = realloc(buf, room = room ? 2 * room : 4096);

			if (!grown)
				return -ENOMEM;
			buf = grown;
		}
		ssize_t n = read(fd, buf + len, room - len - 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > max)
			return -EFBIG;
	}
	buf[len] = '\0';
	*out = steal(&buf);
	*out_len = len;
	return 0;
}

int file_read(int dirfd, const char *path, size_t max, char **out, size_t *out_len)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return read_all(fd, max, out, out_len);
}

int file_read_line(int dirfd, const char *path, char **out)
{
	size_t len;
	int r = file_read(dirfd, path, 65536, out, &len);

	if (!r && len && (*out)[len - 1] == '\n')
		(*out)[len - 1] = '\0';
	return r;
}

char *file_line(const char *fmt, ...)
{
	_cleanup_free_ char *path = STR_FORMAT(fmt);
	char *text = NULL;

	return !path || file_read_line(AT_FDCWD, path, &text) < 0 ? NULL : text;
}

int file_write_once(int dirfd, const char *path, const char *text)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/* So that the new name itself is on the disk. */
static int sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *directory =
		slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	_cleanup_close_ int fd =
		directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (!directory)
		return -ENOMEM;
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int file_fill(int fd, const char *path, const char *text, unsigned mode)
{
	struct stat before = {.st_mode = mode};

	if (stat(path, &before) == 0 && fchown(fd, before.st_uid, before.st_gid) < 0)
		return -errno;
	if (fchmod(fd, before.st_mode & 07777) < 0)
		return -errno;
	for (size_t left = strlen(text); left;) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno != EINTR)
			return -errno;
		text += n > 0 ? n : 0;
		left -= n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

int file_replace(const char *path, const char *text, unsigned mode)
{
	_cleanup_free_ char *target = realpath(path, NULL), *beside = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	if (str_printf(&beside, "%s.XXXXXX", target ? target : path) < 0)
		return -ENOMEM;
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = file_fill(fd, path, text, mode);
	if (r == 0 && rename(beside, target ? target : path) < 0)
		r = -errno;
	if (r < 0)
		unlink(beside);
	return r < 0 ? r : sync_directory(target ? target : path);
}
