package message

import "testing"

func TestAFieldThatTellsOfTheClientIsKnownInAnySpelling(t *testing.T) {
	for name, want := range map[string]bool{
		"X-Forwarded-For": true, "x-forwarded-proto": true, "X_Forwarded_For": true, "X-Forwarded_Host": true, "x.forwarded.port": true,
		"X-Forwarded-Tls-Client-Cert": true, "X~Forwarded~Prefix": true, "X-Real-Ip": true, "X_Real_IP": true, "X_real-ip": true,
		"X-Replaced_Path": true, "Forwarded": true, "FORWARDED": true,
		"X-Forwarded": false, "X-Forwarded-": false, "XaForwarded-For": false, "X0Real0Ip": false, "X-Real-Ips": false, "X-Realm-I": false,
		"Forwarder": false, "Accept": false, "User-Agent": false, "": false,
	} {
		if TellsOfClient(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}
