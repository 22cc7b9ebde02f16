package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/rules"
)

func ranges(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// The examples of Traefik 1.x, read as the syntax alone has them.
func TestEntryPointsReadAsTheyDidForTraefik(t *testing.T) {
	for _, row := range []struct {
		text string
		want proxy.EntryPointOptions
	}{
		{"Name:http Address::80 compress:true", proxy.EntryPointOptions{Name: "http", Address: ":80", Compress: true, TrustAll: true}},
		{"name:foo Compress:on", proxy.EntryPointOptions{Name: "foo", Compress: true, TrustAll: true}},
		{"Name:foo compress:ENABLE compress:off", proxy.EntryPointOptions{Name: "foo", TrustAll: true}},
		{"Name:foo", proxy.EntryPointOptions{Name: "foo", TrustAll: true}},
		{"Name:foo ForwardedHeaders.TrustedIPs:10.0.0.3/24,20.0.0.3/24", proxy.EntryPointOptions{Name: "foo", TrustedIPs: ranges("10.0.0.0/24", "20.0.0.0/24")}},
		{"Name:foo ForwardedHeaders.TrustedIPs:10.0.0.3 ForwardedHeaders.Insecure:true", proxy.EntryPointOptions{Name: "foo", TrustAll: true, TrustedIPs: ranges("10.0.0.3/32")}},
		{"Name:foo ProxyProtocol.TrustedIPs:10.0.0.0/8", proxy.EntryPointOptions{Name: "foo", TrustAll: true, ProxyProtocol: &proxy.ProxyProtocol{TrustedIPs: ranges("10.0.0.0/8")}}},
		{"Name:foo ProxyProtocol.Insecure:true", proxy.EntryPointOptions{Name: "foo", TrustAll: true, ProxyProtocol: &proxy.ProxyProtocol{TrustAll: true}}},
		{"Name:foo TLS", proxy.EntryPointOptions{Name: "foo", TrustAll: true, TLS: &proxy.TLS{}}},
		{"Name:foo TLS:goo,gii", proxy.EntryPointOptions{Name: "foo", TrustAll: true, TLS: &proxy.TLS{Certificates: []proxy.Certificate{{Cert: "goo", Key: "gii"}}}}},
		{"Name:foo tls:a,b;c,d TLS.MinVersion:VersionTLS11 TLS.CipherSuites:TLS_RSA_WITH_AES_128_CBC_SHA,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 " +
			"TLS.SniStrict:true TLS.DefaultCertificate.Cert:e TLS.DefaultCertificate.Key:f CA:car,ca2 CA.Optional:true",
			proxy.EntryPointOptions{Name: "foo", TrustAll: true, TLS: &proxy.TLS{
				Certificates: []proxy.Certificate{{Cert: "a", Key: "b"}, {Cert: "c", Key: "d"}}, Default: proxy.Certificate{Cert: "e", Key: "f"},
				MinVersion: 0x302, CipherSuites: []uint16{0x2f, 0xc02f}, SNIStrict: true, ClientCAs: []string{"car", "ca2"}, ClientCAOptional: true,
			}}},
		{"Name:foo TLS HTTP3", proxy.EntryPointOptions{Name: "foo", TrustAll: true, TLS: &proxy.TLS{}, HTTP3: &proxy.HTTP3{}}},
		{"Name:foo TLS http3:true HTTP3.AdvertisedPort:8443", proxy.EntryPointOptions{Name: "foo", TrustAll: true, TLS: &proxy.TLS{}, HTTP3: &proxy.HTTP3{AdvertisedPort: 8443}}},
		{"Name:foo HTTP3:false", proxy.EntryPointOptions{Name: "foo", TrustAll: true}},
		{"Name:foo TLS TLS.MinVersion:VersionTLS9", proxy.EntryPointOptions{Name: "foo", TrustAll: true, TLS: &proxy.TLS{}}},
	} {
		got, err := readEntryText(row.text).parse()
		if err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %v\ngot  %+v\nwant %+v", row.text, err, got, row.want)
		}
	}
}

func TestEntryPointsFiltersComeInTraefiksOrder(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"Redirect.Regex:^http://a/(.*) Redirect.Replacement:http://b/$1", `redirect regexp=^http://a/(.*) replacement="http://b/$1"`},
		{"Redirect.EntryPoint:https Redirect.Permanent:true", `redirect-entry-point name="https" permanent=true`},
		{"WhiteList.SourceRange:10.42.0.0/16,152.89.1.33/32,afed:be44::/16 WhiteList.UseXForwardedFor:true Auth.Basic.Users:a:b,c:d Auth.Basic.RemoveHeader:true Auth.HeaderField:X-User Redirect.EntryPoint:https",
			`redirect-entry-point name="https" | basic-auth users=["a:b" "c:d"] removeHeader=true headerField="X-User" | ` +
				`allow-list ranges=[10.42.0.0/16 152.89.1.33/32 afed::/16] anyForwarded=true`},
		{"WhiteListSourceRange:10.0.0.1", `allow-list ranges=[10.0.0.1/32]`},
		{"WhiteListSourceRange:10.0.0.1 WhiteList.SourceRange:10.0.0.2", `allow-list ranges=[10.0.0.2/32]`},
		{"Auth.Digest.Users:a:r:b Auth.Digest.RemoveHeader:on", `digest-auth users=["a:r:b"] removeHeader=true`},
		{"Auth.Forward.Address:http://a/ Auth.Forward.TrustForwardHeader:true Auth.Forward.AuthResponseHeaders:X-A,X-B Auth.Forward.TLS.Cert:c Auth.Forward.TLS.Key:k",
			`forward-auth address="http://a/" trustForwardHeader=true responseHeaders=["X-A" "X-B"] tls={cert="c" key="k"}`},
	} {
		e, _, err := parseEntryPoint("Name:http Address::80 " + row.text)
		var got []string
		for _, f := range e.Filters {
			got = append(got, rules.FilterKey(f))
		}
		if text := strings.Join(got, " | "); err != nil || text != row.want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", row.text, err, text, row.want)
		}
	}
}

func TestEntryPointThatCannotBeMeantStopsTheRouter(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"ProxyProtocol.Insecure:false", "trusts nobody"},
		{"TLS:goo TLS TLS.DefaultCertificate.Key:a", "a Cert and a Key"}, // of TLS, the last one counts
		{"TLS TLS:goo", "a comma between them"},
		{"TLS:a,b,c", "a comma between them"},
		{"TLS.CipherSuites:AES", `"AES" is not a cipher suite`},
		{"WhiteList.SourceRange:10.0.0.0/33", "neither an address nor a range"},
		{"WhiteList.UseXForwardedFor:true", "has no SourceRange"},
		{"ProxyProtocol.TrustedIPs:all", "neither an address nor a range"},
		{"Redirect.Regex:( Redirect.Replacement:x", "missing closing )"},
		{"Redirect.Regex:x", "both Regex and Replacement"},
		{"Redirect.EntryPoint:htpp", "did you mean http?"},
		{"Auth.Forward.TrustForwardHeader:true", "no Address"},
		{"HTTP3", "HTTP3 needs TLS"},
		{"TLS HTTP3.AdvertisedPort:66000", "no port"},
		{"Auth.Basics.Users:a:b", "did you mean Auth.Basic.Users?"},
		{"WiteList.SourceRange:10.0.0.0/8", "did you mean WhiteList.SourceRange?"},
	} {
		_, _, err := parse(swarmMode, "--entryPoints=Name:http Address::80 "+row.text)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", row.text, err, row.want)
		}
	}
}

func TestErrorsOfEntryPointsShowNoSecrets(t *testing.T) {
	_, warnings, err := parseEntryPoint("Name:http Address:80 Auth.Basic.Users:me:s3cret Sticky:s3cret")
	if text := fmt.Sprint(warnings, err); strings.Contains(text, "s3cret") {
		t.Errorf("got %s", text)
	}
}

func TestErrorsOfFlagsShowNoSecrets(t *testing.T) {
	for _, args := range [][]string{
		{"--entryPoints=Auth.Basic.Users:me:s3cret"}, {"--entryPoints=Name:http Address:80 Auth.Basic.Users:me:s3cret"},
		{"--entryPoints", "Name:http", "Address::80", "Auth.Basic.Users:me:s3cret"}, {"--entryPoint=Auth.Basic.Users:me:s3cret"}, {"--users=me:s3cret"},
		{"me:$apr1$s3cret"}, {"me:{SHA}s3cret"}, {"--web.auth.basic.user=me:s3cret"}, {"--metrics.influxdb.password=s3cret"},
	} {
		_, warnings, err := parse(args...)
		if text := fmt.Sprint(warnings, err); err == nil && len(warnings) == 0 || strings.Contains(text, "s3cret") {
			t.Errorf("%q: %s", args, text)
		}
	}
}

func TestErrorsOfFilesAndVariablesShowNoSecrets(t *testing.T) {
	for _, text := range []string{
		"[entryPoints.http.auth.basic]\nusers=[\"me:s3cret]", "[entryPoints.http.auth.basic]\nusers=\"me:s3cret\n", "users=me:s3cret", "[web.auth.basik]\nusers=[\"me:s3cret\"]",
		"[entryPoints.http]\naddress=\":80\"\nusers=\"s3cret\"", "[entryPoints.http.auth.basic]\nuser=[\"me:s3cret\"]", "[entryPoints.http.auth.basic]\nusers=[\"me:s3cret\"]",
	} {
		_, warnings, err := load(around(file(text)), swarmMode)
		if told := fmt.Sprint(warnings, err); err == nil && len(warnings) == 0 || strings.Contains(told, "s3cret") {
			t.Errorf("%q: %s", text, told)
		}
	}
	for _, variable := range []string{
		"APPIA_ENTRYPOINTS=Name:http Auth.Basic.Users:me:s3cret", "APPIA_WEB_AUTH_BASIK_USERS=me:s3cret", "TRAEFIK_ENTRYPOINTS=Auth.Basic.Users:me:s3cret", "APPIA_USERS=me:s3cret",
	} {
		_, warnings, err := load(around(nil, variable), swarmMode)
		if told := fmt.Sprint(warnings, err); err == nil && len(warnings) == 0 || strings.Contains(told, "s3cret") {
			t.Errorf("%q: %s", variable, told)
		}
	}
}

func FuzzEntryPoint(f *testing.F) {
	for _, seed := range []string{
		"Name:http Address::80 compress:true", "Name:x ForwardedHeaders.TrustedIPs:1.2.3.4/33", "'Name:a Address:[::1]:80'", ":::", "TLS:a,b;c",
		"Name:a Address::1 TLS:a,b;c,d CA:x, Auth.Basic.Users:a:b,,c Redirect.Regex:( WhiteListSourceRange:", "tls TLS: compress compress:",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, _, err := parseEntryPoint(text)
		if err == nil && (e.Name == "" || e.Address == "") {
			t.Errorf("%q: accepted as %+v", text, e)
		}
		printed := readEntryText(text).String()
		again := readEntryText(printed)
		if again.String() != printed || !reflect.DeepEqual(again.values, readEntryText(text).values) {
			t.Errorf("%q is printed as %q, which reads as %q", text, printed, again)
		}
	})
}

func TestValuesThatMeanLessThanTheyLookAreTold(t *testing.T) {
	for text, want := range map[string]string{
		"Auth.Basic.Users:me:s3cret": "user 1 of 1 can't come in", "Auth.Basic.Users:": "nobody can come in",
		"Auth.Basic.Users:a:{SHA}fEqNCco3Yq9h5ZUglD3CZJT4lBs=,b:x": "user 2 of 2 can't come in", "Compress:yes": "neither true nor false",
		"Redirect.EntryPoint:http Redirect.Permanent:ja": "neither true nor false",
	} {
		_, warnings, err := parseEntryPoint("Name:http Address::80 " + text)
		if told := fmt.Sprint(warnings); err != nil || len(warnings) != 1 || !strings.Contains(told, want) || strings.Contains(told, "s3cret") {
			t.Errorf("%s: got %v %v", text, warnings, err)
		}
	}
	for _, text := range []string{
		"Compress", "Compress:Enable", "Compress:false", "ForwardedHeaders.Insecure:no", "Auth.Basic.UsersFile:/x", "Auth.Basic.Users:a:{SHA}fEqNCco3Yq9h5ZUglD3CZJT4lBs=",
	} {
		if _, warnings, err := parseEntryPoint("Name:http Address::80 " + text); err != nil || len(warnings) > 0 {
			t.Errorf("%s: got %v %v", text, warnings, err)
		}
	}
	if _, warnings, err := parse("--docker", "--docker.swarmMode", "--web", "--web.auth.basic.users=me:s3cret"); err != nil || !strings.Contains(fmt.Sprint(warnings), "can't come in") {
		t.Errorf("of --web: got %v %v", warnings, err)
	}
}

func TestHTTP3IsAskedForInFiles(t *testing.T) {
	for text, want := range map[string]*proxy.HTTP3{
		"defaultEntryPoints=[\"https\"]\n[entryPoints.https]\naddress=\":443\"\n[entryPoints.https.tls]\n[entryPoints.https.http3]\n":                        {},
		"defaultEntryPoints=[\"https\"]\n[entryPoints.https]\naddress=\":443\"\n[entryPoints.https.tls]\n[entryPoints.https.http3]\nadvertisedPort = 8443\n": {AdvertisedPort: 8443},
		"defaultEntryPoints=[\"https\"]\n[entryPoints.https]\naddress=\":443\"\n[entryPoints.https.tls]\n":                                                   nil,
	} {
		c, warnings, err := load(around(file(text)), swarmMode)
		if err != nil || len(warnings) > 0 {
			t.Errorf("%q: %v %v", text, warnings, err)
			continue
		}
		for _, e := range c.EntryPoints {
			if e.Name == "https" && !reflect.DeepEqual(e.HTTP3, want) {
				t.Errorf("%q: got %+v, want %+v", text, e.HTTP3, want)
			}
		}
	}
	if _, _, err := load(around(file("defaultEntryPoints=[\"https\"]\n[entryPoints.https]\naddress=\":443\"\n[entryPoints.https.http3]\n")), swarmMode); err == nil || !strings.Contains(err.Error(), "HTTP3 needs TLS") {
		t.Errorf("without TLS: %v", err)
	}
}
