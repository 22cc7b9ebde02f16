package explain

import (
	"bytes"
	"strings"
	"testing"

	"github.com/appia-edge/appia/rules"
)

// messages is a world in which some are answered.
func messages(t *testing.T) World {
	t.Helper()
	var specs []rules.Spec
	for _, text := range []string{"Act:role:math", "Act:role:math,v:3", "Act:role:tax", "Observe:role:math", "Observe:role:seen", "Host:a.com"} {
		rule, found, ok := rules.ParseTraefik1(text)
		if !ok {
			t.Fatal(found)
		}
		specs = append(specs, rules.Spec{
			Owner: rules.Owner{ID: text, Name: text}, Routes: []rules.RouteSpec{{Name: text, Rule: rule, Service: text, PassHost: true}},
			Services: []rules.ServiceSpec{{Name: text, Weight: 1, Endpoints: []rules.Endpoint{{Task: text, Name: text, Scheme: "http", Addr: "10.0.0.1:10101"}}}},
		})
	}
	table, _ := rules.Compile(specs, rules.Options{EntryPoints: []string{"http"}, DefaultEntryPoints: []string{"http"}, Act: "act"})
	return World{Table: table, Groups: Resting(table), EntryPoints: entryPoints}
}

func TestAMessageIsExplained(t *testing.T) {
	a, err := Ask(messages(t), Request{Message: `{"role":"math","cmd":"sum","v":2}`})
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]string{}
	for _, r := range a.Routes {
		outcomes[r.Rule] = r.Outcome + " " + strings.Join(r.Why, "; ")
	}
	for rule, want := range map[string]string{
		"Act:role:math": "wins ", "Act:role:math,v:3": "fails v:3: the message's v is 2", "Act:role:tax": "fails role:tax: the message's role is math", "Observe:role:math": "copied ",
		"Observe:role:seen": "fails role:seen: the message's role is math", "Host:a.com": "",
	} {
		if outcomes[rule] != want {
			t.Errorf("%s: %q, want %q", rule, outcomes[rule], want)
		}
	}
	var out bytes.Buffer
	if err := a.Print(&out); err != nil || !strings.Contains(out.String(), "answer    what http://10.0.0.1:10101 answers") || !strings.Contains(out.String(), "gets a copy") {
		t.Errorf("%v %s", err, out.String())
	}
}

func TestAMessageThatNobodyAnswersIsExplained(t *testing.T) {
	for text, want := range map[string]string{`{"role":"none"}`: "404 act_not_found", `{"role":"seen"}`: "an empty reply"} {
		if a, err := Ask(messages(t), Request{Message: text}); err != nil || !strings.HasPrefix(a.Gets, want) {
			t.Errorf("%s: %v %+v", text, err, a)
		}
	}
	if _, err := Ask(messages(t), Request{Message: `[1]`}); err == nil {
		t.Error("a list is no message")
	}
}
