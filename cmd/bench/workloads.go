package main

import (
	"context"
	"time"
)

// A workload is one question asked of all contenders.
type workload struct {
	name   string
	about  string
	only   []string // contenders that it can be asked of; nil: all
	secure bool     // by TLS
	routes int      // 0: 100
	logs   bool     // with access log and metrics
	cold   bool     // without warm-up: it measures what a load leaves behind
	drive  func(context.Context, run) (load, error)
}

// A run is one contender under one workload, once.
type run struct {
	addr   string
	secure string // where TLS is spoken
	host   string // one of the routes
	dir    string
	time   time.Duration
	memory func() (int64, error) // what the contender holds now
}

// A load is what the clients saw.
type load struct {
	requests float64
	elapsed  time.Duration
	p50, p99 time.Duration
	bytes    float64 // of responses, where wrk was asked to tell
	errors   int     // among them answers that were no 200
	held     int64   // bytes that the contender held when it mattered; 0: in the middle of the run
	perConn  int64   // bytes that it holds for an idle connection
}

func workloads() []workload {
	return []workload{
		{name: "h1-1k-c64", about: "1 KiB responses, 64 keep-alive connections", drive: wrk{conns: 64, path: "/1k"}.drive},
		{name: "h1-1k-c512", about: "1 KiB responses, 512 keep-alive connections", drive: wrk{conns: 512, path: "/1k"}.drive},
		{name: "h1-conn-per-request", about: "1 KiB responses, a connection for each request, 64 at a time",
			drive: wrk{conns: 64, path: "/1k", header: "Connection: close"}.drive},
		{name: "h1-100k", about: "100 KiB responses, 64 connections", drive: wrk{conns: 64, path: "/100k"}.drive},
		{name: "h1-10m", about: "10 MiB responses, 16 connections", drive: wrk{conns: 16, path: "/10m", large: 10 << 20}.drive},
		{name: "h1-upload-1m", about: "POST of 1 MiB with Content-Length, 16 connections",
			drive: wrk{conns: 16, path: "/", host: uploadHost, upload: 1 << 20}.drive},
		{name: "websocket-echo", about: "100-byte messages there and back, 64 connections, one message at a time each; a request is a message",
			drive: echoing{conns: 64}.drive},
		{name: "idle-5000", about: "5,000 connections, one request each, then idle; MiB and bytes a connection are while idle", cold: true,
			drive: idle{conns: 5000}.drive},
		{name: "open-loop-12k", about: "12,000 requests a second whatever the answers, 64 connections; latency counts from when a request was due",
			drive: openLoop{rate: 12000, conns: 64}.drive},
		{name: "routes-10k", about: "as h1-1k-c64, with 10,000 routes; all requests are for one", routes: 10000,
			drive: wrk{conns: 64, path: "/1k"}.drive},
		{name: "h1-1k-c64-logs", about: "as h1-1k-c64, with access log and metrics on", logs: true, drive: wrk{conns: 64, path: "/1k"}.drive},
		{name: "tls-keepalive", about: "as h1-1k-c64, by TLS 1.3", secure: true, only: secureAlike, drive: wrk{conns: 64, path: "/1k", secure: true}.drive},
		{name: "tls-handshake", about: "a TLS connection for each request, with a full handshake (ECDSA P-256), 32 at a time", secure: true, only: secureAlike,
			drive: handshakes{conns: 32}.drive},
		{name: "tls-resumed", about: "as tls-handshake, each but the first resuming a session", secure: true, only: secureAlike,
			drive: handshakes{conns: 32, resume: true}.drive},
		{name: "h2", about: "1 KiB responses by HTTP/2 over TLS, 16 connections with 8 streams each; p50 is the mean", secure: true, only: secureAlike,
			drive: h2load{conns: 16, streams: 8}.drive},
		{name: "h3", about: "as h2, by HTTP/3 (of Debian's nginx and HAProxy neither has it)", secure: true, only: http3Alone,
			drive: byHTTP3{conns: 16, streams: 8}.drive},
	}
}
