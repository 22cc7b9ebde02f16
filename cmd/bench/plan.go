package main

import (
	"bytes"
	"embed"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// A plan is what a contender is to serve in one run. Every contender gets the same.
type plan struct {
	Dir       string // for its files; gone after the run
	Front     string // where it listens
	Secure    string // where it listens by TLS; "": nowhere
	Cert, Key string // files for that
	Both      string // a file with both
	Admin     string // where it shows its metrics
	AccessLog string // where it writes one, if Logs
	Logs      bool   // with access log and metrics
	Keep      int    // idle connections kept to each upstream
	Routes    []route
	Files     []string // the backends that have responses to give
	Text      string   // the body of /1k
	Root      bool     // we run as root, and nginx would give that up
}

// A route leads from a host to two backends that take turns.
type route struct {
	Host      string
	Backends  []string
	WebSocket bool
}

// Hosts with a backend of their own kind.
const (
	uploadHost = "upload.bench"
	echoHost   = "echo.bench"
)

// hostAt is the name of the i-th route.
func hostAt(i int) string { return fmt.Sprintf("h%d.bench", i) }

// routesTo are n hosts in front of the files, with the two special ones.
func routesTo(b *backends, n int) []route {
	list := make([]route, 0, n+2)
	for i := range n {
		list = append(list, route{Host: hostAt(i), Backends: b.files})
	}
	return append(list, route{Host: uploadHost, Backends: b.sink}, route{Host: echoHost, Backends: b.echo, WebSocket: true})
}

// FrontPort is for configurations that write the port alone.
func (p *plan) FrontPort() string {
	_, port, _ := net.SplitHostPort(p.Front)
	return port
}

//go:embed config
var configs embed.FS

var templates = template.Must(template.ParseFS(configs, "config/*"))

// render writes a configuration into the plan's folder and returns its path.
func (p *plan) render(name string) (path string, err error) {
	var text bytes.Buffer
	if err := templates.ExecuteTemplate(&text, name, p); err != nil {
		return "", err
	}
	path = filepath.Join(p.Dir, name)
	return path, os.WriteFile(path, text.Bytes(), 0o644)
}

// freeAddress is one on 127.0.0.1 that nobody listens at.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// twins are the loopback addresses that the two backends of a route have, on one port: a service of a swarm has one port.
var twins = []string{"127.0.0.2", "127.0.0.3"}

// listenTwins listens at both on one free port.
func listenTwins() (list []net.Listener, err error) {
	for range 20 {
		first, err := net.Listen("tcp4", twins[0]+":0")
		if err != nil {
			return nil, fmt.Errorf("backends: %w", err)
		}
		_, port, _ := net.SplitHostPort(first.Addr().String())
		second, err := net.Listen("tcp4", net.JoinHostPort(twins[1], port))
		if err == nil {
			return []net.Listener{first, second}, nil
		}
		first.Close()
	}
	return nil, fmt.Errorf("backends: no port is free at %s", strings.Join(twins, " and "))
}

func addresses(list []net.Listener) (texts []string) {
	for _, l := range list {
		texts = append(texts, l.Addr().String())
	}
	return texts
}
