/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words on the wire: what the API says of volumes, jobs and errors. The functions return a new
 * reference, NULL when out of memory. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/request.h"
#include "base/strlist.h"
#include "base/verb.h"
#include "daemon/job-view.h"
#include "volume/finding.h"
#include "volume/volume.h"

/* A string; bytes that are not UTF-8 (a name may have them) as \xNN. */
json_t *json_text(const char *text);

/* What an operation of VERB answers. NOTES may be NULL. */
json_t *json_volume(const struct volume_info *v, enum verb verb, const struct strlist *notes);
json_t *json_volumes(const struct volume_list *l, const struct strlist *notes);
json_t *json_findings(const struct finding_list *l, const struct strlist *notes);
json_t *json_job(const struct job_view *v);
/* Without the results. */
json_t *json_jobs(const struct job_views *l);
/* VOLUME may be NULL, JOB 0. */
json_t *json_error(const struct err *e, const char *volume, uint64_t job,
		   const struct strlist *notes);

/* Takes J, which may be NULL; the text with a newline, the caller frees it; NULL when out of
 * memory. */
char *json_render(json_t *j);

/* Set a request's options from the JSON object TEXT (LEN bytes, none at all is fine). A string is
 * taken as it is, true and false as yes and no, a whole number in decimal. SEEN holds a bit for
 * each option that was given, in the order of request_options: none may come twice. -EINVAL (usage)
 * with the reason. */
int json_request(const char *text, size_t len, enum verb verb, struct volume_request *req,
		 unsigned *seen, struct err **e);
/* The same for one option as text; used by json_request and for arguments in the path. */
int request_set_once(const char *key, const char *value, enum verb verb, struct volume_request *req,
		     unsigned *seen, struct err **e);
