package middleware

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// asked is an exchange of which filters see the request alone.
type asked struct {
	message.Exchange
	request message.Request
}

func (a *asked) Request() *message.Request { return &a.request }
func (a *asked) Context() context.Context  { return context.Background() }

func visiting(fields ...message.Field) *Visit {
	a := &asked{request: message.Request{Method: "GET", Scheme: "http", Host: "a.b", Path: "/", RawPath: "/"}}
	for _, f := range fields {
		a.request.Fields.Add(f.Name, f.Value)
	}
	return &Visit{Exchange: a, Path: "/"}
}

// of "test", as htpasswd, openssl passwd and others write it
var hashesOfTest = []string{
	"$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/", "$apr1$abc$ot/gVVIUHfDP8w8ZU4.8z1", "$1$abcdefgh$irWbblnpmw.5z7wgBnprh0", "{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=",
	"$2a$04$HnZR1qs2Ld4MSa/4A0cDKOVvyljkM.VBtM5MsAux5wbs3DrM7V32y", "$2b$04$HnZR1qs2Ld4MSa/4A0cDKOVvyljkM.VBtM5MsAux5wbs3DrM7V32y",
	"$2x$04$HnZR1qs2Ld4MSa/4A0cDKOVvyljkM.VBtM5MsAux5wbs3DrM7V32y", "$2y$04$HnZR1qs2Ld4MSa/4A0cDKOVvyljkM.VBtM5MsAux5wbs3DrM7V32y",
	"$5$salt$lNwM/2EW94.5e484ZZwetUClB7.Z/Z3buPmQvXdPEj4",
	"$6$salt$xdLuw21n.5WciQUUpHTTPfR6QwS..Z1Q/4xGfiyYa51WSQktzSXYXSk2zBp.Is5r9WiXrGqRmHpEG0iG0HaSk.",
}

func TestEveryKindOfHashKnowsItsPassword(t *testing.T) {
	for _, hash := range hashesOfTest {
		if user, err := rules.ParseBasicUser("u:" + hash); err != nil || user.Hash != hash {
			t.Errorf("%s: %v", hash, err)
		}
		if !matches(hash, "test") {
			t.Errorf("%s refuses its password", hash)
		}
		for _, wrong := range []string{"", "Test", "test ", hash} {
			if matches(hash, wrong) {
				t.Errorf("%s takes %q", hash, wrong)
			}
		}
	}
}

func TestNoPasswordFitsAHashThatIsNoneOfThem(t *testing.T) {
	for _, hash := range []string{"", "test", "/", "$apr1$", "$apr1$x$", "{SHA}", "{PLAIN}test", "$2y$05$", "$2y$99$" + strings.Repeat("a", 53), "$6$rounds=x$a$b", "$5$a$", "$$apr1$$H6uskkkW$$IgXLP6ewTrSuBkTrqE8wj/"} {
		for _, password := range []string{"", "test", hash} {
			if matches(hash, password) {
				t.Errorf("%q takes %q", hash, password)
			}
		}
	}
}

func TestARightPasswordIsHashedOnceAndAWrongOneEachTime(t *testing.T) {
	o := NewStore(Options{}).options
	a, err := newBasicAuth(rules.BasicAuth{Users: []string{"u:" + hashesOfTest[4]}}, o)
	if err != nil {
		t.Fatal(err)
	}
	try := func(password string) bool {
		text := base64.StdEncoding.EncodeToString([]byte("u:" + password))
		return a.Request(visiting(message.Field{Name: "Authorization", Value: "basic " + text})) == nil
	}
	if !try("test") || try("wrong") || len(a.right.marks) != 1 {
		t.Fatalf("%d passwords are remembered", len(a.right.marks))
	}
	for range cap(a.hashing) { // no place to hash anything any more
		a.hashing <- struct{}{}
	}
	if !try("test") {
		t.Error("a right password was hashed again")
	}
}

func TestRememberedPasswordsAreBounded(t *testing.T) {
	r := newRemembered()
	for i := range 2 * mostRemembered {
		r.add(mark{byte(i), byte(i >> 8)})
	}
	if len(r.marks) != mostRemembered {
		t.Errorf("%d are remembered", len(r.marks))
	}
}

func TestFileOfUsersIsReadAgainWhenItHasChanged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	write("ann:" + hashesOfTest[0])
	u, err := newUsers(nil, file, rules.ParseBasicUser, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	names := func() (all string) {
		for name := range u.all().byName {
			all += name
		}
		return all
	}
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() { write("bobby:" + hashesOfTest[0]) }, "ann"}, // nobody has looked yet
		{func() { now = now.Add(look) }, "bobby"},
		{func() { write("not a line of users"); now = now.Add(look) }, "bobby"},
		{func() { os.Remove(file); now = now.Add(look) }, "bobby"},
		{func() { write("ann:" + hashesOfTest[0]); now = now.Add(look) }, "ann"},
	} {
		step.do()
		if got := names(); got != step.want {
			t.Errorf("got %s, want %s", got, step.want)
		}
	}
}

func FuzzBasicUser(f *testing.F) {
	for _, hash := range hashesOfTest {
		f.Add("test:"+hash, "test")
	}
	f.Add("test:$5$rounds=x$salt$hash", "x")
	f.Add("a:b:c", "")
	f.Fuzz(func(t *testing.T, line, password string) {
		user, err := rules.ParseBasicUser(line)
		if strings.Contains(user.Hash, "$2") || strings.Contains(user.Hash, "rounds=") {
			return // as slow as its author likes
		}
		if matches(user.Hash, password) && err != nil {
			t.Errorf("%q takes %q, though %v", line, password, err)
		}
	})
}

func FuzzAuthorization(f *testing.F) {
	for _, seed := range []string{
		"Basic dGVzdDp0ZXN0", `Digest username="a\"b", realm=traefik, nc=00000001, qop=auth`, "Digest =", `Digest a="`, `Digest a="\`, "Digest ,,a=b,,", "basic", "",
	} {
		f.Add(seed)
	}
	o := NewStore(Options{}).options
	basic, _ := newBasicAuth(rules.BasicAuth{Users: []string{"test:" + hashesOfTest[3]}}, o)
	digest, _ := newDigestAuth(rules.DigestAuth{Users: []string{"test:traefik:" + strings.Repeat("0", 32)}}, o)
	f.Fuzz(func(t *testing.T, value string) {
		name, password, _ := basicCredentials(value)
		if basic.Request(visiting(message.Field{Name: "Authorization", Value: value})) == nil && (name != "test" || password != "test") {
			t.Errorf("%q opens", value)
		}
		if digest.Request(visiting(message.Field{Name: "Authorization", Value: value})) == nil {
			t.Errorf("%q opens", value)
		}
	})
}
