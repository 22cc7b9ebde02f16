package seneca

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/appia-edge/appia/rules"
)

// keysOf are the keys of these pins.
func keysOf(t testing.TB, pins ...string) rules.Keys { return tableOf(t, pins...).Keys() }

// tableOf has a service of its own for each pin.
func tableOf(t testing.TB, pins ...string) *rules.Table {
	t.Helper()
	var specs []rules.Spec
	for i, pin := range pins {
		rule, found, ok := rules.ParseTraefik1("Act:" + pin)
		if !ok {
			t.Fatalf("%s: %v", pin, found)
		}
		name := fmt.Sprint(i)
		specs = append(specs, rules.Spec{
			Owner: rules.Owner{ID: name, Name: name}, Routes: []rules.RouteSpec{{Name: name, Rule: rule, Service: pin}}, Services: []rules.ServiceSpec{{Name: pin}},
		})
	}
	table, found := rules.Compile(specs, rules.Options{Act: "act"})
	if len(found) > 0 {
		t.Fatal(found)
	}
	return table
}

// read is what a scan has found, as text.
func read(m *rules.Message) string {
	var b strings.Builder
	for _, f := range m.Fields {
		if f.Kind == rules.Composite {
			fmt.Fprintf(&b, "%d:composite ", f.Key)
			continue
		}
		fmt.Fprintf(&b, "%d:%q ", f.Key, f.Value)
	}
	return b.String()
}

func TestTheTopLevelIsRead(t *testing.T) {
	keys := keysOf(t, "a:*,b:*") // a is 0, b is 1, role is 2
	for text, want := range map[string]string{
		`{}`:                                    ``,
		`{"a":"x","b":7,"c":[1,{"a":2}]}`:       `0:"x" 1:"7" `,
		" {\n\"b\" : true , \"a\" : false } \t": `0:"false" 1:"true" `,
		`{"a":1,"a":2}`:                         `0:"2" `,
		`{"a":1,"a":null}`:                      ``,
		`{"a":null,"a":1}`:                      `0:"1" `,
		`{"a":{"b":1},"b":[]}`:                  `0:composite 1:composite `,
		`{"\u0061":"\u0078"}`:                   `0:"x" `,
		`{"a":"\"\\\/\b\f\n\r\t\u00e9"}`:        `0:"\"\\/\b\f\n\r\té" `,
		`{"a":1.0,"b":1e3}`:                     `0:"1" 1:"1000" `,
		`{"a":-0,"b":1e21}`:                     `0:"0" 1:"1e+21" `,
		`{"a":0.1,"b":1e-7}`:                    `0:"0.1" 1:"1e-7" `,
		`{"a":123456789012345680000,"b":1e400}`: `0:"123456789012345680000" 1:"Infinity" `,
		`{"a":0.000001,"b":1.5e-9}`:             `0:"0.000001" 1:"1.5e-9" `,
		`{"role":"math"}`:                       `2:"math" `,
	} {
		var m rules.Message
		if err := Scan([]byte(text), keys, &m); err != nil || read(&m) != want {
			t.Errorf("%s: %v %s, want %s", text, err, read(&m), want)
		}
	}
}

func TestWhatIsNoMessageIsRefused(t *testing.T) {
	keys := keysOf(t, "a:*")
	for text, want := range map[string]error{
		``: ErrEmpty, "  ": ErrEmpty, `[1]`: ErrNotObject, `null`: ErrNotObject, `"a"`: ErrNotObject, `7`: ErrNotObject, `[1`: ErrNotJSON, `x`: ErrNotJSON,
		`{`: ErrNotJSON, `{"a":1`: ErrNotJSON, `{"a":1}}`: ErrNotJSON, `{"a":1,}`: ErrNotJSON, `{"a"}`: ErrNotJSON, `{a:1}`: ErrNotJSON, `{"a":01}`: ErrNotJSON,
		`{"a":"` + "\n" + `"}`: ErrNotJSON, `{"a":"\x"}`: ErrNotJSON, `{"b":"\u00g0"}`: ErrNotJSON, `{"b":[1,]}`: ErrNotJSON, `{"b":{"c"}}`: ErrNotJSON,
		`{"b":tru}`: ErrNotJSON, `{"b":1.}`: ErrNotJSON, `{"b":1e}`: ErrNotJSON, `{"b":-}`: ErrNotJSON, "\xef\xbb\xbf{}": ErrNotJSON, "{\"a\":\"\xff\"}": ErrNotUTF8,
		`{"fatal$":false}`: ErrFatal, `{"\u0066atal$":1}`: ErrFatal, `{"__proto__":{}}`: ErrPrototype,
		`{"b":` + strings.Repeat("[", 100_000): ErrNotJSON, `{"b":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`: ErrNotJSON,
	} {
		var m rules.Message
		if err := Scan([]byte(text), keys, &m); !errors.Is(err, want) {
			t.Errorf("%.40s: %v, want %v", text, err, want)
		}
	}
}

func TestNestingIsNoMatterOfTheMessagesTopLevel(t *testing.T) {
	keys := keysOf(t, "a:*")
	for _, deep := range []int{1, mostDeep - 1, mostDeep, mostDeep + 1, 5000} {
		text := `{"b":` + strings.Repeat(`{"a":[`, deep/2) + strings.Repeat("]}", deep/2) + `,"a":1}`
		if deep < 2 {
			text = `{"b":[],"a":1}`
		}
		var m rules.Message
		if err := Scan([]byte(text), keys, &m); err != nil || read(&m) != `0:"1" ` {
			t.Errorf("%d deep: %v %s", deep, err, read(&m))
		}
	}
}

func TestAKeyThatIsRepeatedCostsNoMoreThanOne(t *testing.T) {
	text := []byte("{" + strings.Repeat(`"a":1,`, 170_000) + `"a":2}`)
	var m rules.Message
	if err := Scan(text, keysOf(t, "a:*"), &m); err != nil || read(&m) != `0:"2" ` {
		t.Fatal(err, read(&m))
	}
	if cap(m.Fields) > 4*mostFields {
		t.Errorf("room for %d fields was made", cap(m.Fields))
	}
}

func TestAScanAllocatesNothing(t *testing.T) {
	keys := keysOf(t, "cmd:*,role:math", "role:user")
	m := rules.Message{Fields: make([]rules.Field, 0, 8)}
	for name, text := range messages {
		if n := testing.AllocsPerRun(100, func() {
			if err := Scan(text, keys, &m); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// messages are as both dialects send them.
var messages = map[string][]byte{
	"legacy": []byte(`{"role":"math","cmd":"sum","left":1,"right":2,"custom$":{}}`),
	"modern": []byte(`{"role":"math","cmd":"sum","left":1,"right":2,"meta$":{"start":1795439389017,"mi":"quyhjta3rlg4","tx":"kuleya079526","id":"quyhjta3rlg4/kuleya079526",` +
		`"version":"0.1.0","sync":true,"remote":false,"timeout":22222,"instance":"otr67ea3dwpp/1795439388887/18278/3.38.0/cli","tag":"cli","seneca":"3.38.0","custom":{},` +
		`"plugin":{"name":"seneca_internal_client","tag":"-","fullname":"seneca_internal_client"},"parents":[],"trace":[],"sub":null,"data":null,"err":null,"err_trace":null,` +
		`"error":null,"empty":null,"pattern":"role:math","action":"seneca_internal_client/transport_client/12"}}`),
}

func BenchmarkScan(b *testing.B) {
	keys := keysOf(b, "cmd:*,role:math", "role:user")
	for name, text := range messages {
		for way, scan := range map[string]func([]byte, rules.Keys, *rules.Message) error{"scanner": Scan, "encoding-json": decode} {
			b.Run(name+"/"+way, func(b *testing.B) {
				m := rules.Message{Fields: make([]rules.Field, 0, 8)}
				b.ReportAllocs()
				for b.Loop() {
					if err := scan(text, keys, &m); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, text := range messages {
		f.Add(text)
	}
	for _, text := range []string{`{"a":1,"a":{"b":[null,true,-1.5e+3]},"b":"\u00e9\ud83d\ude00"}`, `{"role":1E400,"a":-0.0}`, ` {"fatal$" :1}`, `{"a\u0000":[[],{}]}`, `[]`, `{"a":1e-7}`} {
		f.Add([]byte(text))
	}
	keys := keysOf(f, "a:*,b:*", "cmd:*,role:math")
	f.Fuzz(func(t *testing.T, text []byte) {
		var ours, theirs rules.Message
		err := Scan(bytes.Clone(text), keys, &ours)
		if errors.Is(err, ErrNotUTF8) || errors.Is(err, ErrEmpty) {
			return
		}
		want := decode(text, keys, &theirs)
		if (err == nil) != (want == nil) {
			t.Fatalf("%q: %v, encoding/json: %v", text, err, want)
		}
		if err == nil && read(&ours) != read(&theirs) {
			t.Fatalf("%q: %s, encoding/json: %s", text, read(&ours), read(&theirs))
		}
	})
}
