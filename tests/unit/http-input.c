/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/http-input.h"

#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"

#define HUGE_BODY_MAX ((size_t)2 << 20)

#define HEAD "HTTP/1.1\r\nHost: x\r\n"

const char *const http_input_looks[HTTP_INPUT_LOOKS] = {
	"GET /v1/host " HEAD "\r\n",
	"GET /v1/volumes " HEAD "Accept: application/json\r\n\r\n",
	"HEAD /v1/jobs?timeout=3 " HEAD "\r\n",
	"GET /v1/jobs/7 " HEAD "Connection: close\r\n\r\n",
	"PUT /v1/volumes/rbd%2Fweb1 " HEAD
	"Content-Length: 23\r\n\r\n{\"size\":\"1G\",\"frob\":12}",
	"POST /v1/volumes/a%2F%2Fb/attach " HEAD "Content-Length: 15\r\n\r\n{\"from\":\"a%zz\"}",
	"POST /v1/volumes/web1/trim?frob=%00 " HEAD "Expect: 100-continue\r\nContent-Length: 2\r\n"
	"\r\n{}",
	"POST /v1/prune?frob=1 " HEAD
	"Transfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1,\r\n4\r\n\"b\":\r\n0\r\n"
	"\r\n",
	"DELETE /v1/volumes/%zz " HEAD "Cookie: a=b; c=\"d\"\r\nContent-Length: 0\r\n\r\n",
};

const char *const http_input_changes[HTTP_INPUT_CHANGES] = {
	"PUT /v1/volumes/rbd%2Foutsider1 " HEAD "Content-Length: 13\r\n\r\n{\"size\":\"1G\"}",
	"DELETE /v1/volumes/outsider2 " HEAD "\r\n",
	"POST /v1/volumes/outsider3/attach " HEAD "Content-Length: 17\r\n\r\n{\"from\":\"golden\"}",
	"POST /v1/volumes/outsider4/detach?force=yes " HEAD "Content-Length: 0\r\n\r\n",
	"POST /v1/volumes/outsider5/trim " HEAD "\r\n",
	"POST /v1/volumes/outsider6/wipe?algorithm=zero " HEAD "\r\n",
	"POST /v1/volumes/outsider7/reset " HEAD "\r\n",
	"POST /v1/volumes/outsider8/resize?size=2G " HEAD "\r\n",
	"POST /v1/volumes/outsider9/snapshot " HEAD "\r\n",
	"POST /v1/volumes/outsider10/sparsify " HEAD "\r\n",
	"POST /v1/volumes/outsider11/flatten " HEAD "\r\n",
	"POST /v1/volumes/outsider12/cancel " HEAD "\r\n",
	"POST /v1/prune " HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
	"GET /v1/volumes/outsider13 " HEAD "\r\n",
	"GET /v1/volumes?all=yes " HEAD "\r\n",
	"GET /v1/doctor " HEAD "\r\n",
	"GET /v1/jobs " HEAD "\r\n",
	"GET /v1/host " HEAD "\r\n",
};

static const char *const tokens[] = {
	"\r\n",
	"\r\n\r\n",
	"\n",
	"%00",
	"%2F",
	"..",
	"HTTP/1.1",
	"HTTP/9.9",
	"GET ",
	"POST ",
	"Content-Length: -1\r\n",
	"Content-Length: 99999999999999999999\r\n",
	"Content-Length: 10\r\n",
	"Transfer-Encoding: chunked\r\n",
	"ffffffffffffffff\r\n",
	"0\r\n",
	"Expect: 100-continue\r\n",
	"Connection: keep-alive\r\n",
	"?",
	"&",
	"=",
	"&&=&",
	"{",
	"}",
	"[[[[[[[[",
	"\"",
	"\\u0000",
	"\xff\xfe",
	"1e999",
	"null",
	"/",
	"//",
	":",
	" ",
	"\t",
};

static uint64_t next_random(struct http_input *b)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return b->random;
}

static size_t below(struct http_input *b, size_t n)
{
	return (size_t)((next_random(b) >> 11) % n);
}

static void append(struct http_input *b, const char *text, size_t len)
{
	if (len > HTTP_INPUT_MAX - b->len)
		len = HTTP_INPUT_MAX - b->len;
	memcpy(b->at + b->len, text, len);
	b->len += len;
}

static void append_request(struct http_input *b, bool changes)
{
	const char *text = changes ? http_input_changes[below(b, HTTP_INPUT_CHANGES)]
				   : http_input_looks[below(b, HTTP_INPUT_LOOKS)];

	append(b, text, strlen(text));
}

static void insert(struct http_input *b, size_t where, const char *text, size_t len)
{
	if (len > HTTP_INPUT_MAX - b->len)
		return;
	memmove(b->at + where + len, b->at + where, b->len - where);
	memcpy(b->at + where, text, len);
	b->len += len;
}

static void mutate(struct http_input *b)
{
	char copy[64];
	size_t where = below(b, b->len), len = 1 + below(b, sizeof(copy));
	const char *token = tokens[below(b, ARRAY_SIZE(tokens))];

	if (len > b->len - where)
		len = b->len - where;
	switch (below(b, 5)) {
	case 0:
		b->at[where] = (char)next_random(b);
		break;
	case 1:
		b->at[where] = (char)(b->at[where] ^ 1 << below(b, 8));
		break;
	case 2:
		if (b->len > len) {
			memmove(b->at + where, b->at + where + len, b->len - where - len);
			b->len -= len;
		}
		break;
	case 3:
		memcpy(copy, b->at + where, len);
		insert(b, below(b, b->len), copy, len);
		break;
	default:
		insert(b, where, token, strlen(token));
	}
}

static void add_garbage(struct http_input *b)
{
	size_t n = 1 + below(b, 400);

	for (size_t i = 0; i < n; i++) {
		char c = (char)next_random(b);

		append(b, &c, 1);
	}
}

/* A head beyond every limit: one long line, or many. */
static void add_huge_head(struct http_input *b)
{
	bool many = below(b, 2);
	size_t size = 20000 + below(b, 60000);

	append(b, *http_input_looks, strlen(*http_input_looks) - 2);
	for (size_t i = 0; i < size; i++)
		append(b,
		       many && i % 16 == 15  ? "\r\n"
		       : many && i % 16 == 7 ? ":"
					     : "a",
		       many && i % 16 == 15 ? 2 : 1);
	append(b, "\r\n\r\n", 4);
}

/* A body beyond every limit: with its length, with a lie, or in chunks without end. */
static void add_huge_body(struct http_input *b, bool changes)
{
	static const char *const kinds[] = {
		"Content-Length: 2097152\r\n\r\n",
		"Content-Length: 9999999999\r\n\r\n",
		"Content-Length: 70000\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\n200000\r\n",
	};
	const char *kind = kinds[below(b, ARRAY_SIZE(kinds))];
	size_t body = below(b, HUGE_BODY_MAX);
	const char *head = changes ? "POST /v1/volumes/outsider14/attach " HEAD
				   : "POST /v1/volumes/a%2F%2Fb/attach " HEAD;

	append(b, head, strlen(head));
	append(b, kind, strlen(kind));
	memset(b->at + b->len, ' ', body);
	b->len += body;
}

unsigned http_input_next(struct http_input *b, bool changes)
{
	size_t kind = below(b, 1000);
	unsigned n = 1;

	b->len = 0;
	if (kind < 3) {
		add_huge_body(b, changes);
	} else if (kind < 30) {
		add_huge_head(b);
	} else if (kind < 80) {
		add_garbage(b);
	} else if (kind < 180) { /* cut */
		append_request(b, changes);
		b->len = below(b, b->len + 1);
	} else if (kind < 280) { /* whole; what must be refused for another reason */
		append_request(b, changes);
	} else if (kind < 330) { /* one after the other, without waiting */
		n = 2 + (unsigned)below(b, 15);
		for (unsigned i = 0; i < n; i++)
			append_request(b, changes);
		for (size_t i = below(b, 6); i; i--)
			mutate(b);
	} else {
		append_request(b, changes);
		for (size_t i = 1 + below(b, 8); i; i--)
			mutate(b);
	}
	return n;
}
