package config

import (
	"fmt"
	"strings"
)

const preface = `# Flags

Made from ` + "`cmd/internal/config/options.go`" + ` by ` + "`make docs`" + `.

An option may be given on the command line, in the environment and in a TOML file; what stands further left in this sentence wins over what
stands further right, and a list replaces a list. Entry points of all three are united; of two with one name the first place's counts.

- **Flags** are read without case. A value is attached (` + "`--flag=value`) or follows (`--flag value`" + `); a bool needs none. One pair of quotes
  around a value is removed: in a YAML list they arrive as they stand. Lists add up when a flag is repeated.
- **Environment**: the name in capitals with underscores, behind ` + "`APPIA_`" + ` or, as Traefik 2 and 3 have it, ` + "`TRAEFIK_`" + `. Behind it all, ` + "`_FILE`" + ` says
  that the value is the name of a file that holds the option's: ` + "`APPIA_STICKY_KEY_FILE=/run/secrets/key`" + `. Of ` + "`APPIA_ENTRYPOINTS`" + ` each line is one.
  A variable that is no option is told in the log, but for those that docker and Kubernetes set for what is called traefik.
- **TOML**: the flag's name is the key, without case: ` + "`[docker] domain = \"litup.me\"`" + `. A table's header alone switches its section on: ` + "`[api]`" + `. The file is
  ` + "`--configFile`, which has to be there; else the first of `/etc/appia/appia.toml`, `$HOME/.appia/appia.toml`, `./appia.toml`,\n  `/etc/traefik/traefik.toml`, `$HOME/.traefik/traefik.toml`, `./traefik.toml`" + `. A key that is not known is told in the log, with its line.

| flag, and key of the file | environment | value | default | meaning |
|---|---|---|---|---|
`

const entryPreface = `
## Entry points

` + "`--entryPoints='Name:http Address::80 Compress:true'`" + ` has options between spaces, each cut at its first colon; lists have commas. A TOML file has
a table for each, ` + "`[entryPoints.http]`" + `. Options that keep somebody out stop the router when they are misspelled.

| option | in a file, below ` + "`[entryPoints.NAME]`" + ` | value |
|---|---|---|
`

// Reference is the table of flags for the documentation.
func Reference() string {
	var b strings.Builder
	b.WriteString(preface)
	for _, o := range options {
		name := "`--" + o.name + "`"
		if o.short != "" {
			name += ", `-" + o.short + "`"
		}
		preset := ""
		if o.preset != "" {
			preset = "`" + strings.ReplaceAll(o.preset, "|", "\\|") + "`"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s |\n", name, environmentName(o.name), o.kind, preset, o.help)
	}
	b.WriteString(entryPreface)
	for i := range entryOptions {
		o := &entryOptions[i]
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", o.name, o.key(), o.value())
	}
	b.WriteString("\nTLS and CA are read and checked, and stop the router: this version does not serve them, and an entry point without them would be open.\n")
	b.WriteString("\n## Known to Traefik 1.x, not served\n\nThese start with a warning and have no effect. A name that ends in a dot stands for a whole family.\n\n")
	for _, group := range known {
		fmt.Fprintf(&b, "- `--%s`: %s\n", strings.Join(group.names, "`, `--"), group.why)
	}
	b.WriteString("\n`--web.certFile` and `--web.keyFile` stop the router: the admin page would be open without them.\n")
	return b.String()
}

// value says what an entry point's option takes.
func (o *entryOption) value() string {
	switch {
	case o.name == "TLS":
		return "cert,key;cert,key: files or PEM texts; in a file tables with certFile and keyFile"
	case o.kind == "section":
		return "bool"
	}
	return o.kind
}
