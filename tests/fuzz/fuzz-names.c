/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small words of others: features of an image, a client's address, a hidden image's name, the file
 * of a volume that is mounted. */
#include "ceph/address.h"
#include "rbd/feature-bits.h"
#include "rbd/name.h"
#include "tests/fuzz/fuzz.h"
#include "volume/publish-users.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size), *features = NULL, *meant = NULL;
	_cleanup_free_ char *name = NULL, *again = NULL;
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_err_ struct err *e = NULL;

	must((features = image_features_format(features_parse(text))));
	if (address_is_exact(text))
		must(!strpbrk(text, " ,\n") && strchr(text, '/'));
	meant = name_meant(text);
	must(!meant || strlen(meant) < strlen(text));
	if (spec_parse(text, "rbd", &spec, &e) >= 0) {
		_cleanup_free_ char *whole = spec_format(&spec);

		must((name = publish_name(&spec)) && !strpbrk(name, "/ \n") && *name != '.');
		publish_name_decode(name);
		must(!strcmp(name, whole));
	}
	must((again = strdup(text)));
	publish_name_decode(again);
	must(strlen(again) <= strlen(text));
	return 0;
}
