package rules

import (
	"errors"
	"strings"
	"testing"
)

// lately is a Past of fixed figures.
type lately struct {
	errors  float64
	ratio   float64
	latency map[float64]int
	asked   [4]int
}

func (l *lately) NetworkErrorRatio() float64 { return l.errors }
func (l *lately) ResponseCodeRatio(a, b, c, d int) float64 {
	l.asked = [4]int{a, b, c, d}
	return l.ratio
}
func (l *lately) LatencyAtQuantileMS(q float64) int { return l.latency[q] }

func TestBreakersTripWhenTheirExpressionHolds(t *testing.T) {
	past := &lately{errors: 0.5, ratio: 0.3, latency: map[float64]int{50: 100, 99.9: 900}}
	for text, want := range map[string]bool{
		`NetworkErrorRatio() > 0.5`:  false,
		`NetworkErrorRatio() >= 0.5`: true,
		`NetworkErrorRatio() < 0.6 && ResponseCodeRatio(500, 600, 0, 600) > 0.25`:                        true,
		`LatencyAtQuantileMS(50.0) > 100 || ResponseCodeRatio(500, 600, 0, 600) > 0.25`:                  true,
		`LatencyAtQuantileMS(50.0) > 100 || ResponseCodeRatio(500, 600, 0, 600) > 0.35`:                  false,
		`LatencyAtQuantileMS(99.9) == 900`:                                                               true,
		`(LatencyAtQuantileMS(50.0) != 100 || NetworkErrorRatio() <= 0.5) && (NetworkErrorRatio() > .4)`: true,
	} {
		e, err := ParseBreaker(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if e.Trips(past) != want {
			t.Errorf("%s: %t", text, !want)
		}
	}
	if past.asked != [4]int{500, 600, 0, 600} {
		t.Errorf("asked for %v", past.asked)
	}
}

// try is an Attempt of fixed figures.
type try struct {
	code, n int
	method  string
}

func (a try) IsNetworkError() bool  { return a.code == 502 || a.code == 504 }
func (a try) Attempts() int         { return a.n }
func (a try) ResponseCode() int     { return a.code }
func (a try) RequestMethod() string { return a.method }

func TestRequestsAreRepeatedWhenTheirExpressionHolds(t *testing.T) {
	for text, want := range map[string]bool{
		`IsNetworkError() && Attempts() <= 2`:               true,
		`IsNetworkError() && Attempts() < 2`:                false,
		`ResponseCode() >= 500 && RequestMethod() == "GET"`: true,
		"ResponseCode() == 503 || RequestMethod() != `GET`": false,
		`(IsNetworkError() || ResponseCode() == 503)`:       true,
	} {
		e, err := ParseReplay(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if e.Repeats(try{502, 2, "GET"}) != want {
			t.Errorf("%s: %t", text, !want)
		}
	}
}

func TestAWrongExpressionIsExplained(t *testing.T) {
	for _, c := range []struct{ text, says, suggests string }{
		{`NetworkErrorRatio() > 1`, "a number with a point", `NetworkErrorRatio() > 1.0`},
		{`LatencyAtQuantileMS(50) > 100`, "a number with a point", `LatencyAtQuantileMS(50.0) > 100`},
		{`LatencyAtQuantileMS(50.0) > 100.0`, "a whole number", `LatencyAtQuantileMS(50.0) > 100`},
		{`networkErrorRatio() > 0.5`, "there is no function networkErrorRatio", `NetworkErrorRatio() > 0.5`},
		{`0.5 < NetworkErrorRatio()`, "on the left", `NetworkErrorRatio() > 0.5`},
		{`NetworkErrorRatio() > 0.5 and LatencyAtQuantileMS(50.0) > 9`, "not an expression", `NetworkErrorRatio() > 0.5 && LatencyAtQuantileMS(50.0) > 9`},
		{`NetworkErrorRatio() > -0.5`, "a number with a point", ``},
		{`!(NetworkErrorRatio() > 0.5)`, "there is no !", ``},
		{`NetworkErrorRatio()`, "no condition by itself", ``},
		{`NetworkErrorRatio(1) > 0.5`, "takes 0 arguments, not 1", ``},
		{`ResponseCodeRatio(500, 600) > 0.5`, "takes 4 arguments, not 2", ``},
		{`NetworkErrorRatio() + 0.5`, "+ is no operator", ``},
		{`true`, "no condition", ``},
		{`func() bool { return true }()`, "no function", ``},
		{``, "not an expression", ``},
		{`NetworkErrorRatio() > 1e999`, "a number with a point", ``},
		{strings.Repeat("(", 5000), "longer than", ``},
	} {
		_, err := ParseBreaker(c.text)
		var wrong *ExpressionError
		if !errors.As(err, &wrong) || !strings.Contains(wrong.Message, c.says) || wrong.Suggestion != c.suggests {
			t.Errorf("%.60s: %#v", c.text, err)
		}
	}
	for _, c := range []struct{ text, says, suggests string }{
		{`RequestMethod() == 'GET'`, "not an expression", `RequestMethod() == "GET"`},
		{`RequestMethod() > "GET"`, "== and !=", ``},
		{`IsNetworkError() == true`, "true or false", ``},
		{`Attempts() <= "2"`, "a whole number", `Attempts() <= 2`},
		{`NetworkErrorRatio() > 0.5`, "there is no function NetworkErrorRatio", ``},
	} {
		_, err := ParseReplay(c.text)
		var wrong *ExpressionError
		if !errors.As(err, &wrong) || !strings.Contains(wrong.Message, c.says) || wrong.Suggestion != c.suggests && c.suggests != "" {
			t.Errorf("%s: %#v", c.text, err)
		}
	}
}

func TestSuggestedExpressionsParse(t *testing.T) {
	for _, text := range []string{`NetworkErrorRatio() > 1`, `LatencyAtQuantileMS(50) > 100`, `0.5 < NetworkErrorRatio()`} {
		_, err := ParseBreaker(text)
		var wrong *ExpressionError
		if !errors.As(err, &wrong) {
			t.Fatal(err)
		}
		if _, err := ParseBreaker(wrong.Suggestion); err != nil {
			t.Errorf("%s: %v", wrong.Suggestion, err)
		}
	}
}

// FuzzExpressions: nothing panics, and what an expression prints means what it meant.
func FuzzExpressions(f *testing.F) {
	f.Add(`NetworkErrorRatio() > 0.5`)
	f.Add(`LatencyAtQuantileMS(50.0) > 100 || (ResponseCodeRatio(500, 600, 0, 600) > 0.25 && NetworkErrorRatio() < 1e-3)`)
	f.Add(`IsNetworkError() && Attempts() <= 2 || RequestMethod() == "G\u00e9T"`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string) (*Expression, error){ParseBreaker, ParseReplay} {
			e, err := parse(text)
			if err != nil {
				continue
			}
			printed := e.String()
			again, err := parse(printed)
			if len(printed) > longestExpression {
				continue
			}
			if err != nil || again.String() != printed {
				t.Errorf("%q is printed as %q, which is %v, %v", text, printed, again, err)
			}
		}
		e, err := ParseReplay(text)
		if err == nil {
			e.Repeats(try{502, 1, "GET"})
		}
	})
}
