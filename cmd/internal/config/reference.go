package config

import (
	"fmt"
	"strings"
)

// Reference is the table of flags for the documentation.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Flags\n\nMade from `cmd/internal/config/options.go` by `make docs`.\n\n")
	b.WriteString("Names are read without case. A value is attached (`--flag=value`) or follows (`--flag value`); a bool needs none. ")
	b.WriteString("One pair of quotes around a value is removed: in a YAML list they arrive as they stand. Lists add up when a flag is repeated.\n\n")
	b.WriteString("| flag | value | default | meaning |\n|---|---|---|---|\n")
	for _, o := range options {
		name := "`--" + o.name + "`"
		if o.short != "" {
			name += ", `-" + o.short + "`"
		}
		preset := ""
		if o.preset != "" {
			preset = "`" + strings.ReplaceAll(o.preset, "|", "\\|") + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, o.kind, preset, o.help)
	}
	b.WriteString("\n## Known to Traefik 1.x, not served\n\nThese start with a warning and have no effect. A name that ends in a dot stands for a whole family.\n\n")
	for _, name := range known {
		fmt.Fprintf(&b, "- `--%s`\n", name)
	}
	b.WriteString("\nOptions of an entry point that would open what they protect when left out (" + strings.Join(unserved, ", ") +
		") stop the router with an error instead.\n")
	return b.String()
}
