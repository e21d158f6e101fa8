/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The job queue: order within a key, none between keys, joining, waiting, limits, stopping. The
 * operations are fakes, held by gates. Runs under ThreadSanitizer too. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/job-view.h"
#include "daemon/job.h"
#include "volume/progress.h"

/* A fake operation: it waits at its gate, then writes its letter down. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open;
	char letters[512];
	size_t n;
	atomic_int freed;
};

struct fake {
	struct gate *gate;
	char letter;
	bool fails;
};

static void gate_open(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->open = true;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

static int fake_run(struct job *job, void *arg, char **result, struct err **e)
{
	struct progress *p = job_progress(job);
	struct fake *f = arg;
	struct gate *g = f->gate;

	p->step(p, "gate");
	pthread_mutex_lock(&g->lock);
	while (!g->open)
		pthread_cond_wait(&g->changed, &g->lock);
	g->letters[g->n++] = f->letter;
	pthread_mutex_unlock(&g->lock);
	p->note(p, "through the gate");
	if (f->fails)
		return err_set(e, ERR_HELD, -EROFS, "held by another");
	*result = strdup("{\"x\":1}");
	return 0;
}

static void fake_free(void *arg)
{
	struct fake *f = arg;

	atomic_fetch_add(&f->gate->freed, 1);
	free(f);
}

struct fixture {
	struct job_queue *q;
	struct gate gate;
	int submitted;
};

static int setup_with(struct fixture **out, const struct job_limits *limits)
{
	struct fixture *x = calloc(1, sizeof(*x));
	struct err *e = NULL;

	pthread_mutex_init(&x->gate.lock, NULL);
	pthread_cond_init(&x->gate.changed, NULL);
	*out = x;
	return job_queue_new(limits, &x->q, &e);
}

static int setup(void **state)
{
	return setup_with((struct fixture **)state, &job_limits_default);
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	gate_open(&x->gate);
	assert_int_equal(job_queue_stop(x->q, deadline_in(10 * USEC_PER_SEC)), 0);
	job_queue_free(x->q);
	assert_int_equal(atomic_load(&x->gate.freed), x->submitted); /* each task, once */
	pthread_mutex_destroy(&x->gate.lock);
	pthread_cond_destroy(&x->gate.changed);
	free(x);
	return 0;
}

static int submit_as(struct fixture *x, uid_t uid, const char *key, const char *identity,
		     char letter, struct job **out, struct err **e)
{
	struct fake *f = calloc(1, sizeof(*f));
	struct job_task task = {
		.verb = key ? VERB_ATTACH : VERB_SHOW,
		.volume = "rbd/web1",
		.key = key,
		.subject = key ? key : "read",
		.uid = uid,
		.identity = identity,
		.timeout_us = 5 * USEC_PER_SEC,
		.run = fake_run,
		.free = fake_free,
		.arg = f,
	};

	*f = (struct fake){.gate = &x->gate, .letter = letter, .fails = letter == '!'};
	x->submitted++;
	return job_submit(x->q, &task, out, e);
}

static int submit(struct fixture *x, const char *key, const char *identity, char letter,
		  struct job **out, struct err **e)
{
	return submit_as(x, 0, key, identity, letter, out, e);
}

static struct job *start(struct fixture *x, const char *key, const char *identity, char letter)
{
	struct job *job = NULL;
	struct err *e = NULL;

	assert_int_equal(submit(x, key, identity, letter, &job, &e), 0);
	return job;
}

static void wait_done(struct job *job)
{
	char *why;

	assert_int_equal(job_wait(job, deadline_in(10 * USEC_PER_SEC), &why), 1);
	assert_null(why);
}

static void wait_in_vain(struct job *job, const char *expected)
{
	char *why;

	assert_int_equal(job_wait(job, deadline_in(USEC_PER_SEC / 20), &why), 0);
	assert_string_equal(why, expected);
	free(why);
}

/* Its thread has begun. */
static void wait_step(struct job *job)
{
	for (;;) {
		struct job_view v;
		bool begun;

		assert_int_equal(job_view(job, &v), 0);
		begun = v.step;
		job_view_deinit(&v);
		if (begun)
			return;
		sched_yield();
	}
}

static void test_result(void **state)
{
	struct fixture *x = *state;
	_cleanup_job_ struct job *good = start(x, "a", "1", 'a'), *bad = start(x, "b", "1", '!');
	struct job_view v;

	gate_open(&x->gate);
	wait_done(good);
	wait_done(bad);
	assert_string_equal(job_result(good), "{\"x\":1}");
	assert_null(job_error(good));
	assert_null(job_result(bad));
	assert_int_equal(job_error(bad)->kind, ERR_HELD);

	assert_int_equal(job_view(bad, &v), 0);
	assert_int_equal(v.state, JOB_FAILED);
	assert_int_equal(v.verb, VERB_ATTACH);
	assert_string_equal(v.error->message, "held by another");
	assert_int_equal(v.notes.n, 1);
	job_view_deinit(&v);
}

static void test_order_within_a_key(void **state)
{
	struct fixture *x = *state;
	struct job *jobs[20];

	for (int i = 0; i < 20; i++) {
		char identity[16];

		snprintf(identity, sizeof(identity), "%d", i);
		jobs[i] = start(x, "same", identity, (char)('a' + i));
	}
	gate_open(&x->gate);
	wait_done(jobs[19]);
	for (int i = 0; i < 20; i++)
		job_unref(jobs[i]);
	assert_string_equal(x->gate.letters, "abcdefghijklmnopqrst");
}

/* A gate that never opens for one volume holds up no other. */
static void test_no_order_between_keys(void **state)
{
	struct fixture *x = *state;
	struct fixture *stuck;
	struct fake *f = calloc(1, sizeof(*f));
	struct job_task task = {.verb = VERB_ATTACH,
				.volume = "v",
				.key = "stuck",
				.run = fake_run,
				.free = fake_free,
				.arg = f,
				.timeout_us = 1};
	_cleanup_job_ struct job *held = NULL;
	struct err *e = NULL;

	setup_with(&stuck, &job_limits_default);
	*f = (struct fake){.gate = &stuck->gate, .letter = 'x'};
	stuck->submitted++;
	assert_int_equal(job_submit(x->q, &task, &held, &e), 0);
	gate_open(&x->gate);
	for (int i = 0; i < 10; i++) {
		char key[16];

		snprintf(key, sizeof(key), "%d", i);
		struct job *job = start(x, key, NULL, 'a');

		wait_done(job);
		job_unref(job);
	}
	_cleanup_job_ struct job *read = start(x, NULL, NULL, 'r');

	wait_done(read);
	wait_step(held);
	wait_in_vain(held, "in gate for 0 s");
	gate_open(&stuck->gate);
	wait_done(held);
	while (!atomic_load(&stuck->gate.freed))
		sched_yield();
	teardown((void **)&stuck);
}

static void test_identical_joins(void **state)
{
	struct fixture *x = *state;
	_cleanup_job_ struct job *a = start(x, "k", "same", 'a'), *b = start(x, "k", "same", 'b');
	_cleanup_job_ struct job *other = start(x, "k", "other", 'c');
	_cleanup_job_ struct job *after = start(x, "k", "same", 'd');
	_cleanup_job_ struct job *elsewhere = start(x, "l", "same", 'e');

	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, other);
	/* What came after another request happens after it. */
	assert_ptr_not_equal(a, after);
	assert_ptr_not_equal(a, elsewhere);
	gate_open(&x->gate);
	wait_done(after);
	wait_done(elsewhere);
	_cleanup_job_ struct job *again = start(x, "k", "same", 'f');

	wait_done(again);
	assert_ptr_not_equal(again, after); /* that one is done: the world may have changed */
	assert_null(strchr(x->gate.letters, 'b'));
	assert_true(strchr(x->gate.letters, 'c') < strchr(x->gate.letters, 'd'));
}

static void test_waiting_tells_where(void **state)
{
	struct fixture *x = *state;
	_cleanup_job_ struct job *a = start(x, "k", "1", 'a'), *b = start(x, "k", "2", 'b');
	char expected[64];

	wait_step(a);
	wait_in_vain(a, "in gate for 0 s");
	snprintf(expected, sizeof(expected), "waiting for job %llu (attach, in gate for 0 s)",
		 (unsigned long long)job_id(a));
	wait_in_vain(b, expected);
}

static void test_reads_are_forgotten(void **state)
{
	struct fixture *x = *state;
	_cleanup_job_ struct job *answered = start(x, NULL, NULL, 'r');
	_cleanup_job_ struct job *told = start(x, NULL, NULL, 'r'), *found = NULL;
	_cleanup_job_ struct job *change = start(x, "k", NULL, 'c'), *kept = NULL;
	uint64_t id = job_id(answered);

	wait_step(told);
	wait_in_vain(told, "in gate for 0 s");
	gate_open(&x->gate);
	wait_done(answered);
	wait_done(told);
	wait_done(change);
	assert_null(job_find(x->q, id));
	found = job_find(x->q, job_id(told));
	assert_ptr_equal(found, told);
	kept = job_find(x->q, job_id(change));
	assert_ptr_equal(kept, change);
}

static int setup_small(void **state)
{
	static const struct job_limits limits = {.unfinished = 4,
						 .reads = 2,
						 .user_reads = 1,
						 .finished = 3,
						 .finished_age_us = 60 * USEC_PER_SEC};

	return setup_with((struct fixture **)state, &limits);
}

static void test_limits(void **state)
{
	struct fixture *x = *state;
	_cleanup_job_ struct job *r1 = start(x, NULL, NULL, 'r'), *r2 = start(x, NULL, NULL, 'r');
	_cleanup_job_ struct job *a = start(x, "a", NULL, 'a'), *b = start(x, "a", NULL, 'b');
	_cleanup_job_ struct job *none = NULL;
	_cleanup_err_ struct err *e = NULL, *e2 = NULL;

	assert_int_equal(submit(x, NULL, NULL, 'x', &none, &e), -EBUSY);
	assert_int_equal(e->kind, ERR_BUSY);
	assert_non_null(strstr(e->message, "2 requests that only look"));
	assert_int_equal(submit(x, "z", NULL, 'x', &none, &e2), -EBUSY);
	assert_non_null(strstr(e2->message, "4 requests are"));
	assert_null(none);
	gate_open(&x->gate);
	wait_done(b);
	wait_done(r1);
	wait_done(r2);
	wait_done(a);
	for (int i = 0; i < 9; i++) {
		struct job *job = start(x, "a", NULL, 'n');

		wait_done(job);
		job_unref(job);
	}
	_cleanup_job_views_ struct job_views views = {0};

	assert_int_equal(job_queue_view(x->q, &views), 0);
	assert_int_equal(views.n, 3);
	assert_true(views.items[0].id < views.items[2].id);
}

static unsigned told;

static void tell(const struct job_view *v)
{
	assert_string_equal(v->step, "gate");
	told++;
}

static bool is_stuck(struct job *j)
{
	_cleanup_job_view_ struct job_view view = {0};

	assert_int_equal(job_view(j, &view), 0);
	return view.stuck;
}

static void test_stuck_is_told_once(void **state)
{
	struct fixture *x = *state;
	_cleanup_job_ struct job *a = start(x, "k", NULL, 'a');

	wait_step(a);
	told = 0;
	job_queue_set_stuck(x->q, 600 * USEC_PER_SEC);
	job_queue_tend(x->q, tell);
	assert_int_equal(told, 0);
	assert_false(is_stuck(a));
	job_queue_set_stuck(x->q, 0);
	job_queue_tend(x->q, tell);
	job_queue_tend(x->q, tell);
	assert_int_equal(told, 1);
	assert_true(is_stuck(a));
}

static void test_stop(void **state)
{
	struct fixture *x = *state;
	_cleanup_job_ struct job *running = start(x, "k", "1", 'a'),
				 *queued = start(x, "k", "2", 'b');
	_cleanup_job_ struct job *none = NULL;
	_cleanup_err_ struct err *e = NULL;
	_cleanup_free_ char *why = NULL;

	wait_step(running);
	assert_int_equal(job_queue_stop(x->q, deadline_in(USEC_PER_SEC / 20)), 1);
	wait_done(queued);
	assert_int_equal(job_error(queued)->code, -ESHUTDOWN);
	/* Who waits is let go, however long it wanted to wait. */
	assert_int_equal(job_wait(running, deadline_in(3600 * USEC_PER_SEC), &why), 0);
	assert_int_equal(submit(x, "k", "3", 'c', &none, &e), -ESHUTDOWN);
}

static void test_cancel(void **state)
{
	struct fixture *x = *state;
	_cleanup_job_ struct job *running = start(x, "k", "1", 'a'),
				 *queued = start(x, "k", "2", 'b'),
				 *other = start(x, "l", "1", 'c');
	_cleanup_jobs_ struct jobs none = {0}, found = {0};

	wait_step(running);
	wait_step(other);
	assert_int_equal(job_cancel(x->q, "m", 0, &none), 0);
	assert_int_equal(none.n, 0);
	assert_false(job_progress(running)->cancelled(job_progress(running)));
	assert_int_equal(job_cancel(x->q, "k", 0, &found), 2);
	assert_int_equal(found.n, 1);
	assert_ptr_equal(found.items[0], running);
	assert_true(job_progress(running)->cancelled(job_progress(running)));
	assert_false(job_progress(other)->cancelled(job_progress(other)));
	wait_done(queued);
	assert_int_equal(job_error(queued)->code, -ECANCELED);
	gate_open(&x->gate);
	wait_done(running);
	wait_done(other);
	assert_null(strchr(x->gate.letters, 'b'));
}

/* Reads have no key: they are found by what they are about, or by their number. */
static void test_cancel_of_reads(void **state)
{
	struct fixture *x = *state;
	_cleanup_job_ struct job *r1 = start(x, NULL, NULL, 'r'), *r2 = start(x, NULL, NULL, 'r');
	_cleanup_jobs_ struct jobs none = {0}, one = {0}, both = {0};

	wait_step(r1);
	wait_step(r2);
	assert_int_equal(job_cancel(x->q, NULL, 4711, &none), 0);
	assert_int_equal(job_cancel(x->q, NULL, job_id(r2), &one), 1);
	assert_ptr_equal(one.items[0], r2);
	assert_int_equal(progress_check(job_progress(r1)), 0);
	assert_int_equal(progress_check(job_progress(r2)), -ECANCELED);
	assert_int_equal(job_cancel(x->q, "read", 0, &both), 2);
	assert_int_equal(both.n, 2);
	assert_int_equal(progress_check(job_progress(r1)), -ECANCELED);
	gate_open(&x->gate);
	wait_done(r1);
	wait_done(r2);
	jobs_deinit(&both);
	assert_int_equal(job_cancel(x->q, "read", 0, &both), 0); /* over */
}

/* A read is to end at its deadline; a change goes on. */
static void test_reads_end(void **state)
{
	struct fixture *x = *state;
	_cleanup_job_ struct job *read = start(x, NULL, NULL, 'r'),
				 *change = start(x, "k", NULL, 'c');

	wait_step(read);
	wait_step(change);
	assert_int_equal(progress_check(job_progress(read)), 0);
	job_progress(read)->deadline = job_progress(change)->deadline = deadline_in(0);
	assert_int_equal(progress_check(job_progress(read)), -ETIMEDOUT);
	assert_int_equal(progress_check(job_progress(change)), 0);
}

/* Whatever the others have under way: root gets in, and of its own jobs there may be as many. */
static void test_root_gets_in(void **state)
{
	static const struct {
		uid_t uid;
		const char *key;
		const char *refusal; /* NULL: it is taken */
	} asked[] = {
		{1000, NULL, NULL},
		{1000, NULL, "1 requests of user 1000 that only look"},
		{1001, NULL, NULL},
		{1002, NULL, "2 requests that only look"},
		{1000, "a", NULL},
		{1000, "b", NULL},
		{1000, "c", "4 requests are"},
		{0, NULL, NULL},
		{0, NULL, NULL},
		{0, "a", NULL},
		{0, "d", NULL},
		{0, NULL, "2 requests that only look"},
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		_cleanup_job_ struct job *job = NULL;
		_cleanup_err_ struct err *e = NULL;
		int r = submit_as(x, asked[i].uid, asked[i].key, NULL, 'x', &job, &e);

		assert_int_equal(r, asked[i].refusal ? -EBUSY : 0);
		if (asked[i].refusal)
			assert_non_null(strstr(e->message, asked[i].refusal));
	}
}

/* However many reads there were, the results of changes stay. */
static void test_reads_push_nothing_out(void **state)
{
	struct fixture *x = *state;
	_cleanup_job_ struct job *change = start(x, "k", NULL, 'c'), *found = NULL;

	gate_open(&x->gate);
	wait_done(change);
	for (int i = 0; i < 9; i++) {
		_cleanup_job_ struct job *read = start(x, NULL, NULL, 'r');
		char *why;

		if (!job_wait(read, deadline_in(0), &why)) /* it is told to ask later */
			free(why);
		wait_done(read);
	}
	found = job_find(x->q, job_id(change));
	assert_ptr_equal(found, change);
}

static void *many(void *arg)
{
	struct fixture *x = arg;

	for (int i = 0; i < 50; i++) {
		char key[16], identity[16];
		struct job *job = NULL;
		struct err *e = NULL;
		struct fake *f = calloc(1, sizeof(*f));
		struct job_task task = {.verb = VERB_TRIM,
					.volume = "v",
					.key = key,
					.identity = identity,
					.run = fake_run,
					.free = fake_free,
					.arg = f,
					.timeout_us = USEC_PER_SEC};

		*f = (struct fake){.gate = &x->gate, .letter = 'm'};
		snprintf(key, sizeof(key), "%d", i % 3);
		snprintf(identity, sizeof(identity), "%d", i % 5);
		assert_int_equal(job_submit(x->q, &task, &job, &e), 0);
		wait_done(job);
		job_unref(job);
	}
	return NULL;
}

static void test_many_threads(void **state)
{
	struct fixture *x = *state;
	_cleanup_job_views_ struct job_views views = {0};
	pthread_t threads[8];

	gate_open(&x->gate);
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, many, x);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(job_queue_view(x->q, &views), 0);
		job_views_deinit(&views);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	x->submitted += 8 * 50;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_result, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order_within_a_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_order_between_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_identical_joins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waiting_tells_where, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reads_are_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup_small, teardown),
		cmocka_unit_test_setup_teardown(test_stuck_is_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel_of_reads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reads_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_root_gets_in, setup_small, teardown),
		cmocka_unit_test_setup_teardown(test_reads_push_nothing_out, setup_small, teardown),
		cmocka_unit_test_setup_teardown(test_many_threads, setup, teardown),
	};

	return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
