package main

import (
	"io"
	"slices"
	"testing"
	"time"
)

func TestQuickIsAFloorThatOtherFlagsRaise(t *testing.T) {
	for _, c := range []struct {
		args   []string
		rounds int
		time   time.Duration
	}{
		{nil, 3, 4 * time.Second},
		{[]string{"--quick"}, 1, time.Second},
		{[]string{"--quick", "--rounds", "5"}, 5, time.Second},
		{[]string{"--seconds=7", "--quick"}, 1, 7 * time.Second},
	} {
		o, err := parseOptions(c.args, io.Discard)
		if err != nil || o.rounds != c.rounds || o.time != c.time {
			t.Errorf("%v: %d rounds of %v, %v", c.args, o.rounds, o.time, err)
		}
	}
}

func TestWrongFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"--rounds=-1"}, {"--seconds=-1"}, {"h1-1k-c64"}, {"--traefik=/no/such"}, {"--nope"}} {
		if _, err := parseOptions(args, io.Discard); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}

func TestOnlyNamesWorkloadsAndContenders(t *testing.T) {
	for _, c := range []struct {
		only              []string
		works, contenders int
	}{
		{nil, 16, 3},
		{[]string{"nginx"}, 16, 1},
		{[]string{"tls-keepalive", "tls-handshake", "tls-resumed", "h2", "h3"}, 5, 3},
		{[]string{"h1-10m", "nginx", "appia", "h1-100k"}, 2, 2},
	} {
		works, list, err := choose(c.only, workloads(), contenders(options{}, "appia"))
		if err != nil || len(works) != c.works || len(list) != c.contenders {
			t.Errorf("%v: %v, %v", c.only, names(works, list), err)
		}
	}
	if _, _, err := choose([]string{"ngnix"}, workloads(), contenders(options{}, "appia")); err == nil {
		t.Error("an unknown name is not refused")
	}
}

func TestWorkloadsHaveTheNamesOfTheContract(t *testing.T) {
	want := []string{
		"h1-1k-c64", "h1-1k-c512", "h1-conn-per-request", "h1-100k", "h1-10m", "h1-upload-1m", "websocket-echo", "idle-5000",
		"open-loop-12k", "routes-10k", "h1-1k-c64-logs", "tls-keepalive", "tls-handshake", "tls-resumed", "h2", "h3", "appia", "nginx", "haproxy", "traefik", "caddy",
	}
	if got := names(workloads(), contenders(options{traefik: "t", caddy: "c"}, "appia")); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
