package health

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/rules"
)

const userAgent = "Appia-Health"

// request is the question a probe asks: GET scheme://host:port and the check's path, query included; or Seneca's ping to it.
func request(ctx context.Context, e rules.Endpoint, c *rules.Check) (*http.Request, error) {
	u, err := address(e, c)
	if err != nil {
		return nil, err
	}
	req, err := question(ctx, u, c)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent)
	for _, h := range c.Headers {
		setHeader(req, h)
	}
	if c.Host != "" {
		req.Host = c.Host
	}
	return req, nil
}

// ping is what every service of Seneca answers. Today's ends its process at a GET, which has no message.
const ping = `{"role":"seneca","cmd":"ping"}`

func question(ctx context.Context, u *url.URL, c *rules.Check) (*http.Request, error) {
	if !c.Message {
		return http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(ping))
	if err == nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, err
}

// setHeader knows that net/http keeps the Host header elsewhere and ignores it among the others.
func setHeader(req *http.Request, h rules.Pair) {
	if strings.EqualFold(h.Name, "Host") {
		req.Host = h.Value
		return
	}
	req.Header.Set(h.Name, h.Value)
}

// address takes path and query from the label and never its host: a path of "//elsewhere/" must not turn
// the router into a prober of other people's machines.
func address(e rules.Endpoint, c *rules.Check) (*url.URL, error) {
	path, err := url.Parse(c.Path)
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", c.Path, err)
	}
	host, err := hostPort(e.Addr, c.Port)
	if err != nil {
		return nil, err
	}
	scheme := e.Scheme
	if c.Scheme != "" {
		scheme = c.Scheme
	}
	base := &url.URL{Scheme: plain(scheme), Host: host, Path: "/"}
	u := base.ResolveReference(path)
	u.Scheme, u.Host, u.User, u.Fragment = base.Scheme, base.Host, nil, ""
	return u, nil
}

func hostPort(addr string, port int) (string, error) {
	if port == 0 {
		return addr, nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("address %q: %w", addr, err)
	}
	return net.JoinHostPort(host, strconv.Itoa(port)), nil
}

// plain is the scheme as net/http knows it: h2c is http, over another transport.
func plain(scheme string) string {
	if scheme == h2c {
		return "http"
	}
	return scheme
}
