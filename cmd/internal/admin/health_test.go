package admin

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/cmd/internal/metrics"
)

func TestHealthHasTraefiksKeysAndTheCurrentSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var http, https balancer.Tally
		h := newHealth([]metrics.EntryPoint{{Name: "http", Tally: &http}, {Name: "https", Tally: &https}}, time.Now())
		closed := make(chan struct{})
		go h.run(closed)
		http.Done("GET", "http", 200, 100*time.Millisecond)
		http.Done("POST", "http", 200, 100*time.Millisecond)
		time.Sleep(1100 * time.Millisecond)
		https.Done("GET", "http", 404, 400*time.Millisecond)
		got, err := json.Marshal(h.answer(time.Now().UTC()))
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(`{"pid":%d,"hostname":"","uptime":"1.1s","uptime_sec":1.1,`+
			`"time":"2000-01-01 00:00:01.1 +0000 UTC","unixtime":946684801,`+
			`"status_code_count":{"404":1},"total_status_code_count":{"200":2,"404":1},"count":1,"total_count":3,`+
			`"total_response_time":"600ms","total_response_time_sec":0.6,"total_response_size":0,"average_response_size":0,`+
			`"average_response_time":"200ms","average_response_time_sec":0.2,`+
			`"total_metrics_counts":{},"average_metrics_timers":{}}`, os.Getpid())
		if string(got) != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		time.Sleep(time.Second)
		if a := h.answer(time.Now()); a.Count != 0 || len(a.Codes) != 0 || a.TotalCount != 3 {
			t.Errorf("a second later: %+v", a)
		}
		close(closed)
	})
}

func TestHealthOfAnIdleRouterDividesByNothing(t *testing.T) {
	if a := newHealth(nil, time.Now()).answer(time.Now()); a.AverageTime != "0s" || a.TotalCount != 0 {
		t.Errorf("%+v", a)
	}
}
