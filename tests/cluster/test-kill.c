/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All or nothing: a cloner is killed (SIGKILL) at many points of its way. Never does an image stand
 * under the child's name without its parent; the retry succeeds and leaves nothing hidden. The same
 * for a deletion. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "ceph/cls.h"
#include "rbd/delete.h"
#include "tests/cluster/lab.h"

#define KILLS 30
#define OWNER "0123456789abcdef"

static int clone_large(struct cluster *c)
{
	const struct clone_options options = {.features_allowed = ALL_FEATURES,
					      .format = 2,
					      .size_bytes = 128 * MIB,
					      .owner = OWNER};
	_cleanup_clone_result_ struct clone_result r = {0};
	struct err *e = NULL;

	return clone_create(c, at("golden"), at("child"), &options, deadline_in(60 * USEC_PER_SEC),
			    &r, &e);
}

static int delete_child(struct cluster *c)
{
	_cleanup_free_ char *snap = NULL;
	struct err *e = NULL;
	int code = image_delete(c, at("child"), NULL, &snap, &e);

	if (e)
		print_error("%s\n", e->message);
	err_free(e);
	return code;
}

/* The other process: connects, says so on descriptor FD, acts. */
static int be_the_victim(const char *act, const char *pool, const char *fd)
{
	_cleanup_cluster_ struct cluster *c = NULL;
	struct err *e = NULL;

	snprintf(lab.pool, sizeof(lab.pool), "%s", pool);
	c = lab_cluster();
	if (cluster_connect(c, &e) < 0 || write((int)strtol(fd, NULL, 10), "x", 1) != 1)
		return 1;
	return (strcmp(act, "clone") ? delete_child(c) : clone_large(c)) < 0;
}

/* Start this program anew as the victim, and wait until it has connected. (A mere fork would not
 * do: the state of librados' random numbers goes with it, and two clients would be taken for one.)
 */
static pid_t start(const char *act)
{
	char fd[16], byte;
	int pipes[2];
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	snprintf(fd, sizeof(fd), "%d", pipes[1]);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		execl("/proc/self/exe", "test-kill", act, lab.pool, fd, NULL);
		_exit(127);
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	close(pipes[0]);
	return pid;
}

/* Run ACT and kill it DELAY_US after it began; true: it had ended before. */
static bool run_and_kill(const char *act, uint64_t delay_us)
{
	pid_t pid = start(act);
	int status;

	usleep((useconds_t)delay_us);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFEXITED(status);
}

static uint64_t time_of(const char *act)
{
	pid_t pid = start(act);
	uint64_t began = clock_now_us();
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	return clock_now_us() - began;
}

/* 1: there, with its parent and size; 0: not there. */
static int look_at_child(void)
{
	_cleanup_image_info_ struct image_info info = {0};
	struct err *e = NULL;
	int r = image_info(lab.cluster, at("child"), &info, &e);

	if (r == -ENOENT) {
		err_free(e);
		return 0;
	}
	assert_done(r, e);
	assert_non_null(info.parent.image);
	assert_int_equal(info.size_bytes, 128 * MIB);
	return 1;
}

static void a_killed_clone_is_whole_or_absent(void **state)
{
	struct err *e = NULL;
	uint64_t whole, began, slowest = 0;
	unsigned there = 0, ended = 0;

	(void)state;
	make_image("golden", 64 * MIB, FAST_FEATURES);
	write_at("golden", 0, "golden content");
	take_snapshot("golden", "s");
	whole = time_of("clone");
	assert_int_equal(delete_child(lab.cluster), 0);
	for (unsigned i = 0; i < KILLS; i++) {
		_cleanup_clone_result_ struct clone_result r = {0};
		const struct clone_options options = {.features_allowed = ALL_FEATURES,
						      .format = 2,
						      .size_bytes = 128 * MIB,
						      .owner = OWNER};

		ended += run_and_kill("clone", i * whole * 11 / 10 / KILLS);
		there += (unsigned)look_at_child();
		began = clock_now_us();
		assert_done(clone_create(lab.cluster, at("golden"), at("child"), &options,
					 deadline_in(60 * USEC_PER_SEC), &r, &e),
			    e);
		began = clock_now_us() - began;
		slowest = began > slowest ? began : slowest;
		assert_int_equal(look_at_child(), 1);
		assert_reads("child", 0, "golden content");
		assert_int_equal(count_hidden(), 0);
		assert_int_equal(delete_child(lab.cluster), 0);
	}
	print_message("# a clone takes %llu ms; killed %u times: %u were there, %u had ended; the "
		      "slowest retry took %llu ms\n",
		      (unsigned long long)whole / 1000, KILLS, there, ended,
		      (unsigned long long)slowest / 1000);
	assert_int_equal(count_snapshots("golden"), 1);
}

/* Delete the child, as one who knows that nobody is behind the watches on the image ID, which was
 * it. A dead one's watch may stand in the way for 2 s, and at times one that the OSD would keep for
 * ever: that is taken away. */
static int delete_after_death(const char *id, struct err **e)
{
	for (int tries = 0;; tries++) {
		_cleanup_free_ char *snap = NULL;
		int r = image_delete(lab.cluster, at("child"), NULL, &snap, e);

		if (r != -EBUSY || tries == 4)
			return r;
		err_free(steal(e));
		if (tries == 2) {
			print_message("# a watch for ever\n");
			cls_header_renew(lab.io, id);
		}
	}
}

static void assert_trash_is_empty(void)
{
	unsigned char more;
	rados_omap_iter_t keys;
	rados_read_op_t op = rados_create_read_op();
	int result = 0, r;

	rados_read_op_omap_get_keys2(op, "", 1, &keys, &more, &result);
	r = rados_read_op_operate(op, lab.io, "rbd_trash", 0);
	if (r != -ENOENT) {
		assert_int_equal(r, 0);
		assert_int_equal(rados_omap_iter_size(keys), 0);
		rados_omap_get_end(keys);
	}
	rados_release_read_op(op);
}

static void a_killed_deletion_can_be_repeated(void **state)
{
	uint64_t whole;

	(void)state;
	lab_configure("osd", "osd_client_watch_timeout", "2"); /* for 30 */
	clone_expect("golden", "child", false);
	whole = time_of("delete");
	for (unsigned i = 0; i < KILLS / 2; i++) {
		_cleanup_free_ char *id = NULL;
		struct err *e = NULL;
		int r;

		clone_expect("golden", "child", false);
		assert_int_equal(cls_image_id(lab.io, "child", &id), 0);
		run_and_kill("delete", i * whole * 11 / 10 / (KILLS / 2));
		r = delete_after_death(id, &e);
		if (r == -ENOENT)
			err_free(steal(&e));
		else
			assert_done(r, e);
		assert_int_equal(look_at_child(), 0);
		assert_trash_is_empty();
	}
	lab_configure("osd", "osd_client_watch_timeout", NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_killed_clone_is_whole_or_absent),
		cmocka_unit_test(a_killed_deletion_can_be_repeated),
	};

	if (argc == 4)
		return be_the_victim(argv[1], argv[2], argv[3]);
	return cmocka_run_group_tests_name("kill", tests, lab_setup, lab_teardown);
}
