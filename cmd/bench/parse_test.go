package main

import (
	"testing"
	"time"
)

const wrkReport = `Running 3s test @ http://127.0.0.1:40000/10m
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.27ms  730.11us  15.26ms   91.04%
    Req/Sec    50.19k     4.71k   57.82k    70.00%
  Latency Distribution
     50%    1.17ms
     75%    1.48ms
     90%  930.00us
     99%    1.02s 
  149830 requests in 3.01s, 182.20MB read
  Socket errors: connect 1, read 20, write 300, timeout 4000
  Non-2xx or 3xx responses: 50000
Requests/sec:  49775.14
Transfer/sec:     60.53MB
bytes read: 191051000
`

func TestWrkReportIsRead(t *testing.T) {
	got, err := parseWrk(wrkReport)
	want := load{
		requests: 149830, elapsed: 3010 * time.Millisecond, p50: 1170 * time.Microsecond, p99: 1020 * time.Millisecond,
		bytes: 191051000, errors: 54321,
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}

func TestWrkThatReportsNothingIsAnError(t *testing.T) {
	if _, err := parseWrk("unable to connect to 127.0.0.1:1 Connection refused\n"); err == nil {
		t.Error("no error")
	}
}

func TestStatSurvivesNamesWithBlanksAndParentheses(t *testing.T) {
	const line = "4242 (nginx: w) (x) S 17 4242 4242 0 -1 4194560 120 7 0 0 250 130 3 4 20 0 3 0 1 2 3\n"
	got, err := parseStat([]byte(line))
	want := stat{pid: 4242, parent: 17, cpu: 3800 * time.Millisecond}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, bad := range []string{"", "1 nginx S", "1 (x) S 2 3", "1 (x) S b 3 4 5 6 7 8 9 10 11 12 13 14 15"} {
		if _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestProportionalSetSizeIsRead(t *testing.T) {
	const rollup = "55d0-7ffe ---p 00000000 00:00 0    [rollup]\nRss:               9000 kB\nPss:               5120 kB\nPss_Dirty: 1 kB\n"
	if got, err := parsePSS([]byte(rollup)); err != nil || got != 5<<20 {
		t.Errorf("got %d, %v", got, err)
	}
	if _, err := parsePSS([]byte("Rss: 1 kB\n")); err == nil {
		t.Error("no error without Pss")
	}
}

func TestMediansAreTakenColumnByColumn(t *testing.T) {
	f := middle([]figure{
		{Workload: "w", Contender: "c", CPU: 3, Rate: 10, P50: 1, P99: 9, RSS: 100, PerConn: 7, Errors: 1},
		{Workload: "w", Contender: "c", CPU: 1, Rate: 30, P50: 5, P99: 7, RSS: 300, PerConn: 9},
		{Workload: "w", Contender: "c", CPU: 2, Rate: 20, P50: 3, P99: 8, RSS: 200, PerConn: 8, Errors: 2},
	})
	want := figure{Workload: "w", Contender: "c", CPU: 2, Rate: 20, P50: 3, P99: 8, RSS: 200, PerConn: 8, Errors: 3}
	if f != want {
		t.Errorf("got %+v, want %+v", f, want)
	}
	if two := middle([]figure{{CPU: 1}, {CPU: 2}}); two.CPU != 1.5 {
		t.Errorf("of an even number: %v", two.CPU)
	}
}

func TestQuantiles(t *testing.T) {
	var list []time.Duration
	for i := 100; i >= 0; i-- {
		list = append(list, time.Duration(i))
	}
	if quantile(list, 50) != 50 || quantile(list, 99) != 99 || quantile(nil, 99) != 0 {
		t.Errorf("p50 %d, p99 %d", quantile(list, 50), quantile(list, 99))
	}
}
