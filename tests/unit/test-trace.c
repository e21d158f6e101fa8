/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* base/trace.c: counts and times fall to the step that is under way. */
#include "base/trace.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static void test_counts_fall_to_their_step(void **state)
{
	struct trace t = {0};

	(void)state;
	trace_count(TRACE_FILES); /* before: nobody's */
	trace_step(&t, "check");
	trace_count(TRACE_FILES);
	trace_step(&t, "map");
	trace_count(TRACE_OSDS);
	trace_count(TRACE_OSDS);
	trace_end(&t);
	trace_count(TRACE_OSDS); /* after */
	assert_int_equal(t.n, 2);
	assert_string_equal(t.steps[0].name, "check");
	assert_int_equal(t.steps[0].counts.of[TRACE_FILES], 1);
	assert_int_equal(t.steps[0].counts.of[TRACE_OSDS], 0);
	assert_int_equal(t.steps[1].counts.of[TRACE_OSDS], 2);
	assert_int_equal(trace_total(&t).counts.of[TRACE_FILES], 1);
}

static void test_a_step_that_comes_again_is_added(void **state)
{
	struct trace t = {0};

	(void)state;
	for (int i = 0; i < 100; i++) {
		trace_step(&t, "usage");
		trace_count(TRACE_IMAGES);
		trace_step(&t, "a name that is longer than a step's may be");
	}
	trace_end(&t);
	assert_int_equal(t.n, 2);
	assert_int_equal(t.steps[0].counts.of[TRACE_IMAGES], 100);
}

static void test_steps_are_bounded(void **state)
{
	struct trace t = {0};
	char name[16];

	(void)state;
	for (int i = 0; i < 2 * TRACE_STEPS_MAX; i++) {
		snprintf(name, sizeof(name), "step %d", i);
		trace_step(&t, name);
		trace_count(TRACE_MONITORS);
	}
	trace_end(&t);
	assert_int_equal(t.n, TRACE_STEPS_MAX);
	assert_int_equal(trace_total(&t).counts.of[TRACE_MONITORS], 2 * TRACE_STEPS_MAX);
}

static void *count_elsewhere(void *arg)
{
	struct counts *out = arg;

	trace_count(TRACE_PROGRAMS);
	*out = trace_counts();
	return NULL;
}

static void test_threads_count_apart(void **state)
{
	struct counts before = trace_counts(), other;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, count_elsewhere, &other), 0);
	pthread_join(thread, NULL);
	assert_int_equal(other.of[TRACE_PROGRAMS], 1);
	assert_int_equal(trace_counts().of[TRACE_PROGRAMS], before.of[TRACE_PROGRAMS]);
	trace_add(&other);
	assert_int_equal(trace_counts().of[TRACE_PROGRAMS], before.of[TRACE_PROGRAMS] + 1);
}

static void test_what_is_printed(void **state)
{
	struct trace t = {
		.steps = {{"check", 200, {{0}}}, {"map", 31000, {{[TRACE_OSDS] = 4}}}},
		.n = 2,
	};
	_cleanup_free_ char *text = trace_format(&t);

	(void)state;
	assert_string_equal(text, "check 0.2 ms; map 31.0 ms, 4 osds");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_fall_to_their_step),
		cmocka_unit_test(test_a_step_that_comes_again_is_added),
		cmocka_unit_test(test_steps_are_bounded),
		cmocka_unit_test(test_threads_count_apart),
		cmocka_unit_test(test_what_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
