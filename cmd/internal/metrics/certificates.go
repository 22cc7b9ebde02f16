package metrics

import (
	"strings"

	"github.com/appia-edge/appia/proxy/certs"
)

// certificates tells when they end. One that is served from two places is told once: it is the same.
func (r report) certificates(all []certs.Status) {
	problems := 0
	told := map[[3]string]bool{}
	for _, c := range all {
		if c.Problem != "" {
			problems++
		}
		if len(c.Names) == 0 || len(c.EntryPoints) == 0 {
			continue
		}
		labels := [3]string{c.Names[0], c.Serial, strings.Join(c.Names, ",")}
		if told[labels] {
			continue
		}
		told[labels] = true
		r.gauge(certificateExpiry, float64(c.NotAfter.Unix()), labels[:]...)
	}
	r.gauge(certificateProblems, float64(problems))
}
