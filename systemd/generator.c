/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rbdvol-generator: units for the volumes of /etc/rbdvoltab and /etc/fstab, made early in the boot
 * from these texts alone. A bad line is told, by its number, in the kernel's log, which the journal
 * has; the others are served. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "systemd/voltab.h"

#define LINE_MAX_BYTES 4096

/* An attach that the boot waits for gives up so early, in seconds, that it can say why before
 * systemd ends it; one that it does not wait for goes on until the cluster is there. */
#define RETRY_BOOT  "60"
#define RETRY_LATER "31536000"

struct output {
	int folder; /* what systemd gave us */
	FILE *log;
};

static void tell(const struct output *o, const char *file, unsigned line, const struct err *e)
{
	fprintf(o->log, "<3>rbdvol-generator: %s:%u: %s%s%s%s\n", file, line, e->message,
		e->hint ? " (" : "", e->hint ? e->hint : "", e->hint ? ")" : "");
	fflush(o->log);
}

typedef void printer(FILE *f, const struct voltab_line *l);

static int printed(char **out, printer print, const struct voltab_line *l)
{
	size_t len;
	FILE *f = open_memstream(out, &len);

	if (!f)
		return -ENOMEM;
	print(f, l);
	return fclose(f) ? -ENOMEM : 0;
}

static int write_new(const struct output *o, const char *path, const char *text, struct err **e)
{
	_cleanup_close_ int fd =
		openat(o->folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_EXISTS, -EEXIST, "an earlier line is of the same %s",
			       strstr(path, ".mount") ? "folder" : "volume");
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return err_errno(e, -errno, "can't write %s", path);
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

/* A drop-in of it. */
static int write_drop_in(const struct output *o, const struct voltab_line *l, printer name,
			 printer content, struct err **e)
{
	_cleanup_free_ char *unit = NULL, *folder = NULL, *path = NULL, *text = NULL;

	if (printed(&unit, name, l) < 0 || printed(&text, content, l) < 0 ||
	    asprintf(&folder, "%s.d", unit) < 0 || asprintf(&path, "%s/50-rbdvol.conf", folder) < 0)
		return err_oom(e);
	if (strlen(folder) > NAME_MAX)
		return err_set(e, ERR_USAGE, -ENAMETOOLONG, "its name is too long for a unit");
	if (mkdirat(o->folder, folder, 0755) < 0 && errno != EEXIST)
		return err_errno(e, -errno, "can't make the folder %s", folder);
	return write_new(o, path, text, e);
}

static void service_name(FILE *f, const struct voltab_line *l)
{
	fputs("rbdvol@", f);
	unit_escape(f, l->volume, false);
	fputs(".service", f);
}

static void mount_name(FILE *f, const struct voltab_line *l)
{
	unit_escape(f, l->folder, true);
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

static void service_content(FILE *f, const struct voltab_line *l)
{
	fputs("# by rbdvol-generator\n[Unit]\n", f);
	/* Not before remote-fs-pre.target: there one bad volume would delay every mount. */
	if (!l->nofail && !l->folder)
		fputs("Before=remote-fs.target\n", f);
	/* A volume that comes late, when its mount was given up already, brings it along. */
	if (l->swap || (l->folder && !l->noauto && !l->automount)) {
		fputs("Wants=", f);
		l->swap ? swap_name(f, l) : mount_name(f, l);
		fputc('\n', f);
	}
	fprintf(f, "[Service]\nExecStart=\n%s",
		l->nofail || l->retry ? "TimeoutStartSec=infinity\n" : "");
	/* It may be there with another size, resized since: that is fine (4, exists). */
	if (l->create.n) {
		fputs("SuccessExitStatus=4\nExecStart=", f);
		service_command(f, "create", l, &l->create);
	}
	fputs("ExecStart=", f);
	service_command(f, "attach", l, &l->attach);
}

static void needs_service(FILE *f, const struct voltab_line *l)
{
	static const char *const how[] = {"Requires=", "After="};

	for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
		fputs(how[i], f);
		service_name(f, l);
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
	_cleanup_free_ char *folder = NULL, *link = NULL, *path = NULL;

	if (asprintf(&folder, "%s.wants", target) < 0 ||
	    asprintf(&link, "%s/%s", folder, unit) < 0 || asprintf(&path, UNITDIR "/%s", file) < 0)
		return err_oom(e);
	if ((mkdirat(o->folder, folder, 0755) < 0 && errno != EEXIST) ||
	    (symlinkat(path, o->folder, link) < 0 && errno != EEXIST))
		return err_errno(e, -errno, "can't make %s", link);
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

static int serve(const struct output *o, const struct voltab_line *l, struct err **e)
{
	int r = want(o, "sockets.target", "rbdvold.socket", "rbdvold.socket", e);

	if (r >= 0)
		r = write_drop_in(o, l, service_name, service_content, e);
	if (r >= 0 && l->folder)
		r = write_drop_in(o, l, mount_name, mount_content, e);
	if (r >= 0 && l->swap)
		r = write_unit(o, l, swap_name, swap_content, e);
	return r < 0 || l->folder || l->noauto ? r : want_at_boot(o, l, e);
}

static void read_table(const struct output *o, const char *path, bool fstab)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
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
		if (r > 0)
			r = serve(o, &l, &e);
		if (r < 0)
			tell(o, path, line, e);
	}
}

/* RBDVOLTAB and FSTAB (tests) name other files. */
static const char *table(const char *variable, const char *path)
{
	const char *other = getenv(variable);

	return other && *other ? other : path;
}

int main(int argc, char **argv)
{
	_cleanup_fclose_ FILE *kmsg = NULL;
	struct output o = {.folder = -1, .log = stderr};

	if (argc != 2 && argc != 4) {
		fprintf(stderr, "Usage: rbdvol-generator NORMAL [EARLY LATE]\n");
		return 1;
	}
	if (argc == 4 && (kmsg = fopen("/dev/kmsg", "we")))
		o.log = kmsg;
	o.folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o.folder < 0) {
		fprintf(o.log, "<3>rbdvol-generator: can't open %s: %m\n", argv[1]);
		return 1;
	}
	read_table(&o, table("RBDVOLTAB", SYSCONFDIR "/rbdvoltab"), false);
	read_table(&o, table("FSTAB", SYSCONFDIR "/fstab"), true);
	close(o.folder);
	return 0;
}
