/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/cluster/lab.h"
#include "rbd/image.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "ceph/cls.h"
#include "rbd/snapshot-name.h"

struct lab lab;

void lab_connect(void)
{
	assert_int_equal(rados_create(&lab.rados, "admin"), 0);
	assert_int_equal(rados_conf_read_file(lab.rados, NULL), 0);
	assert_int_equal(rados_connect(lab.rados), 0);
	assert_int_equal(rados_ioctx_create(lab.rados, lab.pool, &lab.io), 0);
}

struct cluster *lab_cluster(void)
{
	const struct cluster_config config = {
		.name = "ceph", .user = "admin", .timeout_us = 30 * USEC_PER_SEC};
	struct cluster *c = NULL;
	struct err *e = NULL;

	assert_done(cluster_new(&config, &c, &e), e);
	return c;
}

void lab_mon_command(const char *command)
{
	char *status = NULL;
	size_t len = 0;

	assert_int_equal(
		rados_mon_command(lab.rados, &command, 1, NULL, 0, NULL, NULL, &status, &len), 0);
	rados_buffer_free(status);
}

void lab_configure(const char *who, const char *option, const char *value)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "{\"prefix\": \"config %s\", \"who\": \"%s\", \"name\": \"%s\"%s%s%s}",
		 value ? "set" : "rm", who, option, value ? ", \"value\": \"" : "",
		 value ? value : "", value ? "\"" : "");
	lab_mon_command(command);
}

int lab_setup(void **state)
{
	rados_t rados;

	(void)state;
	snprintf(lab.pool, sizeof(lab.pool), "test-%d", (int)getpid());
	assert_int_equal(rados_create(&rados, "admin"), 0);
	assert_int_equal(rados_conf_read_file(rados, NULL), 0);
	assert_int_equal(rados_connect(rados), 0);
	assert_int_equal(rados_pool_create(rados, lab.pool), 0);
	rados_shutdown(rados);
	lab_connect();
	lab_configure("mon", "paxos_propose_interval", "0.05");
	assert_int_equal(rbd_pool_init(lab.io, true), 0);
	lab.cluster = lab_cluster();
	return 0;
}

int lab_teardown(void **state)
{
	(void)state;
	cluster_unref(lab.cluster);
	rados_ioctx_destroy(lab.io);
	rados_pool_delete(lab.rados, lab.pool);
	lab_configure("mon", "paxos_propose_interval", NULL);
	rados_shutdown(lab.rados);
	return 0;
}

void lab_cluster_command(const char *verb, const char *daemon)
{
	const char *top = getenv("top_srcdir");
	char path[4096];
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/tests/lab/cluster", top ? top : ".");
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		execl(path, path, verb, daemon, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

struct spec *at(const char *text)
{
	struct kept {
		struct spec spec;
		struct kept *next;
	};
	/* All of them, so that they are kept and yet no leaks; from any thread. */
	static _Atomic(struct kept *) all;
	struct kept *made = calloc(1, sizeof(*made));
	struct err *e = NULL;

	assert_non_null(made);
	made->next = atomic_load(&all);
	while (!atomic_compare_exchange_weak(&all, &made->next, made))
		;
	assert_done(spec_parse(text, lab.pool, &made->spec, &e), e);
	return &made->spec;
}

void make_image(const char *name, uint64_t size_bytes, uint64_t features)
{
	rbd_image_options_t o;

	rbd_image_options_create(&o);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_FORMAT, 2);
	rbd_image_options_set_uint64(o, RBD_IMAGE_OPTION_FEATURES, features);
	assert_int_equal(rbd_create4(lab.io, name, size_bytes, o), 0);
	rbd_image_options_destroy(o);
}

rbd_image_t open_image(const char *name)
{
	rbd_image_t image = NULL;

	assert_int_equal(rbd_open(lab.io, name, &image, NULL), 0);
	return image;
}

void write_at(const char *name, uint64_t offset, const char *text)
{
	rbd_image_t image = open_image(name);
	size_t len = strlen(text);

	assert_int_equal(rbd_write(image, offset, len, text), (int)len);
	assert_int_equal(rbd_close(image), 0);
}

void take_snapshot(const char *name, const char *snap)
{
	rbd_image_t image = open_image(name);

	assert_int_equal(rbd_snap_create(image, snap), 0);
	assert_int_equal(rbd_close(image), 0);
}

unsigned count_snapshots(const char *name)
{
	struct image_info info = {0};
	struct err *e = NULL;
	unsigned n;

	assert_done(image_info(lab.cluster, at(name), &info, &e), e);
	n = info.snapshots;
	image_info_deinit(&info);
	return n;
}

const char *our_snapshot(const char *name, uint64_t newest)
{
	static _Thread_local char out[64]; /* until the next call */
	_cleanup_free_ char *id = NULL, *made = NULL;

	assert_int_equal(cls_image_id(lab.io, name, &id), 0);
	made = snapshot_name_make(id, newest, 0);
	assert_non_null(made);
	snprintf(out, sizeof(out), "%s", made);
	return out;
}

void assert_reads(const char *name, uint64_t offset, const char *text)
{
	rbd_image_t image = NULL;
	char buf[256] = "";
	size_t len = strlen(text);

	assert_int_equal(rbd_open_read_only(lab.io, name, &image, NULL), 0);
	assert_int_equal(rbd_read(image, offset, len, buf), (int)len);
	assert_string_equal(buf, text);
	rbd_close(image);
}

unsigned count_hidden(void)
{
	rbd_image_spec_t images[512];
	size_t n = ARRAY_SIZE(images);
	unsigned hidden = 0;
	rados_list_ctx_t objects;
	const char *name;

	assert_true(rbd_list2(lab.io, images, &n) >= 0);
	for (size_t i = 0; i < n; i++)
		hidden += !strncmp(images[i].name, SPEC_HIDDEN_PREFIX, strlen(SPEC_HIDDEN_PREFIX));
	rbd_image_spec_list_cleanup(images, n);
	assert_int_equal(rados_nobjects_list_open(lab.io, &objects), 0);
	while (!rados_nobjects_list_next(objects, &name, NULL, NULL))
		hidden += !strncmp(name, "rbd_id." SPEC_HIDDEN_PREFIX,
				   strlen("rbd_id." SPEC_HIDDEN_PREFIX));
	rados_nobjects_list_close(objects);
	return hidden;
}

void clone_ok(const char *parent, const char *child, struct clone_result *out)
{
	const struct clone_options options = {
		.features_allowed = ALL_FEATURES, .format = 2, .owner = "0123456789abcdef"};
	struct err *e = NULL;

	assert_done(clone_create(lab.cluster, at(parent), at(child), &options,
				 deadline_in(60 * USEC_PER_SEC), out, &e),
		    e);
}

void clone_expect(const char *parent, const char *child, bool created)
{
	struct clone_result result = {0};

	clone_ok(parent, child, &result);
	assert_false(result.existed);
	assert_int_equal(result.snapshot_created, created);
	clone_result_deinit(&result);
}

void assert_fails(int r, struct err **e, enum err_kind kind, int code, ...)
{
	const char *word;
	va_list ap;

	assert_non_null(*e);
	assert_int_equal(r, (*e)->code);
	if (r != code || (*e)->kind != kind)
		fail_msg("%d %s: %s", r, err_name((*e)->kind), (*e)->message);
	va_start(ap, code);
	while ((word = va_arg(ap, const char *)))
		if (!strstr((*e)->message, word) && !((*e)->hint && strstr((*e)->hint, word)))
			fail_msg("'%s' is not in: %s (%s)", word, (*e)->message,
				 (*e)->hint ? (*e)->hint : "no hint");
	va_end(ap);
	err_free(steal(e));
}

void lab_assert_done(int r, struct err **e, const char *file, int line)
{
	if (r >= 0 && !*e)
		return;
	print_error("%d: %s\n", r, *e ? (*e)->message : "no error object");
	_fail(file, line);
}
