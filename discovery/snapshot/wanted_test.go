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
		if compose := name == "com.docker.compose.project"; Wanted(name, "") != (want != "" || compose) {
			t.Errorf("%q: wanted is %t", name, Wanted(name, ""))
		}
	}
}

func TestALockWithABrokenPrefixIsWantedAndLocksOfOthersAreNot(t *testing.T) {
	const hash, users = "me:$apr1$abc$def", "traefik.frontend.auth.basic.users"
	for label, want := range map[[2]string]string{
		{"traefik_frontend_auth_basic_users", hash}: users, {"traefik/frontend.auth.basic.users", hash}: users, {"traefik-frontend-auth-basic-users", hash}: users,
		{"frontend.auth.basic.users", hash}: users, {"auth.basic.users", hash}: users, {"auth.digest.users", "me:r:0123456789abcdef0123456789abcdef"}: "traefik.frontend.auth.digest.users",
		{"traefik_frontend_whiteList_sourceRange", "10.0.0.0/8"}: "traefik.frontend.whiteList.sourceRange", {"frontend.auth.forward.address", "http://a"}: "traefik.frontend.auth.forward.address",
		{"traefik_api_frontend_auth_basic_users", hash}:      "traefik.api.frontend.auth.basic.users",
		{"traefik_http_middlewares_a_basicauth_users", hash}: "traefik.http.middlewares.a.basicauth.users",
		{"traefik-forward-auth.enable", "true"}:              "", {"caddy.basicauth.me", hash}: "", {"db.password", hash}: "", {"frontend.image", "x"}: "", {"auth.basic.users", "x"}: "",
		{users, hash}: "", {"traefk.frontend.auth.basic.users", hash}: "",
	} {
		if meant := Astray(label[0], label[1]); meant != want {
			t.Errorf("%s: got %q, want %q", label[0], meant, want)
		}
		if prefix, _ := Prefix(label[0]); Wanted(label[0], label[1]) != (want != "" || prefix != "") {
			t.Errorf("%s: not wanted as it should be", label[0])
		}
	}
}
