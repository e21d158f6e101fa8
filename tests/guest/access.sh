#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What members of the group rbdvol, who may only look, can do to others: nothing. Their requests end,
# are bounded, and can be ended; they choose no keys, and learn nothing about files.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=access
api=/run/rbdvol/api.sock

cleanup() {
	ceph osd pool set $pool-data min_size 1 >&2
	rm -f /dev/astray
	rbdvol list --json 2>/dev/null | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	rm -rf /etc/rbdvol/rbdvol.conf
	pool_over $pool-data
	pool_over $pool
}
trap cleanup EXIT

pool_create $pool
pool_create $pool-data
getent group rbdvol >/dev/null || groupadd -r rbdvol
reader=(setpriv --reuid 65534 --regid rbdvol --clear-groups)

# look [WORD...] TIMES TARGET: this number of requests at once, none of which waits for its answer
look() {
	local n=$((${*: -2:1})) config
	config=$(mktemp /run/look.XXXXXX)
	chmod 644 "$config"
	for ((i = 0; i < n; i++)); do
		printf 'url = "http://d/v1/volumes/%s"\noutput = "/dev/null"\n' "${*: -1}"
	done >"$config"
	"${@:1:$#-2}" curl -s -Z --parallel-immediate --parallel-max 60 --unix-socket $api -K "$config" >/dev/null 2>&1 || :
	rm "$config"
}

under_way() { # [JQ FILTER]: jobs that run
	curl -s --unix-socket $api http://d/v1/jobs | jq "[.jobs[] | select(.state == \"running\") | select(${1-true})] | length"
}

mkdir -p /etc/rbdvol
printf '[rbdvol]\npool = %s\ntimeout = 600\nallow-user = extra\n' $pool >/etc/rbdvol/rbdvol.conf
rbd create --size 100T --image-feature layering $pool/huge # 26 million objects, each to be asked for
rbd create --size 64M $pool/small
daemon_start

# --- requests that take long ---
slow="$pool%2Fhuge?slow=yes&timeout=0.1"
look "${reader[@]}" 2 "$slow" # as many as look at once: the oldest ones do not wait for others
asking() { [[ $(under_way '.step == "usage"') == 2 ]]; }
ok "two slow looks are under way at once" wait_for 60 asking
look "${reader[@]}" 128 "$slow"
is "one user has 32 requests under way, and no more" "$(under_way '.uid == 65534')" 32
for uid in {65520..65524}; do
	look setpriv --reuid $uid --regid rbdvol --clear-groups 30 "$slow"
done
is "all users together have 128" "$(under_way)" 128
refuses "they are told whose limit it is" 5 'user 65534 .*most that rbdvold takes of one user' \
	"${reader[@]}" rbdvol show $pool/huge --slow
ok "root can list" rbdvol list --json
ok "and see what is under way" rbdvol jobs
ok "and attach" rbdvol attach $pool/small
ok "and detach" rbdvol detach $pool/small
for _ in {1..70}; do # bodies that do not end
	sleep 20 | setpriv --reuid 65520 --regid rbdvol --clear-groups \
		curl -s -T - -o /dev/null --unix-socket $api "http://d/v1/volumes/$pool%2Fx" &
done 2>/dev/null
one=$(curl -s --unix-socket $api http://d/v1/jobs | jq '[.jobs[] | select(.state == "running")][0].id')
like "one is ended by its number" "$(rbdvol cancel "$one" 2>&1)" "^job $one: cancelled before it could ask"
is "and no other" "$(under_way ".id == $one")" 0
refuses "it has ended" 3 "nothing is under way on job $one" rbdvol cancel "$one"
refuses "who may only look ends none" 8 'may not change' "${reader[@]}" rbdvol cancel "$((one + 1))"
like "all are ended by the volume's name" "$(rbdvol cancel $pool/huge 2>&1)" "^$pool/huge: cancelled before it could ask"
is "none is left" "$(under_way)" 0
ok "the user may look again" "${reader[@]}" rbdvol list
sed -i 's/^timeout.*/timeout = 3/' /etc/rbdvol/rbdvol.conf
kill -HUP "$daemon_pid"
ok "the configuration is read again" wait_for 10 grep -q 'read anew' /var/log/rbdvold.log
refuses "a request that only looks ends, too" 7 'no time left to ask how much of' \
	rbdvol show $pool/huge --slow --timeout 30
sed -i 's/^timeout.*/timeout = 30/' /etc/rbdvol/rbdvol.conf
kill -HUP "$daemon_pid"

# --- keys ---
ceph auth get-or-create client.extra mon 'profile rbd' osd 'profile rbd' >/etc/ceph/ceph.client.extra.keyring 2>/dev/null
ceph auth get-or-create client.other mon 'profile rbd' osd 'profile rbd' >/etc/ceph/ceph.client.other.keyring 2>/dev/null
refuses "a reader does not choose a key" 8 "user 65534 may not choose the Ceph user 'other'.*allow-user" \
	"${reader[@]}" rbdvol show $pool/small --id other
refuses "nor learns whether there is one" 8 "may not choose the Ceph user 'none'" \
	"${reader[@]}" rbdvol show $pool/small --id none
refuses "nor another cluster" 8 "may not choose the cluster 'shadow'.*allow-cluster" \
	"${reader[@]}" rbdvol list --cluster shadow
ok "but what is configured" "${reader[@]}" rbdvol show $pool/small --id extra
ok "the default cluster may be named" "${reader[@]}" rbdvol show $pool/small --cluster ceph
ok "root chooses any" rbdvol show $pool/small --id other

# --- paths ---
answer() { # PATH: what a reader is told, without the path
	"${reader[@]}" curl -s --unix-socket $api "http://d/v1/volumes/$(jq -rn --arg p "$1" '$p | @uri')" |
		jq -c '.error | {code, message}' | sed "s|$1|PATH|g"
}
outside=$(answer /dev/../nothing/there)
is "nothing outside of /dev is a device" "$outside" "{\"code\":\"usage\",\"message\":\"'PATH' is not a device below /dev\"}"
ln -sfn /etc/shadow /dev/astray
for path in /dev/../etc/shadow /dev/./../etc/shadow /dev//etc /dev/fd/0 /dev/astray /dev/rbdvol/../../etc/shadow \
	/dev/shm/x /dev/fd/../../etc/shadow /dev/; do
	is "it is not told whether a file is there: $path" "$(answer $path)" "$outside"
done
is "what is in /dev is told of" "$(answer /dev/rbd77 | jq -r .code)$(answer /dev/null | jq -r .code)" not-foundusage

# --- a device whose cluster does not answer ---
rbd create --size 64M --data-pool $pool-data $pool/vol
link=$(rbdvol attach $pool/vol)
mkfs.ext4 -q "$link"
is "its file system is told" "$(rbdvol show $pool/vol --json | jq -r .filesystem.type)" ext4
ceph osd pool set $pool-data size 2 --yes-i-really-mean-it >&2
ceph osd pool set $pool-data min_size 2 >&2
none_is_active() {
	[[ $(ceph pg ls-by-pool $pool-data --format json | jq '[.pg_stats[] | select(.state | test("active"))] | length') == 0 ]]
}
ok "its data is out of reach" wait_for 30 none_is_active
echo 3 >/proc/sys/vm/drop_caches
look "${reader[@]}" 20 "$pool%2Fvol?timeout=0.1"
start=$SECONDS
like "show answers all the same" "$(timeout 60 rbdvol show $pool/vol --json | jq -r '.notes[]')" \
	'what is on /dev/rbd[0-9]+ is not known'
ok "soon" test $((SECONDS - start)) -lt 30
is "one thread is left with the device" \
	"$(grep -lx probe /proc/"$(pidof rbdvold)"/task/*/comm | wc -l)" 1
none_runs() {
	[[ $(under_way) == 0 ]]
}
ok "no request is" wait_for 30 none_runs
ok "root can list meanwhile" rbdvol list
ceph osd pool set $pool-data min_size 1 >&2
is_seen() {
	[[ $(rbdvol show $pool/vol --json | jq -r .filesystem.type) == ext4 ]]
}
ok "and it is seen again when the cluster answers" wait_for 60 is_seen
is "no thread is left" "$(grep -lx probe /proc/"$(pidof rbdvold)"/task/*/comm | wc -l)" 0
done_testing
