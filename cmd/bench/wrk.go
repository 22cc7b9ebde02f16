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
	upload int // bytes of a POST; 0: GET
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
	if w.upload > 0 {
		script := filepath.Join(r.dir, "upload.lua")
		text := fmt.Sprintf("wrk.method = \"POST\"\nwrk.body = string.rep(\"x\", %d)\n", w.upload)
		if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
			return load{}, err
		}
		args = append(args, "-s", script)
	}
	cmd := exec.CommandContext(ctx, "wrk", append(args, "http://"+r.addr+w.path)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	return parseWrk(string(out))
}

var (
	wrkTotal    = regexp.MustCompile(`(?m)^\s*(\d+) requests in ([0-9.]+)(us|ms|s|m|h),`)
	wrkQuantile = regexp.MustCompile(`(?m)^\s+(50|99)%\s+([0-9.]+)(us|ms|s|m|h)$`)
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
	l.requests, _ = strconv.Atoi(total[1])
	var err error
	if l.elapsed, err = time.ParseDuration(total[2] + total[3]); err != nil {
		return load{}, err
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
