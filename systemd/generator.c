/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rbdvol-generator: units for the volumes of /etc/rbdvoltab and /etc/fstab, made early in the boot
 * from these texts alone. A bad line is told, by its number, in the kernel's log, which the journal
 * has; the others are served. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "systemd/voltab.h"

#define LINE_MAX_BYTES 4096
#define LINKS_MAX      64

/* An attach that the boot waits for gives up so early, in seconds, that it can say why before
 * systemd ends it; one that it does not wait for goes on until the cluster is there. */
#define RETRY_BOOT  "60"
#define RETRY_LATER "31536000"
/* As in rbdvol@.service, whose TimeoutStopSec= is for these. */
#define DETACH_PATIENCE "--timeout 20 --retry 40"

/* A volume that has a unit. */
struct known {
	char *volume; /* as its line names it */
	char *link;
	char *cluster;
	struct known *next;
};

struct output {
	int directory; /* what systemd gave us */
	FILE *log;
	struct known *known;
};

static void output_tell(const struct output *o, const char *file, unsigned line,
			const struct err *e)
{
	fprintf(o->log, "<3>rbdvol-generator: %s:%u: %s%s%s%s\n", file, line, e->message,
		e->hint ? " (" : "", e->hint ? e->hint : "", e->hint ? ")" : "");
	fflush(o->log);
}

typedef void printer(FILE *f, const struct voltab_line *l);

static int printed(char **out, printer print, const struct voltab_line *l)
{
	struct text text;
	FILE *f = text_begin(&text);

	if (!f)
		return -ENOMEM;
	print(f, l);
	*out = text_end(f, &text);
	return *out ? 0 : -ENOMEM;
}

static int write_new(const struct output *o, const char *path, const char *text, struct err **e)
{
	_cleanup_close_ int fd =
		openat(o->directory, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	ssize_t n;

	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_EXISTS, -EEXIST, "an earlier line is of the same %s",
			       strstr(path, ".mount") ? "directory" : "volume");
	n = fd < 0 ? -1 : write(fd, text, strlen(text));
	if (n != (ssize_t)strlen(text))
		return err_errno(e, n < 0 ? -errno : -ENOSPC, "cannot write %s", path);
	return 0;
}

/* The unit that NAME prints. */
static int write_unit(const struct output *o, const struct voltab_line *l, printer name,
		      printer content, struct err **e)
{
	_cleanup_free_ char *unit = NULL, *text = NULL;

	if (printed(&unit, name, l) < 0 || printed(&text, content, l) < 0)
		return err_oom(e);
	return write_new(o, unit, text, e);
}

/* A drop-in of it; ALSO, behind its name, tells those of several lines of a volume apart. */
static int write_drop_in(const struct output *o, const struct voltab_line *l, printer name,
			 printer content, const char *also, struct err **e)
{
	_cleanup_free_ char *unit = NULL, *directory = NULL, *path = NULL, *text = NULL;

	if (printed(&unit, name, l) < 0 || printed(&text, content, l) < 0 ||
	    str_printf(&directory, "%s.d", unit) < 0 ||
	    str_printf(&path, "%s/50-rbdvol%s.conf", directory, also) < 0)
		return err_oom(e);
	if (strlen(directory) > NAME_MAX)
		return err_set(e, ERR_USAGE, -ENAMETOOLONG, "its name is too long for a unit");
	if (mkdirat(o->directory, directory, 0755) < 0 && errno != EEXIST)
		return err_errno(e, -errno, "cannot make the directory %s", directory);
	return write_new(o, path, text, e);
}

static void service_name(FILE *f, const struct voltab_line *l)
{
	fputs("rbdvol@", f);
	unit_escape(f, l->volume, false);
	fputs(".service", f);
}

/* What its mounts and swaps require. */
static void attached_name(FILE *f, const struct voltab_line *l)
{
	fputs("rbdvol-attached@", f);
	unit_escape(f, l->volume, false);
	fputs(".service", f);
}

static void mount_name(FILE *f, const struct voltab_line *l)
{
	unit_escape(f, l->directory, true);
	fputs(".mount", f);
}

static void service_command(FILE *f, const char *verb, const struct voltab_line *l,
			    const struct strlist *words)
{
	const struct strlist volume = {.items = (char *[]){l->volume}, .n = 1};

	fprintf(f, "%s %s", BINDIR "/rbdvol", verb);
	if (!l->retry)
		fprintf(f, " --retry %s", l->nofail ? RETRY_LATER : RETRY_BOOT);
	unit_words(f, words);
	fputs(" --", f);
	unit_words(f, &volume);
	fputc('\n', f);
}

static void swap_name(FILE *f, const struct voltab_line *l)
{
	unit_escape(f, l->link, true);
	fputs(".swap", f);
}

/* A volume that comes late, when its mount was given up already, brings it along. */
static void brings_mount(FILE *f, const struct voltab_line *l)
{
	if (!l->swap && (!l->directory || l->noauto || l->automount))
		return;
	fputs("Wants=", f);
	l->swap ? swap_name(f, l) : mount_name(f, l);
	fputc('\n', f);
}

/* What is mounted may be where units before sysinit.target look: the default dependencies would
 * have the volume there after that. */
static void comes_early(FILE *f, const struct voltab_line *l)
{
	if (l->directory)
		fputs("DefaultDependencies=no\nConflicts=shutdown.target\n"
		      "Before=shutdown.target\n",
		      f);
}

static void another_mount_content(FILE *f, const struct voltab_line *l)
{
	fputs("# by rbdvol-generator\n[Unit]\n", f);
	comes_early(f, l);
	brings_mount(f, l);
}

/* The volume is elsewhere than the unit's own command looks for it. */
static void detach_command(FILE *f, const struct voltab_line *l)
{
	const struct strlist volume = {.items = (char *[]){l->volume}, .n = 1};

	if (!l->detach.n)
		return;
	fputs("ExecStop=\nExecStop=" BINDIR "/rbdvol detach " DETACH_PATIENCE, f);
	unit_words(f, &l->detach);
	fputs(" --", f);
	unit_words(f, &volume);
	fputc('\n', f);
}

static void service_content(FILE *f, const struct voltab_line *l)
{
	fputs("# by rbdvol-generator\n[Unit]\n", f);
	/* Not before remote-fs-pre.target: there one bad volume would delay every mount. */
	if (!l->nofail && !l->directory)
		fputs("Before=remote-fs.target\n", f);
	comes_early(f, l);
	brings_mount(f, l);
	fprintf(f, "[Service]\nExecStart=\n%s",
		l->nofail || l->retry ? "TimeoutStartSec=infinity\n" : "");
	/* It may be there with another size, resized since: that is fine (4, exists). */
	if (l->create.n) {
		fputs("SuccessExitStatus=4\nExecStart=", f);
		service_command(f, "create", l, &l->create);
	}
	fputs("ExecStart=", f);
	service_command(f, "attach", l, &l->attach);
	detach_command(f, l);
}

static void needs_service(FILE *f, const struct voltab_line *l)
{
	static const struct {
		const char *how;
		printer *name;
	} needs[] = {
		{"Requires=", attached_name},
		{"After=", attached_name},
		{"After=", service_name}, /* at the end, the reverse */
	};

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		fputs(needs[i].how, f);
		needs[i].name(f, l);
		fputc('\n', f);
	}
}

static void mount_content(FILE *f, const struct voltab_line *l)
{
	fputs("# by rbdvol-generator\n[Unit]\n", f);
	needs_service(f, l);
	if (l->umount_timeout)
		fprintf(f, "[Mount]\nEnvironment=RBDVOL_UMOUNT_TIMEOUT=%s\n", l->umount_timeout);
}

/* Without the default dependencies: those would have it there before there is a network. */
static void swap_content(FILE *f, const struct voltab_line *l)
{
	fputs("# by rbdvol-generator\n[Unit]\nDefaultDependencies=no\n"
	      "Conflicts=umount.target\nBefore=umount.target\n",
	      f);
	needs_service(f, l);
	fputs("[Swap]\nWhat=", f);
	for (const char *p = l->link; *p; p++) {
		if (*p == '%')
			fputc(*p, f);
		fputc(*p, f);
	}
	fputc('\n', f);
}

/* TARGET.wants/UNIT becomes a link to the unit's FILE. */
static int want(const struct output *o, const char *target, const char *unit, const char *file,
		struct err **e)
{
	_cleanup_free_ char *directory = NULL, *link = NULL, *path = NULL;

	if (str_printf(&directory, "%s.wants", target) < 0 ||
	    str_printf(&link, "%s/%s", directory, unit) < 0 ||
	    str_printf(&path, UNITDIR "/%s", file) < 0)
		return err_oom(e);
	if ((mkdirat(o->directory, directory, 0755) < 0 && errno != EEXIST) ||
	    (symlinkat(path, o->directory, link) < 0 && errno != EEXIST))
		return err_errno(e, -errno, "cannot make %s", link);
	return 0;
}

/* A target comes after all that it wants; a socket does not. So nobody waits for nofail. */
static int want_at_boot(const struct output *o, const struct voltab_line *l, struct err **e)
{
	_cleanup_free_ char *unit = NULL;

	if (printed(&unit, service_name, l) < 0)
		return err_oom(e);
	return want(o, l->nofail ? "rbdvold.socket" : "remote-fs.target", unit, "rbdvol@.service",
		    e);
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static int remember(struct output *o, const struct voltab_line *l, struct err **e)
{
	struct known *k = calloc(1, sizeof(*k));

	if (!k)
		return err_oom(e);
	*k = (struct known){.next = o->known};
	o->known = k;
	k->volume = strdup(l->volume);
	k->link = strdup(l->link);
	k->cluster = l->cluster ? strdup(l->cluster) : NULL;
	return k->volume && k->link && (k->cluster || !l->cluster) ? 0 : err_oom(e);
}

static void forget_all(struct output *o)
{
	for (struct known *k; (k = o->known);) {
		o->known = k->next;
		free(k->volume);
		free(k->link);
		free(k->cluster);
		free(k);
	}
}

/* 1: an earlier line is of this volume, which may be mounted on another directory, too. */
static int is_known(const struct output *o, const struct voltab_line *l, struct err **e)
{
	const struct known *k = o->known;

	while (k && !(same(k->link, l->link) && same(k->cluster, l->cluster)))
		k = k->next;
	if (!k)
		return 0;
	if (strcmp(k->volume, l->volume)) {
		err_set(e, ERR_EXISTS, -EEXIST, "an earlier line names the same volume '%s'",
			k->volume);
		return err_hint(e, "use the same name in both lines");
	}
	return l->directory
		       ? 1
		       : err_set(e, ERR_EXISTS, -EEXIST, "an earlier line is of the same volume");
}

/* The volume's unit; for a further directory only what it has to do with that. */
static int serve_volume(struct output *o, const struct voltab_line *l, struct err **e)
{
	_cleanup_free_ char *mount = NULL, *also = NULL;
	int r = is_known(o, l, e);

	if (r < 0)
		return r;
	if (!r) {
		r = write_drop_in(o, l, service_name, service_content, "", e);
		return r < 0 ? r : remember(o, l, e);
	}
	if (printed(&mount, mount_name, l) < 0 || str_printf(&also, "-%s", mount) < 0)
		return err_oom(e);
	return write_drop_in(o, l, service_name, another_mount_content, also, e);
}

/* Longer than that of the volume's own unit. */
static int check_attached_name(const struct voltab_line *l, struct err **e)
{
	_cleanup_free_ char *unit = NULL;

	if (printed(&unit, attached_name, l) < 0)
		return err_oom(e);
	return strlen(unit) <= NAME_MAX
		       ? 0
		       : err_set(e, ERR_USAGE, -ENAMETOOLONG, "its name is too long for a unit");
}

static int serve(struct output *o, const struct voltab_line *l, struct err **e)
{
	int r = want(o, "sockets.target", "rbdvold.socket", "rbdvold.socket", e);

	if (r >= 0 && (l->directory || l->swap))
		r = check_attached_name(l, e);
	if (r >= 0 && l->directory)
		r = write_drop_in(o, l, mount_name, mount_content, "", e);
	if (r >= 0)
		r = serve_volume(o, l, e);
	if (r >= 0 && l->swap)
		r = write_unit(o, l, swap_name, swap_content, e);
	return r < 0 || l->directory || l->noauto ? r : want_at_boot(o, l, e);
}

/* DIRECTORY without links, as far as it is there: so systemd names the unit of its mount. To be
 * freed; NULL when out of memory. */
static char *resolve(const char *directory, unsigned links)
{
	char target[PATH_MAX], *real = realpath(directory, NULL), *out;
	_cleanup_free_ char *up = strdup(directory), *next = NULL, *above = NULL;
	const char *base;
	ssize_t n;

	if (real || !up)
		return real;
	for (size_t len = strlen(up); len > 1 && up[len - 1] == '/'; len--)
		up[len - 1] = '\0';
	if (!strrchr(up, '/') || !strcmp(up, "/") || links == LINKS_MAX)
		return strdup(directory);
	n = readlink(up, target, sizeof(target) - 1);
	base = strrchr(up, '/') + 1;
	*strrchr(up, '/') = '\0';
	if (n > 0) { /* to what is not there yet */
		target[n] = '\0';
		str_printf(&next, "%s/%s", *target == '/' ? "" : up, target);
		return next ? resolve(next, links + 1) : NULL;
	}
	above = resolve(*up ? up : "/", links + 1);
	return above && str_printf(&out, "%s/%s", strcmp(above, "/") ? above : "", base) == 0
		       ? out
		       : NULL;
}

static int resolve_directory(struct voltab_line *l, struct err **e)
{
	char *directory = l->directory ? resolve(l->directory, 0) : NULL;

	if (l->directory && !directory)
		return err_oom(e);
	free(l->directory);
	l->directory = directory;
	return 0;
}

/* Nothing but a file, as all else may keep the boot waiting. NULL where there is none. */
static FILE *open_table(const struct output *o, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	FILE *f;

	if (fd < 0 && errno == ENOENT)
		return NULL;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		fprintf(o->log, "<3>rbdvol-generator: cannot read %s: %s\n", path,
			fd < 0 ? strerror(errno) : "it is not a file");
		fflush(o->log);
		return NULL;
	}
	f = fdopen(fd, "r");
	if (f)
		steal_fd(&fd);
	return f;
}

static void read_table(struct output *o, const char *path, bool fstab)
{
	_cleanup_fclose_ FILE *f = open_table(o, path);
	_cleanup_free_ char *text = NULL;
	size_t room = 0;

	for (unsigned line = 1; f && getline(&text, &room, f) > 0; line++) {
		_cleanup_voltab_line_ struct voltab_line l = {0};
		_cleanup_err_ struct err *e = NULL;
		int r;

		text[strcspn(text, "\n")] = '\0';
		if (strlen(text) > LINE_MAX_BYTES)
			r = err_set(&e, ERR_USAGE, -E2BIG, "the line is too long");
		else
			r = voltab_parse(text, fstab, &l, &e);
		if (r > 0 && (r = resolve_directory(&l, &e)) >= 0)
			r = serve(o, &l, &e);
		if (r < 0)
			output_tell(o, path, line, e);
	}
}

/* RBDVOLTAB and FSTAB (tests) name other files. */
static const char *table(const char *variable, const char *path)
{
	const char *other = getenv(variable);

	return other && *other ? other : path;
}

/* Volumes that were enabled are in no table. */
static void want_enabled(const struct output *o)
{
	_cleanup_err_ struct err *e = NULL;

	if (want(o, "remote-fs.target", "rbdvol.target", "rbdvol.target", &e) < 0) {
		fprintf(o->log, "<3>rbdvol-generator: %s\n", e->message);
		fflush(o->log);
	}
}

int main(int argc, char **argv)
{
	_cleanup_fclose_ FILE *kmsg = NULL;
	struct output o = {.directory = -1, .log = stderr};

	if (argc != 2 && argc != 4) {
		fprintf(stderr, "Usage: rbdvol-generator NORMAL [EARLY LATE]\n");
		return 1;
	}
	if (argc == 4 && (kmsg = fopen("/dev/kmsg", "we")))
		o.log = kmsg;
	o.directory = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o.directory < 0) {
		fprintf(o.log, "<3>rbdvol-generator: cannot open %s: %m\n", argv[1]);
		return 1;
	}
	want_enabled(&o);
	read_table(&o, table("RBDVOLTAB", SYSCONFDIR "/rbdvoltab"), false);
	read_table(&o, table("FSTAB", SYSCONFDIR "/fstab"), true);
	forget_all(&o);
	close(o.directory);
	return 0;
}
