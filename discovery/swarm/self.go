package swarm

import (
	"os"
	"regexp"
)

// ownContainer is what the process can tell of the container it may be running in: ids, most certain first, perhaps none.
func ownContainer() []string {
	hostname, _ := os.Hostname()
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	groups, _ := os.ReadFile("/proc/self/cgroup")
	return containerIDs(hostname, string(mounts), string(groups))
}

var (
	// Docker names a container's host after the first 12 digits of its id, unless told otherwise.
	hostnameID = regexp.MustCompile(`^([0-9a-f]{12}|[0-9a-f]{64})$`)
	// Docker mounts three files of the container's own folder into it. The mount point must be in the pattern: a process
	// outside of containers sees the folders of all of them.
	mountID = regexp.MustCompile(`/containers/([0-9a-f]{64})/(?:hostname /etc/hostname|hosts /etc/hosts|resolv\.conf /etc/resolv\.conf) `)
	// In cgroup v1 the path of a process outside is "/".
	cgroupID = regexp.MustCompile(`/docker[-/]([0-9a-f]{64})`)
)

func containerIDs(hostname, mounts, groups string) (ids []string) {
	for _, source := range []struct {
		pattern *regexp.Regexp
		text    string
	}{{mountID, mounts}, {cgroupID, groups}, {hostnameID, hostname}} {
		if match := source.pattern.FindStringSubmatch(source.text); match != nil {
			ids = append(ids, match[1])
		}
	}
	return ids
}
