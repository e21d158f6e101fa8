/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume/presence.h"

#include <errno.h>

#include "tests/unit/unit.h"

static const struct spec web = {"rbd", "", "web", NULL}, other = {"rbd", "", "other", NULL};

static struct deadline far(void)
{
	return deadline_in(60 * USEC_PER_SEC);
}

static void operations_don_t_bar_each_other(void **state)
{
	struct presences all;
	struct presence a = {0}, b = {0}, alone = {0};

	(void)state;
	presences_init(&all);
	assert_false(presence_any(&all, &web));
	assert_int_equal(presence_begin(&all, &a, &web, far()), 0);
	assert_int_equal(presence_begin(&all, &b, &web, far()), 0);
	assert_true(presence_any(&all, &web));
	assert_false(presence_any(&all, &other));
	assert_false(presence_begin_alone(&all, &alone, &web));
	presence_end(&all, &alone); /* did not begin */
	presence_end(&all, &a);
	assert_false(presence_begin_alone(&all, &alone, &web));
	presence_end(&all, &b);
	assert_true(presence_begin_alone(&all, &alone, &web));
	presence_end(&all, &alone);
	assert_false(presence_any(&all, &web));
	presences_deinit(&all);
}

struct waiting {
	struct presences all;
	struct presence presence;
	int r;
};

static void *wait_for_it(void *arg)
{
	struct waiting *w = arg;

	w->r = presence_begin(&w->all, &w->presence, &web, far());
	return NULL;
}

static void who_is_alone_is_waited_for(void **state)
{
	struct waiting w = {.r = 1};
	struct presence alone = {0}, late = {0};
	pthread_t thread;

	(void)state;
	presences_init(&w.all);
	assert_true(presence_begin_alone(&w.all, &alone, &web));
	assert_int_equal(presence_begin(&w.all, &late, &other, far()), 0);
	presence_end(&w.all, &late);
	assert_int_equal(presence_begin(&w.all, &late, &web, deadline_in(1000)), -ETIMEDOUT);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_it, &w), 0);
	presence_end(&w.all, &alone);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(w.r, 0);
	assert_true(presence_any(&w.all, &web));
	presence_end(&w.all, &w.presence);
	presences_deinit(&w.all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_don_t_bar_each_other),
		cmocka_unit_test(who_is_alone_is_waited_for),
	};

	return cmocka_run_group_tests_name("presence", tests, NULL, NULL);
}
