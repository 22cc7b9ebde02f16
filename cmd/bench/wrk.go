package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// wrk is a closed loop: each connection asks again as soon as it is answered. It is run as one thread, to leave the
// other core to those it asks.
type wrk struct {
	conns  int
	path   string
	host   string // empty: the run's
	header string
	secure bool // by TLS
	upload int  // bytes of a POST; 0: GET
	large  int  // bytes of a response that is large: then half of one counts as half a request
}

func (w wrk) drive(ctx context.Context, r run) (load, error) {
	host := w.host
	if host == "" {
		host = r.host
	}
	args := []string{
		"-t1", "-c" + strconv.Itoa(w.conns), "-d" + strconv.Itoa(max(1, int(r.time.Seconds()+0.5))) + "s",
		"--latency", "--timeout", "10s", "-H", "Host: " + host,
	}
	if w.header != "" {
		args = append(args, "-H", w.header)
	}
	if text := w.script(); text != "" {
		path := filepath.Join(r.dir, "wrk.lua")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return load{}, err
		}
		args = append(args, "-s", path)
	}
	url := "http://" + r.addr + w.path
	if w.secure {
		url = "https://" + r.secure + w.path
	}
	cmd := exec.CommandContext(ctx, "wrk", append(args, url)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	l, err := parseWrk(string(out))
	if w.large > 0 {
		l.requests = l.bytes / float64(w.large)
	}
	return l, err
}

func (w wrk) script() string {
	switch {
	case w.upload > 0:
		return fmt.Sprintf("wrk.method = \"POST\"\nwrk.body = string.rep(\"x\", %d)\n", w.upload)
	case w.large > 0:
		return "function done(s) print(\"bytes read: \" .. s.bytes) end\n"
	}
	return ""
}

var (
	wrkTotal    = regexp.MustCompile(`(?m)^\s*(\d+) requests in ([0-9.]+)(us|ms|s|m|h),`)
	wrkQuantile = regexp.MustCompile(`(?m)^\s+(50|99)%\s+([0-9.]+)(us|ms|s|m|h) *$`)
	wrkBytes    = regexp.MustCompile(`(?m)^bytes read: ([0-9.e+]+)$`)
	wrkSocket   = regexp.MustCompile(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
	wrkStatus   = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
)

// parseWrk reads the report that wrk prints for people; it has no other.
func parseWrk(out string) (load, error) {
	total := wrkTotal.FindStringSubmatch(out)
	if total == nil {
		return load{}, fmt.Errorf("wrk said: %s", strings.TrimSpace(out))
	}
	var l load
	l.requests, _ = strconv.ParseFloat(total[1], 64)
	var err error
	if l.elapsed, err = time.ParseDuration(total[2] + total[3]); err != nil {
		return load{}, err
	}
	if bytes := wrkBytes.FindStringSubmatch(out); bytes != nil {
		l.bytes, _ = strconv.ParseFloat(bytes[1], 64)
	}
	for _, q := range wrkQuantile.FindAllStringSubmatch(out, -1) {
		d, err := time.ParseDuration(q[2] + q[3])
		if err != nil {
			return load{}, err
		}
		if q[1] == "50" {
			l.p50 = d
		} else {
			l.p99 = d
		}
	}
	for _, counts := range [][]string{wrkSocket.FindStringSubmatch(out), wrkStatus.FindStringSubmatch(out)} {
		for _, text := range counts[min(1, len(counts)):] {
			n, _ := strconv.Atoi(text)
			l.errors += n
		}
	}
	return l, nil
}
