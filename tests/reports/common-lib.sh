# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What reports of every kind have. Sourced by their libraries, after tap.sh.
# shellcheck disable=SC2034,SC2154 # pool and other_pools are theirs
pool=$(basename -- "$0" .sh)
other_pools=()
at_exit=()

# Have COMMAND done at the end, the last one first.
on_exit() { # COMMAND
	at_exit=("$1" "${at_exit[@]}")
}

what_was_asked_for() {
	local command
	for command in "${at_exit[@]}"; do
		eval "$command" >/dev/null 2>&1
	done
}

another_pool() { # NAME: gone at the end
	pool_create "$1"
	other_pools+=("$1")
}

pools_over() {
	local name
	for name in "$pool" "${other_pools[@]}"; do
		pool_delete "$name" 2>/dev/null
	done
}

# Serve containers: a daemon of its own with the plugin, whose default pool is $pool; call METHOD JSON asks it.
plugin_start() { # LINE-OF-CONFIGURATION...
	local dir=/run/$pool
	mkdir -p "$dir" /run/docker/plugins
	printf '%s\n' '[rbdvol]' "pool = $pool" 'plugin-timeout = 100' "$@" >"$dir/conf"
	(exec setsid rbdvold --foreground --config "$dir/conf" --socket "$dir/api.sock" \
		--plugin-socket "$dir/plugin.sock" >>"$dir/log" 2>&1 </dev/null) &
	plugin_pid=$!
	on_exit "kill $plugin_pid; wait $plugin_pid"
	on_exit 'umount -R /run/rbdvol/mounts/*; rm -f /run/rbdvol/names/*'
	export RBDVOL_SOCKET=$dir/api.sock
	timeout 180 bash -c "until [[ -S $dir/plugin.sock ]] && rbdvol jobs >/dev/null 2>&1; do sleep 0.1; done" || {
		cat "$dir/log" >&2
		bail_out "no plugin"
	}
}

call() { # METHOD JSON
	curl -s -m 150 --unix-socket "/run/$pool/plugin.sock" -d "$2" "http://d/VolumeDriver.$1"
}
