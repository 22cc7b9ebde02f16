package rules

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

var takesMessages = Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}, Act: "act"}

// messageOf is a message as the router's scanner would have it.
func messageOf(t testing.TB, table *Table, text string) *Message {
	t.Helper()
	var members map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&members); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	m := &Message{}
	for key, value := range members {
		number, wanted := table.Keys().Number([]byte(key))
		if !wanted {
			continue
		}
		f := Field{Key: number, Kind: Plain}
		switch v := value.(type) {
		case nil:
			f.Kind = Absent
		case string:
			f.Value = []byte(v)
		case json.Number:
			f.Value = ScriptNumber(nil, []byte(v))
		case bool:
			f.Value = fmt.Append(nil, v)
		default:
			f.Kind = Composite
		}
		m.Fields = append(m.Fields, f)
	}
	m.Compact()
	return m
}

// pinTable has a service of its own for each pin.
func pinTable(t testing.TB, pins ...string) *Table {
	t.Helper()
	var specs []Spec
	for i, pin := range pins {
		specs = append(specs, actSpec(t, owner(pin, i), "Act:"+pin, pin))
	}
	table, _ := Compile(specs, takesMessages)
	return table
}

func actSpec(t testing.TB, o Owner, rule, service string) Spec {
	return Spec{Owner: o, Routes: []RouteSpec{{Name: "r", Rule: mustParse(t, rule), Service: service}}, Services: []ServiceSpec{{Name: service, Weight: 1}}}
}

func carried(t testing.TB, table *Table, message string) string {
	t.Helper()
	a := table.MatchAct(messageOf(t, table, message))
	if a.Route == nil {
		return "none"
	}
	return a.Pin.String()
}

func TestMessagesGoWhereSenecaSendsThem(t *testing.T) {
	file, err := os.Open("testdata/patrun.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cases := 0
	for lines := bufio.NewScanner(file); lines.Scan(); cases++ {
		var c struct {
			Pins []string
			Msg  json.RawMessage
			Got  *string
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		want := "none"
		if c.Got != nil {
			want = *c.Got
		}
		for range 3 {
			rand.Shuffle(len(c.Pins), func(i, j int) { c.Pins[i], c.Pins[j] = c.Pins[j], c.Pins[i] })
			if got := carried(t, pinTable(t, c.Pins...), string(c.Msg)); got != want {
				t.Errorf("%q asked for %s: %s, Seneca: %s", c.Pins, c.Msg, got, want)
			}
		}
	}
	if cases < 300 {
		t.Errorf("only %d cases", cases)
	}
}

func TestEveryExampleOfPinsInTheDocsIsTrue(t *testing.T) {
	examples := rows("| pins | message | goes to |")
	if len(examples) < 18 {
		t.Fatalf("docs/rules.md has %d examples", len(examples))
	}
	for _, cells := range examples {
		var pins []string
		for _, rule := range strings.Split(cells[0], " <br> ") {
			pins = append(pins, strings.TrimPrefix(code(rule), "Act:"))
		}
		for range 2 {
			slices.Reverse(pins)
			if got := carried(t, pinTable(t, pins...), code(cells[1])); got != code(cells[2]) {
				t.Errorf("%s asked for %s: docs/rules.md says %s, it is %s", cells[0], cells[1], cells[2], got)
			}
		}
	}
}

func TestTheIndexFindsWhatTheSortedListDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	value := func() string { return []string{"1", "2", "*", "x*", "?", "1*", "*1"}[random.IntN(7)] }
	for range 3000 {
		pins := map[string]Pin{}
		for range 1 + random.IntN(8) {
			var pairs []string
			for _, key := range []string{"a", "b", "c", "d"} {
				if random.IntN(2) == 0 {
					pairs = append(pairs, key+":"+value())
				}
			}
			if pin, err := ParsePin(strings.Join(pairs, ",")); err == nil {
				pins[pin.text] = pin
			}
		}
		var texts []string
		var sorted []Pin
		for text, pin := range pins {
			texts, sorted = append(texts, text), append(sorted, pin)
		}
		slices.SortFunc(sorted, ComparePins)
		table := pinTable(t, texts...)
		text := "{}"
		for _, key := range []string{"a", "b", "c", "d"} {
			if v := []string{"", `"1"`, "2", `"x1"`, "null", "[1]"}[random.IntN(6)]; v != "" {
				text = strings.TrimSuffix(text, "}") + fmt.Sprintf(",%q:%s}", key, v)
			}
		}
		text = strings.Replace(text, "{,", "{", 1)
		want := "none"
		m := messageOf(t, table, text)
		if i := slices.IndexFunc(sorted, func(p Pin) bool { return p.met(table, m) }); i >= 0 {
			want = sorted[i].text
		}
		if got := carried(t, table, text); got != want {
			t.Fatalf("%q asked for %s: %s, want %s", texts, text, got, want)
		}
	}
}

// met asks a pin alone.
func (p Pin) met(table *Table, m *Message) bool {
	return !slices.ContainsFunc(p.pairs, func(pair pinPair) bool {
		number, _ := table.Keys().Number([]byte(pair.key))
		i := slices.IndexFunc(m.Fields, func(f Field) bool { return f.Key == number })
		return i < 0 || !pair.value.holds(&m.Fields[i])
	})
}

func TestWildcards(t *testing.T) {
	for _, c := range []struct {
		pin, text string
		want      bool
	}{
		{"*", "", true}, {"*", "a\nb", true}, {"?", "", false}, {"?", "é", true}, {"?", "ab", false}, {"a*", "a", true}, {"a*", "ba", false}, {"*a", "bba", true},
		{"a*b*c", "abxbc", true}, {"a*b*c", "acb", false}, {"*ab", "aab", true}, {"a?c", "abc", true}, {"a**", "a*", true}, {"a**", "ab", false}, {"a*?", "a?", true},
		{"a*?", "ab", false}, {"a***", "a*bc", true}, {"?*", "", false}, {"?*", "x", true}, {"**", "*", true}, {"*a*a*a*a*b", strings.Repeat("a", 5000), false},
	} {
		v := newPinValue(c.pin)
		if got := v.holds(&Field{Kind: Plain, Value: []byte(c.text)}); got != c.want {
			t.Errorf("%s holds for %.20q: %t", c.pin, c.text, got)
		}
	}
}

func TestPinsAreReadAsSenecaDoes(t *testing.T) {
	for text, want := range map[string]string{
		"role:user, cmd:*": "cmd:*,role:user", " role : 'user' ": "role:user", `"a":1`: "a:1", "v:2.0": "v:2", "v:1e3": "v:1000", "v:02": "v:02", "v:0x10": "v:0x10",
		"v:'2.0'": "v:'2.0'", "v:' x '": "v:' x '", "url:http://a": "url:http://a", "ok:true": "ok:true", "v:-0": "v:0", "v:1_0": "v:1_0", "v:.5": "v:.5", "v:1.": "v:1.",
	} {
		if pin, err := ParsePin(text); err != nil || pin.String() != want {
			t.Errorf("%s: %v %s, want %s", text, err, pin, want)
		}
	}
	for _, text := range []string{"role:'null'", "v:'2.0',' k ':7", "a:'*'", "1.0:x", "a:b:c"} {
		pin, err := ParsePin(text)
		again, err2 := ParsePin(pin.String())
		if err != nil || err2 != nil || again.String() != pin.String() || ComparePins(pin, again) != 0 {
			t.Errorf("%s: %v, spelled %s, read back as %s: %v", text, err, pin, again, err2)
		}
	}
	for _, text := range []string{"", "role", "role:", ":user", "a:1,a:2", "a:1,,b:2", "a:null", "meta$:*", "{a:1}", "a:[1]"} {
		if pin, err := ParsePin(text); err == nil {
			t.Errorf("%q is read as %s", text, pin)
		}
	}
}

func TestOfTwoClaimsOfOnePinTheOlderKeepsIt(t *testing.T) {
	specs := []Spec{
		actSpec(t, owner("young", 2), "Act:role:user,cmd:get", "young"), actSpec(t, owner("old", 1), "Act:cmd:get,role:user", "old"),
		actSpec(t, owner("friend", 3), "Act:role:user,cmd:get", "old"),
	}
	for range 3 {
		specs = append(specs[1:], specs[0])
		table, found := Compile(specs, takesMessages)
		if a := table.MatchAct(messageOf(t, table, `{"role":"user","cmd":"get"}`)); a.Route == nil || a.Route.Service.Name != "old" {
			t.Fatalf("it goes to %v", a.Route)
		}
		told := map[string]Severity{}
		for _, d := range found {
			if d.Code == AmbiguousRoute {
				told[d.Service] = d.Severity
			}
		}
		if len(told) != 2 || told["old"] != Warning || told["young"] != Error {
			t.Errorf("told is %v", found)
		}
	}
}

func TestTheTableIsTheSameInWhateverOrderSpecsCome(t *testing.T) {
	var specs []Spec
	for i, rule := range []string{"Act:role:a", "Act:cmd:*,role:a", "Host:a.com", "Observe:role:a", "Act:role:a,v:3", "Observe:cmd:x"} {
		specs = append(specs, actSpec(t, owner(fmt.Sprint("s", i), i), rule, fmt.Sprint("s", i)))
	}
	first, _ := Compile(specs, takesMessages)
	for range 10 {
		rand.Shuffle(len(specs), func(i, j int) { specs[i], specs[j] = specs[j], specs[i] })
		if next, _ := Compile(specs, takesMessages); next.String() != first.String() {
			t.Fatalf("%s\n%s", first, next)
		}
	}
	var lines []string
	for _, r := range first.Routes {
		lines = append(lines, r.EntryPoints[0]+" "+r.Rule.Text)
	}
	if want := []string{"http Host:a.com", "act Act:cmd:*,role:a", "act Act:role:a,v:3", "act Act:role:a", "act Observe:cmd:x", "act Observe:role:a"}; !slices.Equal(lines, want) {
		t.Errorf("in order: %q", lines)
	}
}

func TestEachObservingServiceGetsAMessageOnce(t *testing.T) {
	var specs []Spec
	for i, rule := range []string{"Observe:role:order", "Observe:cmd:*", "Observe:role:order", "Observe:role:other"} {
		specs = append(specs, actSpec(t, owner(fmt.Sprint("s", i), i), rule, []string{"mail", "mail", "log", "other"}[i]))
	}
	table, found := Compile(specs, takesMessages)
	var names []string
	m := messageOf(t, table, `{"role":"order","cmd":"new"}`)
	for _, a := range table.Observers(m, nil) {
		names = append(names, a.Route.Service.Name)
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"log", "mail"}) || table.MatchAct(m).Route != nil || len(found) > 0 {
		t.Errorf("copies go to %q, told is %v", names, found)
	}
}

func TestRulesOfMessagesAreServedAtTheirEntryPointAlone(t *testing.T) {
	act := actSpec(t, owner("a", 1), "Act:role:a", "a")
	act.Routes[0].EntryPoints, act.Routes[0].EntryPointsLabel = []string{"http"}, "label"
	plain := actSpec(t, owner("b", 2), "Host:b.com", "b")
	plain.Routes[0].EntryPoints, plain.Routes[0].EntryPointsLabel = []string{"act", "http"}, "label"
	table, found := Compile([]Spec{act, plain}, takesMessages)
	if len(table.Routes) != 2 || !slices.Equal(table.Routes[1].EntryPoints, []string{"act"}) || !slices.Equal(table.Routes[0].EntryPoints, []string{"http"}) {
		t.Errorf("%s", table)
	}
	if len(found) != 2 || found[0].Code != ActEntryPoint || found[1].Code != ActEntryPoint {
		t.Errorf("told is %v", found)
	}
	table, found = Compile([]Spec{act}, onlyHTTP)
	if table.Messages() || len(table.Refused) != 1 || len(found) != 1 || found[0].Code != NoEntryPoint {
		t.Errorf("without such an entry point: %s %v", table, found)
	}
}

func TestServicesOfMessagesAreCheckedByMessage(t *testing.T) {
	check := &Check{Path: "/act", Rise: 1, Fall: 1}
	act, plain := actSpec(t, owner("a", 1), "Act:role:a", "a"), actSpec(t, owner("b", 2), "Host:b.com", "b")
	act.Services[0].Check, plain.Services[0].Check = check, check
	table, _ := Compile([]Spec{act, plain}, takesMessages)
	if !table.Service("a").Check.Message || table.Service("b").Check.Message || check.Message {
		t.Errorf("%s", table)
	}
}

func TestARecompiledTableKnowsItsPins(t *testing.T) {
	specs := []Spec{actSpec(t, owner("a", 1), "Act:role:a", "a"), actSpec(t, owner("b", 2), "Observe:role:a", "b")}
	first, _ := Compile(specs, takesMessages)
	next := slices.Clone(specs)
	next[0].Services = []ServiceSpec{{Name: "a", Weight: 1, Endpoints: []Endpoint{{Task: "t", Name: "t", Scheme: "http", Addr: "10.0.0.1:10101"}}}}
	second, _ := Recompile(first, next, takesMessages)
	a := second.MatchAct(messageOf(t, second, `{"role":"a"}`))
	if a.Route == nil || len(a.Route.Service.Sources[0].Endpoints) != 1 || a.Route != second.Routes[a.Route.ID] {
		t.Errorf("%s", second)
	}
}

func BenchmarkMatchAct(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		var specs []Spec
		for i := range n {
			rule := fmt.Sprintf("Act:role:r%d,cmd:c%d", i/10, i%10)
			if i%10 == 0 {
				rule = fmt.Sprintf("Act:role:r%d", i/10)
			}
			name := fmt.Sprint("s", i)
			specs = append(specs, actSpec(b, owner(name, i), rule, name))
		}
		table, _ := Compile(specs, takesMessages)
		m := messageOf(b, table, fmt.Sprintf(`{"role":"r%d","cmd":"c7","left":1}`, n/20))
		if table.MatchAct(m).Route == nil {
			b.Fatal("nobody has it")
		}
		b.Run(fmt.Sprint(n, "-pins"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.MatchAct(m)
			}
		})
	}
}

func TestMatchingAMessageAllocatesNothing(t *testing.T) {
	table := pinTable(t, "role:math,cmd:*", "role:math", "role:m*,v:3")
	m := messageOf(t, table, `{"role":"math","v":3}`)
	if n := testing.AllocsPerRun(100, func() { table.MatchAct(m) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAnExampleOfAPinIsForThePin(t *testing.T) {
	for _, text := range []string{"role:user,cmd:*", "v:2", "a:x?*,b:y**", `k:'a"b'`} {
		pin, err := ParsePin(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := carried(t, pinTable(t, text), pin.Example()); got != pin.String() {
			t.Errorf("%s: %s goes to %s", text, pin.Example(), got)
		}
	}
}
