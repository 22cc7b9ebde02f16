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
