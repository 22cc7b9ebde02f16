package rules

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// readOptions reads "strict" and "keep"; the entry points are http, the default, and https.
func readOptions(text string) Options {
	return Options{
		EntryPoints: []string{"http", "https"}, DefaultEntryPoints: []string{"http"}, TLSEntryPoints: []string{"https"},
		StrictPrefix: strings.Contains(text, "strict"), KeepTrailingSlash: strings.Contains(text, "keep"),
	}
}

// readSpecs reads specs as the golden files have them:
//
//	owner NAME AGE
//	route RULE -> SERVICE [priority=N] [entrypoints=A,B] [own-host]
//	tcp RULE -> SERVICE [tls] [passthrough] [priority=N] [entrypoints=A,B]
//	service NAME [proxyprotocol=N] [weight=N] [per=service] [drr] [sticky=COOKIE] [check=PATH] [maxconn=N] [part=SERVICE:WEIGHT]... [main=SERVICE]
//	        [mirror=SERVICE:PERCENT]... [fallback=SERVICE]
//	task ADDRESS...
func readSpecs(t *testing.T, text string) ([]Spec, []Diagnostic) {
	var specs []Spec
	var found []Diagnostic
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "":
		case "owner":
			name, age, _ := strings.Cut(rest, " ")
			specs = append(specs, Spec{Owner: owner(name, number(t, age))})
		case "route":
			s := &specs[len(specs)-1]
			found = append(found, addRoute(t, s, rest)...)
		case "tcp":
			s := &specs[len(specs)-1]
			found = append(found, addTCP(t, s, rest)...)
		case "service":
			s := &specs[len(specs)-1]
			s.Services = append(s.Services, readService(t, strings.Fields(rest)))
		case "task":
			s := &specs[len(specs)-1]
			addTasks(s.Owner, &s.Services[len(s.Services)-1], strings.Fields(rest))
		default:
			t.Fatalf("no such line: %s", line)
		}
	}
	return specs, found
}

func number(t *testing.T, text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func addRoute(t *testing.T, s *Spec, text string) []Diagnostic {
	text, rest, _ := strings.Cut(text, " -> ")
	rule, found, ok := ParseTraefik1(text)
	for i := range found {
		found[i].Service, found[i].Label, found[i].Value = s.Owner.Name, "traefik.frontend.rule", text
	}
	if !ok {
		return found
	}
	words := strings.Fields(rest)
	r := RouteSpec{
		Label: "traefik.frontend.rule", EntryPointsLabel: "traefik.frontend.entryPoints",
		Name: "frontend-" + Normalize(rule.Text), Rule: rule, Service: words[0], PassHost: true,
	}
	for _, word := range words[1:] {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "priority":
			r.Priority = number(t, value)
		case "entrypoints":
			r.EntryPoints = strings.Split(value, ",")
		case "own-host":
			r.PassHost = false
		default:
			t.Fatalf("route: no such word: %s", word)
		}
	}
	s.Routes = append(s.Routes, r)
	return found
}

func addTCP(t *testing.T, s *Spec, text string) []Diagnostic {
	text, rest, _ := strings.Cut(text, " -> ")
	words := strings.Fields(rest)
	r := RouteSpec{Label: "traefik.tcp.routers.r.rule", EntryPointsLabel: "traefik.tcp.routers.r.entrypoints", Name: "r", Service: words[0], PassHost: true, TCP: &TCP{}}
	for _, word := range words[1:] {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "tls":
			r.TCP.TLS = true
		case "passthrough":
			r.TCP.TLS, r.TCP.Passthrough = true, true
		case "priority":
			r.Priority = number(t, value)
		case "entrypoints":
			r.EntryPoints = strings.Split(value, ",")
		default:
			t.Fatalf("tcp: no such word: %s", word)
		}
	}
	rule, found, ok := ParseTCP(text, r.TCP.TLS)
	for i := range found {
		found[i].Service, found[i].Label, found[i].Value = s.Owner.Name, r.Label, text
	}
	if r.Rule = rule; ok {
		s.Routes = append(s.Routes, r)
	}
	return found
}

func readService(t *testing.T, words []string) ServiceSpec {
	s := ServiceSpec{Name: words[0], Weight: 1}
	for _, word := range words[1:] {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "weight":
			s.Weight = number(t, value)
		case "proxyprotocol":
			s.Transport.ProxyProtocol = number(t, value)
		case "per":
			s.PerService = true
		case "drr":
			s.Balance = DRR
		case "sticky":
			s.Sticky = &Sticky{Cookie: value}
		case "check":
			s.Check = &Check{Path: value, Interval: 30 * time.Second, Timeout: 5 * time.Second, Rise: 1, Fall: 1}
		case "maxconn":
			s.MaxConn = &MaxConn{Amount: int64(number(t, value)), Extractor: Extractor{Kind: ByHost}}
		case "part":
			name, weight, _ := strings.Cut(value, ":")
			s.Weighted = append(s.Weighted, Part{name, number(t, weight)})
		case "main": // of what follows
			s.Failover = &Failover{Main: value}
		case "fallback":
			s.Failover.Fallback = value
		case "mirror":
			if s.Mirroring == nil {
				s.Mirroring, s.Failover = &Mirroring{Service: s.Failover.Main}, nil
			}
			name, percent, _ := strings.Cut(value, ":")
			s.Mirroring.Mirrors = append(s.Mirroring.Mirrors, Mirror{name, number(t, percent)})
		default:
			t.Fatalf("service: no such word: %s", word)
		}
	}
	return s
}

func addTasks(o Owner, s *ServiceSpec, addresses []string) {
	for _, addr := range addresses {
		n := len(s.Endpoints) + 1
		s.Endpoints = append(s.Endpoints, Endpoint{
			Task: fmt.Sprint(o.Name, ".", addr), Name: fmt.Sprint("server-", o.Name, "-", n), Scheme: "http", Addr: addr,
		})
	}
}
