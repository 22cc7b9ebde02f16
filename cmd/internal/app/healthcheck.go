package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path"
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
	address, page := c.EntryPoints[0].Address, "/"
	if c.Web {
		address, page = c.WebAddress, path.Join("/", c.WebPath, "ping")
	}
	answer, err := get(ctx, "http://"+reachable(address)+page)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if c.Web && answer.StatusCode != http.StatusOK {
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

// FlagsOfInit are the flags of a container's first process if that is this program too: an image's HEALTHCHECK
// knows nothing of the flags that its service was started with.
func FlagsOfInit() []string {
	own, err := os.Executable()
	if err != nil || os.Getpid() == 1 {
		return nil
	}
	if first, err := os.Readlink("/proc/1/exe"); err != nil || first != own {
		return nil
	}
	line, err := os.ReadFile("/proc/1/cmdline")
	if err != nil {
		return nil
	}
	words := strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
	return words[1:]
}
