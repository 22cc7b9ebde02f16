package labels

import (
	"testing"

	"github.com/appia-edge/appia/discovery/snapshot"
)

func TestASnapshotHidesWhatADiagnosticHides(t *testing.T) {
	names := []string{"traefik.Frontend.AUTH.basic", "traefik.fronted.headers", "appia.authority", "traefik.header", "traefik"}
	for _, d := range dialects {
		for _, r := range d.rows {
			names = append(names, d.prefix+r.name)
		}
	}
	for _, name := range names {
		s := &snapshot.Swarm{Services: []snapshot.Service{{Labels: map[string]string{name: "s3cret"}}}}
		told := about(entry{name: name, written: "s3cret"}, 0, "", "").Value
		if shown := s.WithoutSecrets().Services[0].Labels[name]; shown != told {
			t.Errorf("%s: a snapshot shows %q, a diagnostic %q", name, shown, told)
		}
	}
}
