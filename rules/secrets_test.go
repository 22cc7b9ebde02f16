package rules

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// checked is a service whose check sends a token.
func checked(token string) ServiceSpec {
	return ServiceSpec{Name: "backend-web", Weight: 1, Check: &Check{
		Path: "/health", Interval: 10 * time.Second, Timeout: 5 * time.Second, Rise: 1, Fall: 1,
		Headers: []Pair{{"Authorization", token}},
	}}
}

func compiled(t *testing.T, s ServiceSpec) *Table {
	t.Helper()
	table, _ := Compile([]Spec{{Owner: owner("web", 1), Services: []ServiceSpec{s}}}, Options{})
	return table
}

func TestHeadersOfAHealthCheckAreShownWithoutTheirValues(t *testing.T) {
	before, after := compiled(t, checked("Bearer s3cret")), compiled(t, checked("Bearer s3cret2"))
	for _, text := range []string{
		before.String(), before.Services[0].Check.String(), lines(Diff(nil, before)), lines(Diff(before, after)), lines(Diff(before, &Table{})),
	} {
		if strings.Contains(text, "s3cret") || !strings.Contains(text, ";Authorization:(not shown)") {
			t.Errorf("shown as %s", text)
		}
	}
}

func TestTheQueryOfAHealthCheckIsNotShown(t *testing.T) {
	asking := func(key string) *Table {
		s := checked("")
		s.Check.Path = "/h?key=" + key
		return compiled(t, s)
	}
	before, after := asking("s3cret"), asking("s3cret2")
	for _, text := range []string{before.String(), before.Services[0].Check.String(), lines(Diff(nil, before)), lines(Diff(before, after))} {
		if strings.Contains(text, "s3cret") || !strings.Contains(text, "check=/h?(not shown)") && !strings.HasPrefix(text, "/h?(not shown)") {
			t.Errorf("shown as %s", text)
		}
	}
	if changes := Diff(before, after); len(changes) != 1 {
		t.Errorf("got %v", changes)
	}
}

func TestChecksThatDifferInAHiddenValueAreAChange(t *testing.T) {
	before := compiled(t, checked("one"))
	if changes := Diff(before, compiled(t, checked("two"))); len(changes) != 1 || changes[0].Op != '~' || changes[0].Kind != "service" {
		t.Errorf("got %v", changes)
	}
	if changes := Diff(before, compiled(t, checked("one"))); len(changes) != 0 {
		t.Errorf("the same settings differ: %v", changes)
	}
}

// What hides a value is new in every process, and must not decide which of two shares of a service counts.
func TestSharesAreOrderedAlikeByEveryRouter(t *testing.T) {
	for n := range 50 {
		a, b := checked("a"+strconv.Itoa(n)), checked("b"+strconv.Itoa(n))
		if compareServiceSpecs(a, b) >= 0 || compareServiceSpecs(b, a) <= 0 {
			t.Fatalf("%d: not in the order of the values", n)
		}
	}
}
