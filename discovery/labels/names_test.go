package labels

import "testing"

func TestNamesAreThoseOfTraefik(t *testing.T) {
	cases := []struct{ service, segment, backend, rule, wantBackend, wantFrontend string }{
		{"mystack_blog", "", "", "Host:blog.litup.me", "backend-mystack-blog", "frontend-Host-blog-litup-me"},
		{"svc", "api", "", "Host:a.b", "backend-svc-api", "frontend-api-svc-api"},
		{"svc", "foo", "bar", "Host:a.b", "backend-svc-bar", "frontend-foo-svc-bar"},
		{"svc", "", "my_stack_web", "Headers:User-Agent,bat/0.1.0", "backend-my-stack-web", "frontend-Headers-User-Agent-bat-0-1-0"},
		{"/foo/", "", "", "Host:a.b", "backend-foo", "frontend-Host-a-b"},
	}
	for _, c := range cases {
		r := &reading{service: &oneTask(c.service).Services[0]}
		backend := r.backendName(&draft{backend: c.backend}, c.segment)
		if frontend := frontendName(c.segment, backend, c.rule); backend != c.wantBackend || frontend != c.wantFrontend {
			t.Errorf("%+v: got %s, %s", c, backend, frontend)
		}
	}
}

func TestAServersNameHoldsItsTaskAndADigestOfItsURL(t *testing.T) {
	for _, c := range [][3]string{
		{"mystack_blog.1", "http://10.0.1.5:2368", "server-mystack-blog-1-086a4f1287c14aa32b1aaab56d7999c1"},
		{"x", "http://127.0.0.1:80", "server-x-842895ca2aca17f6ee36ddb2f621194d"},
	} {
		if got := serverName(c[0], c[1]); got != c[2] {
			t.Errorf("%s at %s: got %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func TestStickyCookiesKeepTheirTraefikNames(t *testing.T) {
	for backend, want := range map[string]string{"backend": "_76eb3", "backend-blog": "_c1aaa", "backend-mystack-blog": "_8635e"} {
		if got := cookieName(backend); got != want {
			t.Errorf("%s: got %s, want %s", backend, got, want)
		}
	}
	for label, want := range map[string]string{"/my/BACKEND-v1.0~rc1": "_my_BACKEND-v1.0~rc1", "a b;é=": "a_b___"} {
		if got := legalCookie(label); got != want {
			t.Errorf("%s: got %s, want %s", label, got, want)
		}
	}
}
