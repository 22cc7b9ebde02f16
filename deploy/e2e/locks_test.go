package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestBasicAuthByLabelLetsInWhoKnowsThePassword(t *testing.T) {
	swarm(t)
	// The label is the article's: "test" with the password "test".
	create(t, "private", append(labels("traefik.port=8000", "traefik.frontend.rule=Host:private.test",
		"traefik.frontend.auth.basic.users=test:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/",
		"traefik.frontend.auth.basic.removeHeader=true", "traefik.frontend.auth.headerField=X-WebAuth-User"), "example/shop:1")...)
	c := newClient()
	defer c.CloseIdleConnections()
	known := []string{"Authorization", basic("test", "test")}
	eventually(t, "it lets in who knows the password", answers(c, "private.test", http.StatusOK, known...))

	stranger, err := ask(c, front, "private.test", "/")
	if err != nil || !strings.HasPrefix(stranger.Header.Get("WWW-Authenticate"), "Basic ") || stranger.from.Image != "" {
		t.Errorf("%v, a stranger gets %+v", err, stranger)
	}
	if err := answers(c, "private.test", http.StatusUnauthorized, "Authorization", basic("test", "tset"))(); err != nil {
		t.Error("with a wrong password: ", err)
	}
	friend, err := ask(c, front, "private.test", "/", known...)
	if err != nil || friend.StatusCode != http.StatusOK || friend.from.Header.Get("X-Webauth-User") != "test" || friend.from.Header.Get("Authorization") != "" {
		t.Errorf("%v, %s: the service sees %+v", err, friend.Status, friend.from)
	}

	// The lock is taken away while the service runs; one that is misspelled closes the route.
	const lock = "traefik.frontend.auth."
	docker(t, "service", "update", "--detach", "--label-rm", lock+"basic.users", "--label-rm", lock+"basic.removeHeader", "--label-rm", lock+"headerField", "private")
	eventually(t, "it is open", answers(c, "private.test", http.StatusOK))
	docker(t, "service", "update", "--detach", "--label-add", "traefik.frontend.auth.basik=test:x", "private")
	eventually(t, "a misspelled lock closes it", answers(c, "private.test", http.StatusServiceUnavailable))
	eventually(t, "it is told", func() error { return told("private", "protection-not-served", "traefik.frontend.auth.basic") })
}

func TestAWhiteListByLabelLetsInItsAddressesOnly(t *testing.T) {
	swarm(t)
	const list = "traefik.frontend.whiteList.sourceRange="
	create(t, "open", append(labels("traefik.port=8000", "traefik.frontend.rule=Host:open.test"), "example/shop:1")...)
	got, err := served(t, "open.test", 1).ask()
	if err != nil {
		t.Fatal(err)
	}
	we := got.from.Header.Get("X-Real-Ip") // what docker makes of the address that we come from
	create(t, "listed", append(labels("traefik.port=8000", "traefik.frontend.rule=Host:listed.test", list+"203.0.113.0/24,"+we), "example/shop:1")...)
	c := newClient()
	defer c.CloseIdleConnections()
	eventually(t, we+" is on the list", answers(c, "listed.test", http.StatusOK))

	docker(t, "service", "update", "--detach", "--label-add", list+"203.0.113.0/24", "listed")
	eventually(t, we+" is on it no more", answers(c, "listed.test", http.StatusForbidden))
	if err := answers(c, "listed.test", http.StatusForbidden, "X-Forwarded-For", "203.0.113.7")(); err != nil {
		t.Error("who claims to be somebody else: ", err)
	}
	docker(t, "service", "update", "--detach", "--label-add", "traefik.frontend.whiteList.useXForwardedFor=true", "listed")
	eventually(t, "who comes by a proxy is let in", answers(c, "listed.test", http.StatusOK, "X-Forwarded-For", "203.0.113.7"))
	if err := answers(c, "listed.test", http.StatusForbidden, "X-Forwarded-For", "198.51.100.7")(); err != nil {
		t.Error("who comes from elsewhere by a proxy: ", err)
	}
	served(t, "open.test", 1)
}

// answers holds when a host answers with a status.
func answers(c *http.Client, host string, status int, fields ...string) func() error {
	return func() error {
		got, err := ask(c, front, host, "/", fields...)
		if err == nil && got.StatusCode != status {
			err = fmt.Errorf("%s answers %s", host, got.Status)
		}
		return err
	}
}

// basic is the field of a user who knows a password.
func basic(user, password string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}
