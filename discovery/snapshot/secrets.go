package snapshot

import (
	"maps"
	"strings"
)

// WithoutSecrets is a copy to be shown, in a bug report say: labels that may hold secrets keep their names only.
func (s *Swarm) WithoutSecrets() *Swarm {
	shown := *s
	shown.Services = make([]Service, len(s.Services))
	for i, service := range s.Services {
		service.Labels = hideSecrets(service.Labels)
		shown.Services[i] = service
	}
	return &shown
}

func hideSecrets(labels map[string]string) map[string]string {
	shown := maps.Clone(labels)
	for name := range shown {
		if isSecret(name) {
			shown[name] = "(not shown)"
		}
	}
	return shown
}

// isSecret goes by the bare name, as misspelled labels hold secrets too. It is the rule of package labels for what a
// diagnostic shows, which this package may not import; a test there holds the two together.
func isSecret(label string) bool {
	label = strings.ToLower(label)
	return strings.Contains(label, "auth") || strings.Contains(label, "headers")
}
