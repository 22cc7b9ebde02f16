package snapshot

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestASnapshotToBeShownHasNoSecretsAndAllTheRest(t *testing.T) {
	secrets := func(hash, token string) func(*Swarm) {
		return func(s *Swarm) {
			s.Services[1].Labels["traefik.frontend.auth.basic.users"] = hash
			s.Services[2].Labels["traefik.api.Frontend.Headers.customRequestHeaders"] = token
		}
	}
	s := decoded(t, secrets("me:$apr1$s3cret", "X-Key:s3cret"))
	shown := s.WithoutSecrets()
	if want := decoded(t, secrets("(not shown)", "(not shown)")); !shown.Equal(want) {
		t.Errorf("shown is %+v", shown)
	}
	if text, _ := json.Marshal(shown); strings.Contains(string(text), "s3cret") {
		t.Errorf("shown is %s", text)
	}
	if !s.Equal(decoded(t, secrets("me:$apr1$s3cret", "X-Key:s3cret"))) {
		t.Error("what was copied has changed")
	}
}

func TestTheQueryOfAHealthCheckIsNotShown(t *testing.T) {
	s := &Swarm{Services: []Service{{Labels: map[string]string{"traefik.backend.healthcheck.path": "/h?key=s3cret", "traefik.frontend.rule": "Query:a=b"}}}}
	if shown := s.WithoutSecrets().Services[0].Labels; shown["traefik.backend.healthcheck.path"] != "/h?(not shown)" || shown["traefik.frontend.rule"] != "Query:a=b" {
		t.Errorf("shown is %v", shown)
	}
}

func TestANameThatHoldsASecretIsCut(t *testing.T) {
	s := decoded(t, func(s *Swarm) {
		s.Services[0].Labels = map[string]string{"traefik.frontend.auht.basik.users: me:$apr1$s3cret": "", "traefik.port: 80": ""}
		s.Services[1].ContainerLabels = []string{"traefik.frontend.auth.basic.users:me:s3cret", "traefik.port"}
	})
	text, _ := json.Marshal(s.WithoutSecrets())
	if strings.Contains(string(text), "s3cret") || !strings.Contains(string(text), "traefik.frontend.auth.basic.users: (not shown)") ||
		!strings.Contains(string(text), "traefik.port: 80") || !strings.Contains(s.Services[1].ContainerLabels[0], "s3cret") {
		t.Errorf("shown is %s", text)
	}
}

func TestNamesNearASecretAreSecretAndOthersNot(t *testing.T) {
	for name, want := range map[string]bool{
		"traefik.frontend.auht.basic": true, "traefik.frontend.Auth.x": true, "traefik.frontend.aut.users": true, "traefik.frontend.haeders.customReqestHaeders": true,
		"traefik.frontend.basic.users": true, "traefik.backend.healthcheck.headers": true, "traefik.api.password": true,
		"traefik.frontend.pasword": true, "traefik.frontend.usr": true, "traefik.frontend.users": true, "traefik.x.apiKey": true, "traefik.x.secrte": true,
		"traefik.http.routers.users.rule": false, "traefik.key.port": false, "traefik.http.services.x.loadbalancer.sticky": false,
		"traefik.port": false, "traefik.frontend.rule": false, "traefik.auto.port": false, "traefik.backend.healthcheck.path": false, "traefik.users.port": false,
		"traefik.frontend.whiteList.sourceRange": false, "traefik.docker.network": false,
	} {
		if Secret(name) != want {
			t.Errorf("%s: got %t", name, !want)
		}
	}
	for name, want := range map[string]bool{
		"traefik.frontend.auht.basic": true, "traefik.frontend.whitelist.x": true, "traefik.frontend.withelist": true, "traefik.frontend.white-list.x": true,
		"traefik.frontend.sourceRange": true, "traefik.frontend.headers.allowedHosts": true, "traefik.auto.foo": false, "traefik.backend.healthcheck.paht": false,
	} {
		if Guards(name) != want {
			t.Errorf("%s: guards is %t", name, !want)
		}
	}
}
