/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper/krbd.h"
#include "base/str.h"
#include "mapper/mapping.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "mapper/kernel-log.h"
#include "mapper/module.h"

#define BUS "/sys/bus/rbd"

/* An attribute; the caller frees it. One that this kernel does not have is "". */
static int read_text(int fd, const char *name, char **out)
{
	int r = file_read_line(fd, name, out);

	if (r != -ENOENT)
		return r;
	*out = strdup("");
	return *out ? 0 : -ENOMEM;
}

static int read_number(int fd, const char *name, uint64_t missing, uint64_t *out)
{
	_cleanup_free_ char *text = NULL;
	int r = file_read_line(fd, name, &text);
	char *end;

	*out = missing;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno || end == text ? -EBADMSG : 0;
}

static int krbd_read_spec(int fd, uint64_t snap_id, struct spec *out)
{
	_cleanup_free_ char *pool = NULL, *ns = NULL, *image = NULL, *snap = NULL;
	int r = read_text(fd, "pool", &pool);

	if (r < 0)
		return r;
	r = read_text(fd, "pool_ns", &ns);
	if (r < 0)
		return r;
	r = read_text(fd, "name", &image);
	if (r < 0)
		return r;
	r = read_text(fd, "current_snap", &snap);
	if (r < 0)
		return r;
	return spec_init(out, pool, ns, image, snap_id == KRBD_HEAD ? NULL : snap);
}

/* Kernels before 4.9 do not say the snapshot's id: 0 then, which no snapshot has, but for head. */
static int read_snap_id(int fd, uint64_t *out)
{
	_cleanup_free_ char *snap = NULL;
	int r = read_text(fd, "current_snap", &snap);

	return r < 0 ? r : read_number(fd, "snap_id", strcmp(snap, "-") ? 0 : KRBD_HEAD, out);
}

static int read_ids(int fd, struct device *d)
{
	uint64_t pool, major, minor;
	int r = read_number(fd, "pool_id", 0, &pool);

	if (r < 0)
		return r;
	r = read_number(fd, "major", 0, &major);
	if (r < 0)
		return r;
	r = read_number(fd, "minor", 0, &minor);
	if (r < 0)
		return r;
	r = read_number(fd, "size", 0, &d->size_bytes);
	if (r < 0)
		return r;
	r = read_text(fd, "cluster_fsid", &d->fsid);
	if (r < 0)
		return r;
	r = read_text(fd, "image_id", &d->image_id);
	if (r < 0)
		return r;
	r = read_text(fd, "client_addr", &d->client_address);
	if (r < 0)
		return r;
	d->pool_id = (int64_t)pool;
	d->dev = makedev((unsigned)major, (unsigned)minor);
	return 0;
}

/* 1: the words that made the mapping say that it is for reading only; 0: they do not; -ENOENT: the
 * kernel (before 4.9) does not keep them. The second word has the options, the last one counts. */
static int made_read_only(int fd)
{
	_cleanup_free_ char *line = NULL;
	char *rest, *options, *word;
	int r = file_read_line(fd, "config_info", &line);
	bool ro = false;

	if (r < 0)
		return r;
	rest = line;
	options = strsep(&rest, " ") ? strsep(&rest, " ") : NULL;
	while ((word = strsep(&options, ","))) {
		if (!strcmp(word, "ro") || !strcmp(word, "read_only"))
			ro = true;
		else if (!strcmp(word, "rw") || !strcmp(word, "read_write"))
			ro = false;
	}
	return ro;
}

/* What the mapping allows. The block device may be set otherwise ('blockdev --setro'), for a time.
 */
static int read_access(int fd, struct device *d)
{
	int r = d->snap_id == KRBD_HEAD ? made_read_only(fd) : 1;

	if (r < 0 && r != -ENOENT)
		return r;
	d->read_only = r < 0 ? d->set_read_only : r;
	return 0;
}

static int read_block(const char *sys, struct device *d)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	uint64_t ro;
	int r;

	if (str_printf(&d->node, "/dev/rbd%d", d->id) < 0)
		return -ENOMEM;
	if (str_printf(&path, "%s/block/rbd%d", sys, d->id) < 0)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = read_number(fd, "ro", 0, &ro);
	d->set_read_only = ro;
	return r < 0 ? r : read_number(fd, "diskseq", 0, &d->diskseq);
}

static int read_mapping(const char *sys, int id, struct device *d)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	d->id = id;
	if (str_printf(&path, "%s/bus/rbd/devices/%d", sys, id) < 0)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	d->serial = st.st_ino; /* the kernel numbers the nodes of sysfs in the order it made them */
	r = read_snap_id(fd, &d->snap_id);
	if (r < 0)
		return r;
	r = krbd_read_spec(fd, d->snap_id, &d->spec);
	if (r < 0)
		return r;
	r = read_ids(fd, d);
	if (r < 0)
		return r;
	r = read_block(sys, d);
	return r < 0 ? r : read_access(fd, d);
}

int krbd_mapping(const char *sys, int id, struct device *out)
{
	int r;

	*out = (struct device){0};
	r = read_mapping(sys, id, out);
	if (r < 0)
		device_deinit(out);
	/* ENODEV: it was being removed while we read. */
	return r == -ENODEV || r == -ENXIO ? -ENOENT : r;
}

static int by_age(const void *a, const void *b)
{
	uint64_t x = ((const struct device *)a)->serial, y = ((const struct device *)b)->serial;

	return (x > y) - (x < y);
}

static int mapping_append(const char *sys, int id, struct device_list *out)
{
	struct device *grown;
	struct device d;
	int r = krbd_mapping(sys, id, &d);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	grown = reallocarray(out->items, out->n + 1, sizeof(*grown));
	if (!grown) {
		device_deinit(&d);
		return -ENOMEM;
	}
	out->items = grown;
	out->items[out->n++] = d;
	return 0;
}

int krbd_mappings(const char *sys, struct device_list *out)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_dir_ DIR *dir = NULL;
	const struct dirent *entry;

	*out = (struct device_list){0};
	if (str_printf(&path, "%s/bus/rbd/devices", sys) < 0)
		return -ENOMEM;
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(dir))) {
		int r = 0;

		if (isdigit((unsigned char)entry->d_name[0]))
			r = mapping_append(sys, (int)strtol(entry->d_name, NULL, 10), out);
		if (r < 0) {
			device_list_deinit(out);
			return r;
		}
	}
	if (out->n)
		qsort(out->items, out->n, sizeof(*out->items), by_age);
	return 0;
}

bool krbd_present(const struct device *d)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), BUS "/devices/%d/", d->id);
	return !stat(path, &st) && st.st_ino == d->serial;
}

/* The kernel splits its line at these, and options at commas. */
static bool is_word(const char *s, const char *also)
{
	for (const char *p = s; *p; p++)
		if (isspace((unsigned char)*p) || iscntrl((unsigned char)*p) || strchr(also, *p))
			return false;
	return *s;
}

static bool are_words(const struct strlist *options)
{
	for (size_t i = 0; i < options->n; i++)
		if (!is_word(options->items[i], ","))
			return false;
	return true;
}

static int check_words(const struct map_request *req, const char *shown, struct err **e)
{
	const struct spec *s = req->spec;
	const struct {
		const char *what, *word, *also;
	} words[] = {
		{"monitor addresses", req->monitors, ""},
		{"user's name", req->user, ","},
		{"pool's name", s->pool, ""},
		{"namespace", *s->ns ? s->ns : "x", ","},
		{"image's name", s->image, ""},
		{"snapshot's name", s->snap ? s->snap : "x", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!words[i].word || !is_word(words[i].word, words[i].also))
			return err_set(e, ERR_USAGE, -EINVAL,
				       "cannot map %s: the %s %s characters that the kernel's rbd "
				       "driver does not accept (a blank, a control character%s)",
				       shown, words[i].what,
				       words[i].word && *words[i].word ? "has in it" : "is empty,",
				       *words[i].also ? ", a comma" : "");
	if (s->snap && !strcmp(s->snap, "-"))
		return err_set(e, ERR_USAGE, -EINVAL,
			       "cannot map %s: to the kernel, a snapshot named '-' means none",
			       shown);
	if (!are_words(&req->options->list) || !are_words(&req->options->doubts))
		return err_set(e, ERR_USAGE, -EINVAL, "cannot map %s: a bad map option", shown);
	return 0;
}

static void krbd_print_options(FILE *f, const struct strlist *options)
{
	for (size_t i = 0; i < options->n; i++)
		fprintf(f, ",%s", options->items[i]);
}

static void print_line(FILE *f, const struct map_request *req)
{
	const struct spec *s = req->spec;
	const char *comma = "";

	fprintf(f, "%s ", req->monitors);
	if (req->secret && req->secret->data) {
		fprintf(f, "name=%s,key=client.%s", req->user, req->user);
		comma = ",";
	}
	if (*s->ns) {
		fprintf(f, "%s_pool_ns=%s", comma, s->ns);
		comma = ",";
	}
	/* A writer's client is its own: its fate (a fence, a watch that was lost) is not shared
	 * with another volume's. Readers share one, which saves sessions. */
	fprintf(f, "%s%s", comma, req->read_only || s->snap ? "ro,share" : "rw,noshare");
	krbd_print_options(f, &req->options->list);
	krbd_print_options(f, &req->options->doubts);
	fprintf(f, " %s %s %s", s->pool, s->image, s->snap ? s->snap : "-");
}

int krbd_add_line(const struct map_request *req, char **out, struct err **e)
{
	_cleanup_free_ char *shown = spec_format(req->spec), *line = NULL;
	struct text text;
	FILE *f;
	int r;

	if (!shown)
		return err_oom(e);
	r = check_words(req, shown, e);
	if (r < 0)
		return r;
	f = text_begin(&text);
	if (!f)
		return err_oom(e);
	print_line(f, req);
	line = text_end(f, &text);
	if (!line)
		return err_oom(e);
	/* sysfs passes one page on, and would cut the rest silently. */
	if (text.len >= (size_t)sysconf(_SC_PAGESIZE))
		return err_set(e, ERR_USAGE, -E2BIG,
			       "cannot map %s: names, options and monitors have %zu bytes, and the "
			       "kernel accepts less than %ld",
			       shown, text.len, sysconf(_SC_PAGESIZE));
	*out = steal(&line);
	return 0;
}

/* WHAT is "add" or "remove". With single_major=Y only WHAT_single_major works, and it is there only
 * then. A descriptor or negative errno. */
static int bus_open(const char *what)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), BUS "/%s_single_major", what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		snprintf(path, sizeof(path), BUS "/%s", what);
		fd = open(path, O_WRONLY | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

static int bus_write(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n = write(fd, text, len);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/* What the kernel's answer to an add line means. */
static const struct err_meaning refusals[] = {
	{ENOENT, ERR_NOT_FOUND, "the kernel finds no such pool, namespace, image or snapshot",
	 "it may have been deleted or renamed this moment; look with 'rbd info'"},
	{EINVAL, ERR_FAILED, "the kernel refuses the map line",
	 "more than 16 ancestors (flatten one of them), 'exclusive' or 'lock_on_read' without the "
	 "image's feature exclusive-lock, or an option that this kernel does not know"},
	{ENXIO, ERR_UNSUPPORTED, "the image has features that this kernel's rbd driver lacks",
	 "compare 'rbd info' with /sys/bus/rbd/supported_features, then 'rbd feature disable IMAGE "
	 "FEATURE'"},
	{EPERM, ERR_NOT_PERMITTED,
	 "the kernel may not use the user's key, or this process may not "
	 "map",
	 "rbdvold must be root in the host's own user namespace"},
	{EACCES, ERR_NOT_PERMITTED,
	 "the cluster refuses the user or its key, or does not let it blocklist a dead owner of "
	 "the "
	 "image",
	 "the user needs the capabilities 'mon profile rbd' and 'osd profile rbd' for this pool"},
	{EKEYREJECTED, ERR_NOT_PERMITTED, "the cluster refuses the user's key",
	 "compare the keyring with 'ceph auth get'"},
	{EROFS, ERR_HELD, "another client holds the image's exclusive lock and does not release it",
	 "'rbd lock ls' and 'rbd status' show who it is"},
	{ETIMEDOUT, ERR_UNREACHABLE,
	 "no monitor answered, or the image's lock was not acquired in time",
	 "see the monitors tried; do their ports fit ms_mode (3300 for all but legacy, 6789 for "
	 "legacy)? 'rbd lock ls' shows the lock"},
	{EBUSY, ERR_HELD, "an advisory lock of another client is on the image",
	 "'rbd lock ls' shows whose"},
	{ENOSPC, ERR_NO_SPACE,
	 "the pool is full, and the kernel must write to it to lock the image",
	 "delete or trim something, or attach it --read-only"},
	{ENOMEM, ERR_FAILED, "the kernel has no memory for it", NULL},
	{ERANGE, ERR_UNSUPPORTED, "the image has more snapshots than the kernel can take (510)",
	 "delete some of them"},
	{ESHUTDOWN, ERR_UNREACHABLE, "the cluster has this host's client blocklisted",
	 "'ceph osd blocklist ls' shows it"},
	{EINTR, ERR_FAILED, "it was interrupted", NULL},
	{ECONNREFUSED, ERR_UNREACHABLE, "the monitors refuse to talk", NULL},
	{EHOSTUNREACH, ERR_UNREACHABLE, "the monitors cannot be reached", NULL},
	{ENETUNREACH, ERR_UNREACHABLE, "there is no network to the monitors", NULL},
};

/* The option that the kernel said it does not know; the caller frees it. NULL: it did not. */
static char *unknown_option(const char *said)
{
	static const char *const ways[] = {"Unknown parameter '", "bad option at '"};

	for (size_t i = 0; said && i < ARRAY_SIZE(ways); i++) {
		const char *name = strstr(said, ways[i]);

		if (name) {
			name += strlen(ways[i]);
			return strndup(name, strcspn(name, "'="));
		}
	}
	return NULL;
}

/* 0: it is for another reason. Before 5.6 the kernel does not say that an option is unknown. */
static int refused_option(const struct map_request *req, const char *shown, const char *said,
			  struct err **e)
{
	_cleanup_free_ char *name = unknown_option(said);
	_cleanup_free_ char *newer = krbd_options_newer(req->options, kernel_version());

	if (name) {
		err_set(e, ERR_UNSUPPORTED, -EINVAL,
			"cannot map %s: this host's kernel does not know the map option '%s'",
			shown, name);
		return newer ? err_hint(e, "newer kernels do: %s", newer) : -EINVAL;
	}
	if (!newer)
		return 0;
	err_set(e, ERR_UNSUPPORTED, -EINVAL,
		"cannot map %s: the kernel refuses the map line, and may not know each map option",
		shown);
	return err_hint(e, "newer kernels do: %s", newer);
}

static int map_refused(const struct map_request *req, int code, int log, struct err **e)
{
	_cleanup_free_ char *shown = spec_format(req->spec), *said = kernel_log_since(log);
	const struct err_meaning *m = err_meaning_find(refusals, ARRAY_SIZE(refusals), code);
	enum err_kind kind = m ? m->kind : err_kind_of(code);

	if (code == -EINVAL && refused_option(req, shown ? shown : "the volume", said, e) < 0)
		return code;
	err_set(e, kind, code, "cannot map %s: %s%s%s%s%s%s", shown ? shown : "the volume",
		m ? m->why : strerror(-code), kind == ERR_UNREACHABLE ? "; tried " : "",
		kind == ERR_UNREACHABLE ? req->monitors : "", said ? " (kernel: " : "",
		said ? said : "", said ? ")" : "");
	return m && m->hint ? err_hint(e, "%s", m->hint) : code;
}

int krbd_add(const struct map_request *req, const char *line, struct err **e)
{
	_cleanup_close_ int fd = bus_open("add"), log = kernel_log_open();
	int r;

	if (fd == -EACCES || fd == -EPERM)
		return err_set(e, ERR_NOT_PERMITTED, fd, "mapping a volume needs root");
	if (fd < 0)
		return err_errno(e, fd, "cannot open " BUS "/add");
	r = bus_write(fd, line);
	return r < 0 ? map_refused(req, r, log, e) : 0;
}

int krbd_remove(int id, bool force)
{
	_cleanup_close_ int fd = bus_open("remove");
	char line[32];

	if (fd < 0)
		return fd;
	snprintf(line, sizeof(line), "%d%s", id, force ? " force" : "");
	return bus_write(fd, line);
}
