#!/bin/bash
# keep.sh FOLDER [DOCKERD FLAG...]: one dockerd in namespaces of its own, until standard input ends.
#
# Standard input is a pipe from the test process and nobody ever writes to it: it ends when the lab is closed, and also when the tests
# crash, run into their time limit or are killed. So there is one way of cleaning up, and nothing can prevent it but killing this
# script as well.
#
# Everything that the daemon starts is a member of its namespaces. Killing process 1 of the process namespace kills all of
# it, and mounts and network interfaces go with the last process. What is left is the folder and the cgroups.
set -u
folder=$1 name=$(basename "$1")
shift

inside() {
	ip link set lo up
	# One end of a cable to a second node; its address is the one that the swarm is known by.
	ip link add eth0 type veth peer name cable
	ip link set eth0 up
	ip link set cable up
	# The daemon's socket has its usual path in here, so that stack files mount it as they do in production, and
	# nothing of it is in the machine's own /run.
	mount --bind "$folder/run" /run
	[ -L /var/run ] || mount --bind "$folder/run" /var/run
	hostname "$name"
	trap 'kill -TERM $daemon' TERM
	dockerd --data-root "$folder/data" --cgroup-parent "/$name" "$@" &
	daemon=$!
	wait $daemon
	wait $daemon # the first one ends at the signal
}

mkdir -p "$folder/run" "$folder/data"
export folder name
export -f inside
unshare --net --mount --uts --ipc --pid --fork --kill-child=KILL --mount-proc bash -c 'inside "$@"' inside "$@" </dev/null >"$folder/dockerd.log" 2>&1 &
outer=$!
echo $outer >"$folder/pid.new" && mv "$folder/pid.new" "$folder/pid"

cat >/dev/null # until the tests are over

kill -KILL $outer
wait $outer 2>/dev/null
rm -rf "$folder"
find /sys/fs/cgroup -depth -type d -path "*/$name*" -exec rmdir {} + 2>/dev/null
exit 0
