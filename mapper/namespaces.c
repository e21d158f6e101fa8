/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All from /proc. A mount namespace is looked at by a thread that enters it: a process may have a
 * root of its own, and see fewer mounts; and there may be no process. A process that ends meanwhile
 * is left out. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/str.h"
#include "mapper/namespaces.h"
#include "mapper/nodes.h"

#define SHOWN_MAX     4096
#define ANCESTORS_MAX 8 /* of a process that udev may have started */

/* --- processes --- */

static void process_deinit(struct process *p)
{
	free(p->comm);
	cleanup_closep(&p->fd);
}

/* False where NAME is not a process, or one that has ended. */
static bool process_init(struct process *p, int procfd, const char *name)
{
	p->pid = name;
	if (!isdigit((unsigned char)*name))
		return false;
	p->fd = openat(procfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return p->fd >= 0 && file_read_line(p->fd, "comm", &p->comm) >= 0;
}

int each_process(int (*fn)(const struct process *p, void *data), void *data)
{
	_cleanup_dir_ DIR *dir = opendir("/proc");
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		cleanup(process_deinit) struct process p = {.fd = -1};
		int r = process_init(&p, dirfd(dir), entry->d_name) ? fn(&p, data) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* A directory of a process; NULL: it has ended, or is not ours to look at. */
static DIR *process_dir(const struct process *p, const char *name)
{
	_cleanup_close_ int fd = openat(p->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir)
		fd = -1;
	return dir;
}

int each_open_file(const struct process *p,
		   int (*fn)(const struct process *p, const char *fd, const char *shown,
			     void *data),
		   void *data)
{
	_cleanup_dir_ DIR *dir = process_dir(p, "fd");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char shown[SHOWN_MAX];
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, shown, sizeof(shown) - 1);
		int r;

		if (n < 0)
			continue;
		shown[n] = '\0';
		r = fn(p, entry->d_name, shown, data);
		if (r)
			return r < 0 ? r : 0;
	}
	return 0;
}

int process_take_file(const struct process *p, const char *fd)
{
	_cleanup_close_ int pidfd =
		(int)syscall(SYS_pidfd_open, (pid_t)strtol(p->pid, NULL, 10), 0);
	long taken;

	if (pidfd < 0)
		return -errno;
	taken = syscall(SYS_pidfd_getfd, pidfd, (int)strtol(fd, NULL, 10), 0);
	return taken < 0 ? -errno : (int)taken;
}

/* The parent of process PID, and its name; 0: it has none. */
static long parent_of(long pid, char comm[static 32])
{
	_cleanup_free_ char *status = NULL;
	char path[48], *found;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	*comm = '\0';
	if (file_read(AT_FDCWD, path, 16384, &status, &len) < 0)
		return 0;
	sscanf(status, "Name: %31[^\n]", comm);
	found = strstr(status, "\nPPid:");
	return found ? strtol(found + strlen("\nPPid:"), NULL, 10) : 0;
}

bool process_is_udev(const struct process *p)
{
	long pid = strtol(p->pid, NULL, 10);
	char comm[32];

	for (int i = 0; pid > 1 && i < ANCESTORS_MAX; i++) {
		pid = parent_of(pid, comm);
		if (strstr(comm, "udev"))
			return true;
	}
	return false;
}

/* --- visitors --- */

struct visitor {
	pthread_t thread;
	int fd; /* of the namespace */
	int error;
	pid_t tid;
	sem_t there, leave;
};

static void visitor_await(sem_t *s)
{
	while (sem_wait(s) < 0 && errno == EINTR)
		;
}

static void *visit(void *arg)
{
	struct visitor *v = arg;

	/* Threads share their working directory, and then none may change its namespace. */
	if (unshare(CLONE_FS) < 0 || setns(v->fd, CLONE_NEWNS) < 0)
		v->error = errno;
	v->tid = (pid_t)syscall(SYS_gettid);
	sem_post(&v->there);
	visitor_await(&v->leave);
	return NULL;
}

void visitor_free(struct visitor *v)
{
	if (!v)
		return;
	sem_post(&v->leave);
	pthread_join(v->thread, NULL);
	sem_destroy(&v->there);
	sem_destroy(&v->leave);
	free(v);
}
DEFINE_CLEANUP(struct visitor *, visitor_free)

/* FD is borrowed until this returns. */
static int visitor_new(int fd, struct visitor **out)
{
	cleanup(visitor_free_p) struct visitor *v = NULL;
	struct visitor *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return -ENOMEM;
	made->fd = fd;
	sem_init(&made->there, 0, 0);
	sem_init(&made->leave, 0, 0);
	r = pthread_create(&made->thread, NULL, visit, made);
	if (r) {
		free(made);
		return -r;
	}
	v = made;
	visitor_await(&v->there);
	if (v->error)
		return -v->error;
	*out = steal(&v);
	return 0;
}

/* --- namespaces --- */

struct walk {
	int (*fn)(struct view *v, void *data);
	void *data;
	struct strlist *unreached;
	ino_t *seen;
	size_t n;
};

static void walk_deinit(struct walk *w)
{
	free(w->seen);
}

/* 1: INO was not seen before, and is remembered; 0: it was. */
static int is_new(struct walk *w, ino_t ino)
{
	ino_t *grown;

	for (size_t i = 0; i < w->n; i++)
		if (w->seen[i] == ino)
			return 0;
	grown = reallocarray(w->seen, w->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	w->seen = grown;
	w->seen[w->n++] = ino;
	return 1;
}

static int is_new_path(struct walk *w, int dirfd, const char *path)
{
	struct stat st;

	return fstatat(dirfd, path, &st, 0) ? 0 : is_new(w, st.st_ino);
}

/* 1: TEXT is "mnt:[4026532211]" of one that was not seen before. */
static int is_new_text(struct walk *w, const char *text)
{
	char *end;
	unsigned long long ino;

	if (!text || strncmp(text, "mnt:[", 5))
		return 0;
	ino = strtoull(text + 5, &end, 10);
	return *end == ']' ? is_new(w, (ino_t)ino) : 0;
}

static int visit_kept(struct walk *w, const struct view *v);

static int show(struct walk *w, struct view *v, const char *table)
{
	cleanup(mnt_unref_table_p) struct libmnt_table *t = mnt_new_table();
	int r = t ? mnt_table_parse_file(t, table) : -ENOMEM;

	if (r)
		return r == -ENOMEM || !v->who ? r : 0;
	v->table = t;
	r = w->fn(v, w->data);
	return r < 0 ? r : visit_kept(w, v);
}

/* Look at the namespace that is open as FD. */
static int visit_open(struct walk *w, int fd, const char *who)
{
	struct visitor *visitor = NULL;
	int r = visitor_new(fd, &visitor);
	char root[64], table[64];
	struct view v = {.who = who, .root = root, .visitor = visitor};

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return w->unreached ? strlist_add(w->unreached, "what is mounted %s: %s", who,
						  strerror(-r))
				    : 0;
	snprintf(root, sizeof(root), "/proc/self/task/%d/root", visitor->tid);
	snprintf(table, sizeof(table), "/proc/self/task/%d/mountinfo", visitor->tid);
	r = show(w, &v, table);
	visitor_free(v.visitor);
	return r;
}

/* WHAT is below what DIRFD has: a namespace, unless its holder has ended. */
static int visit_path(struct walk *w, int dirfd, const char *what, const char *who)
{
	_cleanup_close_ int fd = openat(dirfd, what, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) || fs.f_type != NSFS_MAGIC ||
	    ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNS)
		return 0;
	return visit_open(w, fd, who);
}

/* Those that a mount in V keeps. */
static int visit_kept(struct walk *w, const struct view *v)
{
	cleanup(mnt_free_iter_p) struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;

	if (!iter)
		return -ENOMEM;
	while (!mnt_table_next_fs(v->table, iter, &fs)) {
		_cleanup_free_ char *path = NULL, *who = NULL;
		int r = is_new_text(w, mnt_fs_get_root(fs));

		if (r > 0 && (str_printf(&path, "%s%s", v->root, mnt_fs_get_target(fs)) < 0 ||
			      str_printf(&who, "in the mount namespace that %s keeps",
					 mnt_fs_get_target(fs)) < 0))
			r = -ENOMEM;
		if (r > 0)
			r = visit_path(w, AT_FDCWD, path, who);
		if (r < 0)
			return r;
	}
	return 0;
}

static int visit_held(const struct process *p, const char *fd, const char *shown, void *data)
{
	struct walk *w = data;
	_cleanup_free_ char *who = NULL, *path = NULL;
	int r = is_new_text(w, shown);

	if (r <= 0)
		return r;
	if (str_printf(&who, "in the mount namespace that %s (pid %s) keeps open", p->comm,
		       p->pid) < 0 ||
	    str_printf(&path, "fd/%s", fd) < 0)
		return -ENOMEM;
	return visit_path(w, p->fd, path, who);
}

static int visit_task(struct walk *w, const struct process *p, const char *task)
{
	_cleanup_free_ char *path = NULL, *who = NULL;
	int r;

	if (str_printf(&path, "task/%s/ns/mnt", task) < 0 ||
	    str_printf(&who, "in the mount namespace of %s (pid %s)", p->comm, p->pid) < 0)
		return -ENOMEM;
	r = is_new_path(w, p->fd, path);
	return r <= 0 ? r : visit_path(w, p->fd, path, who);
}

static int visit_process(const struct process *p, void *data)
{
	struct walk *w = data;
	_cleanup_dir_ DIR *dir = NULL;
	const struct dirent *entry;
	int r = 0;

	if (strtol(p->pid, NULL, 10) == getpid())
		return 0;
	dir = process_dir(p, "task");
	while (r >= 0 && dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			r = visit_task(w, p, entry->d_name);
	return r < 0 ? r : each_open_file(p, visit_held, w);
}

int each_view(int (*fn)(struct view *v, void *data), void *data, struct strlist *unreached)
{
	cleanup(walk_deinit) struct walk w = {.fn = fn, .data = data, .unreached = unreached};
	struct view own = {.root = ""};
	int r = is_new_path(&w, AT_FDCWD, "/proc/thread-self/ns/mnt");

	/* What a sandbox shows the daemon's other threads are the same mounts, and they go with
	 * these. */
	if (r < 0)
		return r;
	r = is_new_path(&w, AT_FDCWD, "/proc/self/ns/mnt");
	if (r < 0)
		return r;
	r = show(&w, &own, "/proc/thread-self/mountinfo");
	return r < 0 ? r : each_process(visit_process, &w);
}

/* --- mounts --- */

/* Some file systems (btrfs) have device numbers of their own: there the source tells. */
static bool mount_is_of(struct libmnt_fs *fs, const struct nodes *nodes, ssize_t *node)
{
	dev_t dev = mnt_fs_get_devno(fs);

	if (!major(dev))
		dev = source_dev(mnt_fs_get_srcpath(fs));
	*node = nodes_find(nodes, dev);
	return *node >= 0 || nodes_have_peer(nodes, dev);
}

int each_mount(const struct view *v, const struct nodes *nodes,
	       int (*fn)(const struct view *v, struct libmnt_fs *fs, ssize_t node, void *data),
	       void *data)
{
	cleanup(mnt_free_iter_p) struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	ssize_t node;

	if (!iter)
		return -ENOMEM;
	while (!mnt_table_next_fs(v->table, iter, &fs)) {
		int r = mount_is_of(fs, nodes, &node) ? fn(v, fs, node, data) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}
