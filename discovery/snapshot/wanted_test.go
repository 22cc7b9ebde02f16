package snapshot

import "testing"

func TestLabelsNearARoutersAreWantedAndThoseOfOthersNot(t *testing.T) {
	for name, want := range map[string]string{
		"traefik.port": "traefik.", "appia.weight.per": "appia.", "traefk.port": "traefik.", "treafik.frontend.rule": "traefik.", "Traefik.Port": "traefik.",
		" traefik.frontend.rule": "traefik.", "traefik.port ": "traefik.", "\u200btraefik.port": "traefik.", "TRAFIK.port": "traefik.", "trafeik.port": "traefik.",
		"Appia.weight.per": "appia.", "apia.weight.per": "appia.", "traefik.port: 80": "traefik.",
		"caddy": "", "caddy.reverse_proxy": "", "com.docker.stack.namespace": "", "com.docker.compose.project": "", "org.label-schema.name": "", "app.kubernetes.io/name": "",
		"api.port": "", "traefikport": "", "traefik": "", "io.portainer.accesscontrol.teams": "", "prometheus.port": "", "shepherd.enable": "",
		"swarm.cronjob.enable": "", "homepage.group": "", "track.port": "", "": "", ".": "",
	} {
		if prefix, _ := Prefix(name); prefix != want {
			t.Errorf("%q: got %q, want %q", name, prefix, want)
		}
		if compose := name == "com.docker.compose.project"; Wanted(name) != (want != "" || compose) {
			t.Errorf("%q: wanted is %t", name, Wanted(name))
		}
	}
}
