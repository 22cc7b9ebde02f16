package rules

import (
	"slices"
	"testing"
)

func first(t *testing.T, text string) Rule {
	t.Helper()
	rule, found, ok := ParseTraefik1(text)
	if !ok {
		t.Fatal(found)
	}
	return rule
}

func third(t *testing.T, text string) Rule {
	t.Helper()
	rule, found, ok := ParseTraefik3(text, V3)
	if !ok {
		t.Fatal(found)
	}
	return rule
}

func connections(t *testing.T, text string) Rule {
	t.Helper()
	rule, found, ok := ParseTCP(text, true)
	if !ok {
		t.Fatal(found)
	}
	return rule
}

func TestHostsOfARouteAreThoseItIsForAlone(t *testing.T) {
	for _, row := range []struct {
		parse func(*testing.T, string) Rule
		rule  string
		want  []string
	}{
		{first, "Host:b.com,A.com", []string{"b.com", "a.com"}},
		{first, "Host:a.com;PathPrefixStrip:/v1,/v2", []string{"a.com"}},
		{first, "PathPrefix:/v1", nil},
		{first, "HostRegexp:{any:[a-z]+}.a.com", nil},
		{first, "HostRegexp:a.com", []string{"a.com"}},
		{third, "Host(`a.com`) && (PathPrefix(`/x`) || Path(`/y`))", []string{"a.com"}},
		{third, "Host(`a.com`) || Host(`b.com`)", []string{"a.com", "b.com"}},
		{third, "Host(`a.com`) || PathPrefix(`/x`)", nil},
		{third, "!Host(`a.com`)", nil},
		{connections, "HostSNI(`a.com`) || HostSNI(`b.com`)", []string{"a.com", "b.com"}},
		{connections, "HostSNI(`*`)", nil},
	} {
		if got := (&Route{Rule: row.parse(t, row.rule)}).Hosts(); !slices.Equal(got, row.want) {
			t.Errorf("%s: got %q", row.rule, got)
		}
	}
}

func TestAHostIsNamedByRoutesForItOrItsKind(t *testing.T) {
	one, two := first(t, "HostRegexp:{any:[a-z]+}.a.com"), first(t, "Host:b.com")
	table := &Table{Routes: []*Route{{Rule: one, EntryPoints: []string{"https"}}, {Rule: two, EntryPoints: []string{"https"}}, {EntryPoints: []string{"https"}}}}
	for host, want := range map[string]bool{"x.a.com": true, "a.com": false, "b.com": true, "c.com": false} {
		if got := table.Named("https", host); got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
	if table.Named("http", "b.com") {
		t.Error("named on another entry point")
	}
}
