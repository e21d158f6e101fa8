# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # what the test sets: top_builddir, rbdvol, pool
# For tests of crash safety, after tap.sh: the daemon is killed at each failpoint that an operation
# passes (base/failpoint.h), started anew, and asked again. The points are learned from a run that
# succeeds, so that a new step is tested from the day it is there.
#
# An operation is four functions of the test: PREPARE makes what it needs in the namespace $space,
# which is new each time; ACT asks the daemon; `world` prints what there is afterwards, without what
# differs from time to time; a crash may change nothing of that.

failpoints=$(mktemp -d)
daemon_program=$top_builddir/tests/guest/rbdvold-failpoints
space_count=0

deadly_start() {
	[[ -x $daemon_program ]] || bail_out "no $daemon_program: make check TESTS="
	RBDVOL_FAILPOINTS=$failpoints "$daemon_program" --foreground >>"$failpoints/log" 2>&1 &
	daemon_pid=$!
	serving "$daemon_pid" "$rbdvol" list || {
		cat "$failpoints/log" >&2
		bail_out "rbdvold does not serve"
	}
}

# A namespace of its own for each run (a test may say otherwise), with what is in it: nothing of an earlier one is in the way,
# not even the watch of a client that was killed.
new_space() {
	space_count=$((space_count + 1))
	namespace=space$space_count
	space=$pool/$namespace
	rbd namespace create "$space"
}

cluster_world() {
	local image
	for image in $(rbd ls "$space"); do
		echo "$image $(rbd info "$space/$image" --format json | jq -c '[.size, .parent.image, .parent.snapshot]')" \
			"snapshots $(rbd snap ls --all "$space/$image" --format json | jq -c '[.[].name]')" \
			"content $(rbd export --no-progress "$space/$image" - | sha256sum)" \
			"locks $(rados -p "$pool" -N "$namespace" lock list "rbd_header.$(rbd info "$space/$image" --format json | jq -r .id)" | jq -c '[.locks[].name]')"
	done | sed -E 's/"(rbdvol-[0-9.]+)-[0-9a-f]{8}"/"\1"/g' # the check value depends on the image's id
	# Every object by its kind: a stray header, map or block would be one too many.
	rados -p "$pool" -N "$namespace" ls | grep -vx rbd_trash | sed -E 's/^(rbd_(header|data|object_map))\..*/\1/' | sort | uniq -c
}

# What the kernel's own lock says of a mapped image depends on who wrote last.
world_without_lock() {
	world | sed 's/"rbd_lock",*//; s/,]/]/'
}

# What `rbdvol list` tells of the volumes that JQ selects: device, mounts and all.
listed() { # JQ
	"$rbdvol" list --json | jq -c ".volumes | sort_by(.device)[] | $1"
}

# Of points with nothing between them the first: the end of a step is for the world the same moment
# as the last of its inner points, and as the beginning of the next step. EVERY_POINT=1 keeps all.
distinct() {
	awk -v every="${EVERY_POINT-}" '
		every || !(/\.before$/ && last ~ /\.after$/ || /\.after$/ && last !~ /\.before$/) || !last
		{ last = $0 }'
}

# A third of the lines of the input, but one at least, as the seed has it.
sampled() {
	awk -v every="${EVERY_POINT-}" -v seed="$point_seed" '
		BEGIN { srand(seed) }
		{ line[NR] = $0 }
		END {
			wanted = every ? NR : int((NR + 2) / 3)
			for (i = 1; i <= NR; i++)
				if (rand() * (NR - i + 1) < wanted) { print line[i]; wanted-- }
		}'
}

point_seed=${SEED:-$RANDOM}
echo "# the points are those of SEED=$point_seed, a third; EVERY_POINT=1 tests all"

# each_point OPERATION PREPARE ACT [REGEX]: a test for a third of the points (whose name matches), by
# chance; with EVERY_POINT=1 for each.
each_point() {
	local operation=$1 prepare=$2 act=$3 only=${4-.} points point expected before log others
	[[ -z ${EVERY_POINT-} ]] || only=.
	new_space
	$prepare
	: >"$failpoints/seen"
	ok "$operation, left in peace" "$act"
	expected=$(world_without_lock)
	points=$(awk '!seen[$0]++' "$failpoints/seen" | distinct | grep -E "$only" | sampled)
	point_seed=$((point_seed + 1))
	[[ -n $points ]] || tap_result 1 "$operation passes failpoints" "none"
	for point in $points; do
		new_space
		$prepare
		log=$failpoints/act
		others=$(listed "select(.volume != \"$space\" and (.volume | startswith(\"$space/\") | not))")
		echo "$point" >"$failpoints/armed"
		$act >"$log" 2>&1
		if [[ -e $failpoints/armed ]]; then
			tap_result 1 "$operation is killed at $point" "the daemon lived: $(cat "$log")"
			rm "$failpoints/armed"
			continue
		fi
		wait "$daemon_pid" 2>/dev/null
		before=$SECONDS
		deadly_start
		[[ $(listed "select(.volume != \"$space\" and (.volume | startswith(\"$space/\") | not))") == "$others" ]] ||
			tap_result 1 "after $operation killed at $point list tells the same of other volumes" \
				"$(listed .)"$'\n'"before: $others"
		if ! $act >"$log" 2>&1; then
			tap_result 1 "$operation killed at $point is completed by its repetition" "$(cat "$log")"
			continue
		fi
		is "$operation killed at $point is completed by its repetition ($((SECONDS - before)) s)" \
			"$(world_without_lock)" "$expected"
	done
}
