package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	http3load "github.com/appia-edge/appia/proxy/http3/load"
)

// secureAlike are the contenders with TLS here. HTTP/3 is spoken by one of them alone: Debian's nginx 1.22 and HAProxy 2.6 have none.
var secureAlike, http3Alone = []string{"appia", "nginx", "haproxy"}, []string{"appia"}

// handshakes are connections with a request each, so many at a time; a request is one of them. They cost what TLS costs.
type handshakes struct {
	conns  int
	resume bool // a session of before, when there is one
}

func (h handshakes) drive(ctx context.Context, r run) (load, error) {
	begun := time.Now()
	seen := make([]sample, h.conns)
	var askers sync.WaitGroup
	for i := range seen {
		askers.Go(func() { h.ask(ctx, r, &seen[i], begun.Add(r.time)) })
	}
	askers.Wait()
	if ctx.Err() != nil {
		return load{}, ctx.Err()
	}
	return sum(seen, time.Since(begun)), nil
}

func (h handshakes) ask(ctx context.Context, r run, seen *sample, until time.Time) {
	request := []byte("GET /1k HTTP/1.1\r\nHost: " + r.host + "\r\nConnection: close\r\n\r\n")
	config := &tls.Config{
		InsecureSkipVerify: true, ServerName: r.host, //nolint:gosec // our own certificate
		CurvePreferences: []tls.CurveID{tls.X25519}, // what all of them have: Debian's OpenSSL has no ML-KEM, which costs Go more
	}
	if h.resume {
		config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	}
	for first := true; ctx.Err() == nil && time.Now().Before(until); first = false {
		begun := time.Now()
		did, err := shake(r.secure, config, request, until.Add(overtime))
		if err != nil || did != (h.resume && !first) {
			seen.errors++
			continue
		}
		seen.times = append(seen.times, time.Since(begun))
	}
}

// shake connects, asks once and tells whether a session was resumed.
func shake(addr string, config *tls.Config, request []byte, deadline time.Time) (resumed bool, err error) {
	c, err := dialWire(addr, deadline)
	if err != nil {
		return false, err
	}
	defer c.Close()
	secure := tls.Client(c.Conn, config)
	err = (&wire{Conn: secure, in: bufio.NewReaderSize(secure, 4<<10)}).get(request)
	return secure.ConnectionState().DidResume, err
}

// h2load is HTTP/2 by nghttp2's own client.
type h2load struct{ conns, streams int }

func (h h2load) drive(ctx context.Context, r run) (load, error) {
	_, port, err := net.SplitHostPort(r.secure)
	if err != nil {
		return load{}, err
	}
	seconds := strconv.Itoa(max(1, int(r.time.Seconds()+0.5)))
	cmd := exec.CommandContext(ctx, "h2load", "-t1", "-c"+strconv.Itoa(h.conns), "-m"+strconv.Itoa(h.streams), "-D"+seconds,
		"--connect-to="+r.secure, "https://"+net.JoinHostPort(r.host, port)+"/1k")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("h2load: %w: %s", err, out)
	}
	return parseH2load(string(out))
}

var (
	h2loadFinished = regexp.MustCompile(`(?m)^finished in ([0-9.]+)(us|ms|s|m),`)
	h2loadCodes    = regexp.MustCompile(`(?m)^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx`)
	h2loadFailed   = regexp.MustCompile(`(?m)^requests: .* (\d+) failed`)
	h2loadMean     = regexp.MustCompile(`(?m)^time for request: +\S+ +\S+ +([0-9.]+)(us|ms|s)`)
)

// parseH2load reads its report, in which the mean stands in for the median, and there are no quantiles.
func parseH2load(out string) (l load, err error) {
	finished, codes := h2loadFinished.FindStringSubmatch(out), h2loadCodes.FindStringSubmatch(out)
	if finished == nil || codes == nil {
		return l, fmt.Errorf("h2load said: %s", strings.TrimSpace(out))
	}
	if l.elapsed, err = time.ParseDuration(finished[1] + finished[2]); err != nil {
		return l, err
	}
	l.requests, _ = strconv.ParseFloat(codes[1], 64)
	for _, text := range codes[2:] {
		n, _ := strconv.Atoi(text)
		l.errors += n
	}
	if failed := h2loadFailed.FindStringSubmatch(out); failed != nil {
		n, _ := strconv.Atoi(failed[1])
		l.errors += n
	}
	if mean := h2loadMean.FindStringSubmatch(out); mean != nil {
		l.p50, err = time.ParseDuration(mean[1] + mean[2])
	}
	return l, err
}

// byHTTP3 is HTTP/3 by quic-go's client, in the benchmark's process.
type byHTTP3 struct{ conns, streams int }

func (h byHTTP3) drive(ctx context.Context, r run) (load, error) {
	bounded, cancel := context.WithTimeout(ctx, r.time)
	defer cancel()
	begun := time.Now()
	times, errors := loop(r, h).Run(bounded)
	if ctx.Err() != nil {
		return load{}, ctx.Err()
	}
	return sum([]sample{{times, errors}}, time.Since(begun)), nil
}

func loop(r run, h byHTTP3) http3load.Loop {
	return http3load.Loop{Addr: r.secure, URL: "https://" + r.host + "/1k", Conns: h.conns, Streams: h.streams}
}

// certify writes a certificate for all of the plan's hosts, as each contender wants it.
func (p *plan) certify() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"}, DNSNames: []string{"*.bench"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	secret := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	p.Cert, p.Key, p.Both = filepath.Join(p.Dir, "bench.crt"), filepath.Join(p.Dir, "bench.key"), filepath.Join(p.Dir, "bench.pem")
	for path, text := range map[string][]byte{p.Cert: cert, p.Key: secret, p.Both: append(cert, secret...)} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
