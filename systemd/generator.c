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

static int printed(char **out, void (*print)(FILE *f, const struct voltab_line *l),
		   const struct voltab_line *l)
{
	size_t len;
	FILE *f = open_memstream(out, &len);

	if (!f)
		return -ENOMEM;
	print(f, l);
	return fclose(f) ? -ENOMEM : 0;
}

/* A drop-in of the unit that NAME prints. */
static int write_drop_in(const struct output *o, const struct voltab_line *l,
			 void (*name)(FILE *f, const struct voltab_line *l),
			 void (*content)(FILE *f, const struct voltab_line *l), struct err **e)
{
	_cleanup_free_ char *unit = NULL, *path = NULL, *text = NULL;
	_cleanup_close_ int fd = -1;

	if (printed(&unit, name, l) < 0 || printed(&text, content, l) < 0 ||
	    asprintf(&path, "%s.d/50-rbdvol.conf", unit) < 0)
		return err_oom(e);
	if (strlen(unit) > NAME_MAX - 2)
		return err_set(e, ERR_USAGE, -ENAMETOOLONG, "its name is too long for a unit");
	*strrchr(path, '/') = '\0';
	if (mkdirat(o->folder, path, 0755) < 0 && errno != EEXIST)
		return err_errno(e, -errno, "can't make the folder %s", path);
	path[strlen(path)] = '/';
	fd = openat(o->folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_EXISTS, -EEXIST, "an earlier line is of the same %s",
			       strstr(unit, ".mount") ? "folder" : "volume");
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return err_errno(e, -errno, "can't write %s", path);
	return 0;
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

static void service_content(FILE *f, const struct voltab_line *l)
{
	fputs("# by rbdvol-generator\n", f);
	/* Not before remote-fs-pre.target: there one bad volume would delay every mount. */
	if (!l->nofail && !l->folder)
		fputs("[Unit]\nBefore=remote-fs.target\n", f);
	fprintf(f, "[Service]\nExecStart=\n%s",
		l->nofail || l->retry ? "TimeoutStartSec=infinity\n" : "");
	/* It may be there with another size, resized since: so a failure says nothing yet. */
	if (l->create.n) {
		fputs("ExecStart=-", f);
		service_command(f, "create", l, &l->create);
	}
	fputs("ExecStart=", f);
	service_command(f, "attach", l, &l->attach);
}

static void mount_content(FILE *f, const struct voltab_line *l)
{
	fputs("# by rbdvol-generator\n[Unit]\nRequires=", f);
	service_name(f, l);
	fputs("\nAfter=", f);
	service_name(f, l);
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
		return write_drop_in(o, l, mount_name, mount_content, e);
	return r < 0 || l->noauto ? r : want_at_boot(o, l, e);
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
