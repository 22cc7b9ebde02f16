package message

import "testing"

func TestWhatFramesRoutesOrNamesTheAskerNeverTrails(t *testing.T) {
	for name, want := range map[string]bool{
		"Grpc-Status": true, "X-Checksum": true, "Server-Timing": true, "Iffy": true, "X-Forwarded": true,
		"content-length": false, "TRANSFER-ENCODING": false, "X-Forwarded-For": false, "x-forwarded-proto": false, "If-Match": false,
		"X_Forwarded_For": false, "Forwarded": false, "Authorization": false, "Upgrade": false, "Set-Cookie": false,
	} {
		if MayTrail(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
