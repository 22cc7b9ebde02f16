package rules

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// change is specs after some change: mostly of endpoints, now and then of anything else.
func (d dice) change(t testing.TB, specs []Spec) []Spec {
	specs = slices.Clone(specs)
	for range 1 + d.IntN(2) {
		if len(specs) == 0 || d.IntN(8) == 0 {
			return d.specs(t)
		}
		d.changeSpec(t, &specs[d.IntN(len(specs))])
	}
	return specs
}

func (d dice) changeSpec(t testing.TB, s *Spec) {
	s.Routes, s.Services = slices.Clone(s.Routes), slices.Clone(s.Services)
	for i := range s.Routes { // read again: equal, but not the same
		rule, _, _ := ParseTraefik1(s.Routes[i].Rule.Text)
		s.Routes[i].Rule = rule
	}
	switch d.IntN(8) {
	case 0:
		s.Routes = append(s.Routes, d.route(t))
	case 1:
		s.Services = append(s.Services, d.service())
	case 2:
		s.Owner.Created = s.Owner.Created.Add(1)
	case 3:
		if len(s.Routes) > 0 {
			s.Routes[0].EntryPointsLabel = d.one("x", "y")
		}
	default:
		for i := range s.Services {
			d.changeService(&s.Services[i])
		}
	}
}

func (d dice) changeService(s *ServiceSpec) {
	other := d.service()
	switch d.IntN(12) {
	case 0:
		s.Balance = other.Balance
	case 1:
		s.Weight = other.Weight
	case 2:
		s.Sticky = &Sticky{Cookie: "c", Secure: d.IntN(2) == 0}
	default:
		s.Endpoints = other.Endpoints
	}
}

func TestRecompiledTableIsTheOneCompiledFromScratch(t *testing.T) {
	followed := 0
	for seed := range uint64(60) {
		d := dice{rand.New(rand.NewPCG(seed, 4))}
		var table *Table
		specs, options := d.specs(t), d.options()
		for step := range 12 {
			next, found := Recompile(table, specs, options)
			checkRecompiled(t, d, next, found, specs, options, fmt.Sprintf("seed %d, step %d", seed, step))
			checkDiff(t, table, next)
			if table != nil && reflect.ValueOf(table.byEntryPoint).Pointer() == reflect.ValueOf(next.byEntryPoint).Pointer() {
				followed++
			}
			table, specs = next, d.change(t, specs)
		}
	}
	if followed < 120 {
		t.Errorf("only %d tables followed their predecessor: the dice are poor", followed)
	}
}

func checkRecompiled(t *testing.T, d dice, got *Table, found []Diagnostic, specs []Spec, o Options, at string) {
	t.Helper()
	want, foundWant := Compile(specs, o)
	if got.String() != want.String() {
		t.Fatalf("%s:\n%s\nfrom scratch:\n%s", at, got, want)
	}
	if !slices.Equal(found, foundWant) {
		t.Fatalf("%s:\n%v\nfrom scratch:\n%v", at, found, foundWant)
	}
	if changes := Diff(want, got); len(changes) > 0 {
		t.Fatalf("%s: %v", at, changes)
	}
	for i, r := range got.Routes {
		if r.ID != i || got.Services[r.Service.ID] != r.Service {
			t.Fatalf("%s: route %s is not of this table", at, r)
		}
	}
	for range 20 {
		q, at := d.query(), d.one("http", "https")
		if got, want := got.Match(at, q), naive(got, at, q); got != want {
			t.Fatalf("%s, %+v: %v, want %v", at, q, got, want)
		}
	}
}

// checkDiff holds the difference of tables that share much to that of tables that share nothing.
func checkDiff(t *testing.T, old, new *Table) {
	t.Helper()
	if old == nil {
		return
	}
	apart, _ := Compile(new.specs, new.options)
	if got, want := Diff(old, new), Diff(old, apart); !slices.Equal(got, want) {
		t.Fatalf("diff\n%v\nwithout sharing\n%v", got, want)
	}
}

func TestRecompileLeavesTheOldTableAlone(t *testing.T) {
	specs := manyHosts(10)
	old, _ := Compile(specs, onlyHTTP)
	text := old.String()
	next := slices.Clone(specs)
	next[3].Services = slices.Clone(next[3].Services)
	next[3].Services[0].Endpoints = next[3].Services[0].Endpoints[:1]
	table, _ := Recompile(old, next, onlyHTTP)
	if old.String() != text {
		t.Errorf("the old table is now\n%s", old)
	}
	changed := 0
	for i, s := range table.Services {
		if s != old.Services[i] {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("%d services are new, want 1", changed)
	}
}

func BenchmarkRecompileOneEndpoint(b *testing.B) {
	specs := manyHosts(10000)
	table, _ := Compile(specs, onlyHTTP)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		specs = slices.Clone(specs)
		s := &specs[i*7919%len(specs)]
		s.Services = slices.Clone(s.Services)
		s.Services[0].Endpoints = slices.Clone(s.Services[0].Endpoints)
		s.Services[0].Endpoints[0].Task = fmt.Sprint("task", i)
		table, _ = Recompile(table, specs, onlyHTTP)
	}
}
