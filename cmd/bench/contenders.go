package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A contender is an edge router that is measured. prepare writes what it needs into the plan's folder and says how to start it.
type contender struct {
	name    string
	prepare func(*plan) (command, error)
	logging string // what it has where access log and metrics are asked for, if that is less than Appia's
}

// twoCores is what Go's contenders get of the machine; nginx has two workers, HAProxy two threads.
const twoCores = "GOMAXPROCS=2"

func contenders(o options, appia string) []contender {
	list := []contender{
		{name: "appia", prepare: func(p *plan) (command, error) { return prepareAppia(p, appia, o.http1) }},
		{name: "nginx", prepare: prepareNginx, logging: "its metrics are stub_status, seven counters in all"},
		{name: "haproxy", prepare: prepareHAProxy},
	}
	if o.traefik != "" {
		list = append(list, contender{name: "traefik", prepare: func(p *plan) (command, error) { return prepareTraefik(p, o.traefik) }})
	}
	if o.caddy != "" {
		list = append(list, contender{name: "caddy", prepare: func(p *plan) (command, error) { return prepareCaddy(p, o.caddy) }})
	}
	return list
}

// buildAppia compiles the router as make build does.
func buildAppia(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "appia")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "github.com/appia-edge/appia/cmd/appia")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build appia: %w: %s", err, out)
	}
	return path, nil
}

// prepareAppia gives it a swarm to look at, once: its peers read their files once, too.
func prepareAppia(p *plan, binary, http1 string) (command, error) {
	endpoint, stop, err := serveEngine(p)
	if err != nil {
		return command{}, err
	}
	argv := []string{
		binary, "--docker", "--docker.swarmMode", "--docker.endpoint=" + endpoint, "--docker.watch=false",
		"--entryPoints=Name:http Address:" + p.Front, "--web", "--web.address=" + p.Admin, "--stateDir=",
		"--maxIdleConnsPerHost=1024",
	}
	if p.Secure != "" {
		argv = append(argv, "--entryPoints=Name:https Address:"+p.Secure+" TLS:"+p.Cert+","+p.Key+" HTTP3", "--defaultEntryPoints=http,https")
	}
	if p.Logs {
		argv = append(argv, "--accessLog.filePath="+p.AccessLog, "--accessLog.bufferingSize=1000") // Traefik's has the same
	}
	if http1 != "" {
		argv = append(argv, "--http1="+http1)
	}
	return command{argv: argv, env: []string{twoCores}, stop: stop}, nil
}

func prepareNginx(p *plan) (command, error) {
	path, err := p.render("nginx.conf")
	return command{argv: []string{"nginx", "-e", p.Dir + "/nginx.err", "-c", path}}, err
}

// prepareHAProxy lets it log to its output, which is a file: it has no other way to one but a syslog server.
func prepareHAProxy(p *plan) (command, error) {
	if _, err := p.render("hosts.map"); err != nil {
		return command{}, err
	}
	path, err := p.render("haproxy.cfg")
	return command{argv: []string{"haproxy", "-db", "-f", path}}, err
}

func prepareTraefik(p *plan, binary string) (command, error) {
	path, err := p.render("traefik.yml")
	argv := []string{
		binary, "--providers.file.filename=" + path, "--providers.file.watch=false", "--entryPoints.web.address=" + p.Front,
		"--entryPoints.web.forwardedHeaders.insecure=true", "--log.level=ERROR",
		"--global.checkNewVersion=false", "--global.sendAnonymousUsage=false",
	}
	if p.Logs {
		argv = append(argv, "--accessLog", "--accessLog.filePath="+p.AccessLog, "--accessLog.bufferingSize=1000",
			"--entryPoints.admin.address="+p.Admin, "--metrics.prometheus", "--metrics.prometheus.entryPoint=admin")
	}
	return command{argv: argv, env: []string{twoCores}}, err
}

func prepareCaddy(p *plan, binary string) (command, error) {
	path, err := p.render("Caddyfile")
	home := []string{twoCores, "HOME=" + p.Dir, "XDG_DATA_HOME=" + p.Dir, "XDG_CONFIG_HOME=" + p.Dir}
	return command{argv: []string{binary, "run", "--adapter", "caddyfile", "--config", path}, env: home}, err
}

// logged counts the lines of the access log, wherever this contender writes it.
func logged(p *plan, c contender, output string) int {
	path := p.AccessLog
	if c.name == "haproxy" {
		path = output
	}
	text, _ := os.ReadFile(path)
	return strings.Count(string(text), "\n")
}
