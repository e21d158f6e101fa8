/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* 32 hosts that clone the same image at once, each with its own connection. */
#include <pthread.h>

#include "tests/cluster/lab.h"

#define SIZE	(64 * MIB)
#define CLONERS 32
#define ROUNDS	4

struct cloner {
	pthread_t thread;
	pthread_barrier_t *start;
	const char *parent;
	unsigned number;
	int result;
	char message[512];
};

static void child_name(const struct cloner *me, char *out, size_t size)
{
	snprintf(out, size, "%s-%u", me->parent, me->number);
}

static void *run_cloner(void *arg)
{
	struct cloner *me = arg;
	const struct cluster_config config = {.name = "ceph", .user = "admin"};
	char owner[17], child[32];
	const struct clone_options options = {
		.features_allowed = ALL_FEATURES, .format = 2, .owner = owner};
	struct clone_result r = {0};
	struct cluster *c = NULL;
	struct err *e = NULL;

	snprintf(owner, sizeof(owner), "%016x", me->number);
	child_name(me, child, sizeof(child));
	me->result = cluster_new(&config, &c, &e);
	if (!me->result)
		me->result = cluster_connect(c, &e);
	pthread_barrier_wait(me->start);
	if (!me->result)
		me->result = clone_create(c, at(me->parent), at(child), &options,
					  deadline_in(60 * USEC_PER_SEC), &r, &e);
	if (e)
		snprintf(me->message, sizeof(me->message), "%s", e->message);
	err_free(e);
	clone_result_deinit(&r);
	cluster_unref(c);
	return NULL;
}

/* Clone PARENT, whose content begins with TEXT: each clone has it, and PARENT SNAPSHOTS of them. */
static void let_them_run(const char *parent, const char *text, unsigned snapshots)
{
	static struct cloner cloners[CLONERS];
	pthread_barrier_t start;
	char child[32];
	uint64_t began;

	pthread_barrier_init(&start, NULL, CLONERS + 1);
	for (unsigned i = 0; i < CLONERS; i++) {
		cloners[i] = (struct cloner){.start = &start, .parent = parent, .number = i};
		assert_int_equal(pthread_create(&cloners[i].thread, NULL, run_cloner, &cloners[i]),
				 0);
	}
	pthread_barrier_wait(&start);
	began = clock_now_us();
	for (unsigned i = 0; i < CLONERS; i++)
		pthread_join(cloners[i].thread, NULL);
	print_message("# %u cloners at once: %llu ms\n", CLONERS,
		      (unsigned long long)(clock_now_us() - began) / 1000);
	pthread_barrier_destroy(&start);
	for (unsigned i = 0; i < CLONERS; i++) {
		if (cloners[i].result < 0)
			print_error("cloner %u: %s\n", i, cloners[i].message);
		assert_int_equal(cloners[i].result, 0);
		child_name(&cloners[i], child, sizeof(child));
		assert_reads(child, 0, text);
	}
	assert_int_equal(count_snapshots(parent), snapshots);
	assert_int_equal(count_hidden(), 0);
}

static void they_share_one_snapshot(void **state)
{
	(void)state;
	make_image("herd", SIZE, FAST_FEATURES);
	write_at("herd", 0, "one");
	let_them_run("herd", "one", 1);
}

/* The snapshot that one of them takes marks all objects as unchanged since: who has looked before
 * that, and compares after it, must not take the old one for the image as it is. */
static void none_gets_what_was_before_a_write(void **state)
{
	char golden[32];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		snprintf(golden, sizeof(golden), "written%d", i);
		make_image(golden, SIZE, FAST_FEATURES);
		write_at(golden, 0, "old");
		take_snapshot(golden, "old");
		write_at(golden, 0, "new");
		let_them_run(golden, "new", 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_share_one_snapshot),
		cmocka_unit_test(none_gets_what_was_before_a_write),
	};

	return cmocka_run_group_tests_name("herd", tests, lab_setup, lab_teardown);
}
