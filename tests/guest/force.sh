#!/usr/bin/env bash
# detach --force of devices whose cluster is away: it ends in bounded time, or says what keeps it, and
# the daemon serves on. A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_lab a

pool=force

cleanup() {
	"$tap_tools/guest" --name a net up
	on a --sh 'rbdvol list --json | jq -r ".volumes[].device" | xargs -r rbdvol detach' >&2
	serve_no_more a
	pool_delete "$pool"
}
trap cleanup EXIT

# The command takes less than SECONDS.
within() { # SECONDS COMMAND...
	local start=$EPOCHSECONDS status=0
	"${@:2}" || status=$?
	[[ $((EPOCHSECONDS - start)) -lt $1 ]] || echo "it took $((EPOCHSECONDS - start)) s" >&2
	return $status
}

pool_create "$pool"
for volume in bounded plain; do
	rbd create "$pool/$volume" --size 16M
done
serve a
ok "a volume is attached with a limit to its requests" \
	on a rbdvol attach $pool/bounded -o osd_request_timeout=5,mount_timeout=2
ok "and one without" on a rbdvol attach $pool/plain -o mount_timeout=2
"$tap_tools/guest" --name a net down
# shellcheck disable=SC2016
on a --sh 'for v in bounded plain; do
	(dd if=/dev/zero of=/dev/rbdvol/force/$v bs=4k count=4 oflag=direct conv=notrunc; echo $? >/tmp/$v.end) >/dev/null 2>&1 &
done'
sleep 2
refuses "without a limit it is told what keeps the device" 7 \
	'cannot end /dev/rbd1: [0-9]+ of its requests wait for the cluster.*osd_request_timeout' \
	within 20 on a rbdvol detach $pool/plain --force
is "list answers meanwhile" "$(within 5 on a rbdvol list --json | jq '.volumes | length')" 2
refuses "with a limit the device ends, and what remains is told" 7 \
	"in release for|the device is gone, but this host's hold may remain" \
	within 40 on a rbdvol detach $pool/bounded --force --timeout 25
is "its writer got an error" "$(on a cat /tmp/bounded.end)" 1
is "one device is left" "$(on a ls /sys/bus/rbd/devices)" 1
"$tap_tools/guest" --name a net up
# shellcheck disable=SC2016
ok "with the network back the other's writes are done" \
	on a timeout 60 sh -c 'until test -e /tmp/plain.end; do sleep 0.2; done; exit $(cat /tmp/plain.end)'
ok "and it detaches" on a rbdvol detach $pool/plain
ok "the first is attached again, its hold still ours" on a rbdvol attach $pool/bounded
ok "and detached" on a rbdvol detach $pool/bounded
is "nobody holds it" "$(on a rbdvol show $pool/bounded --json | jq .held_by)" null
done_testing
