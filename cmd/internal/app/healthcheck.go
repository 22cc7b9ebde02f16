package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/appia-edge/appia/cmd/internal/config"
)

const checkTimeout = 2 * time.Second

// Healthcheck asks a running router whether it is well: /ping where the admin listener is on, else any HTTP
// answer at all from its first entry point.
func Healthcheck(ctx context.Context, c *config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	address, page, ping := c.PingAt()
	answer, err := get(ctx, "http://"+reachable(address)+page)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if ping && answer.StatusCode != http.StatusOK {
		return fmt.Errorf("/ping answers %s", answer.Status)
	}
	return nil
}

func get(ctx context.Context, url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultTransport.RoundTrip(request)
}

// reachable turns an address to listen on into one to dial.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host != "" && host != "0.0.0.0" && host != "::" {
		return address
	}
	return net.JoinHostPort("127.0.0.1", port)
}

// FlagsOfRouter are the flags of the oldest other process of this program: an image's HEALTHCHECK knows nothing of the
// flags that its service was started with. In a container that is the first process, or the child of its init.
func FlagsOfRouter() []string {
	own, err := os.Executable()
	if err != nil {
		return nil
	}
	for _, pid := range processes() {
		if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err != nil || exe != own || pid == os.Getpid() {
			continue
		}
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil {
			return nil
		}
		return strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")[1:]
	}
	return nil
}

// processes lists those that can be seen, the lowest number first.
func processes() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil // no Linux
	}
	var all []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			all = append(all, pid)
		}
	}
	slices.Sort(all)
	return all
}
