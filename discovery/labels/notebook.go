package labels

import (
	"slices"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// A notebook holds what is to be told about one service, each thing once: segments share labels, tasks networks.
type notebook struct {
	service string
	list    []rules.Diagnostic
}

func (n *notebook) add(d rules.Diagnostic) {
	d.Service = n.service
	if !slices.Contains(n.list, d) {
		n.list = append(n.list, d)
	}
}

// about starts a diagnostic on a label.
func about(e entry, severity rules.Severity, code, message string) rules.Diagnostic {
	d := rules.Diagnostic{Label: e.name, Value: e.written, Code: code, Severity: severity, Message: message}
	if secret(e.name) {
		d.Value = "(not shown)"
	}
	return d
}

// secret reports whether a label's value may hold passwords, digests or tokens: diagnostics go to logs and to a page
// that anybody on the network may read. It looks at the bare name, as misspelled labels hold secrets too.
func secret(label string) bool {
	label = strings.ToLower(label)
	return strings.Contains(label, "auth") || strings.Contains(label, "headers")
}
