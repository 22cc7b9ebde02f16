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

const entryNotes = `
` + "`TLS` alone" + ` is enough: certificates may come from ` + "`--certificates.directory` or, in a file, `[[tls]]`" + ` tables as in Traefik 1.x, each with a ` +
	"`[tls.certificate]` of `certFile` and `keyFile`, and the `entryPoints`" + ` that serve it. Files are looked at every five seconds; a replacement that cannot
be used leaves the one before in force, and is told. A client gets the certificate for the name that it asks for, exactly or by one ` + "`*`" + ` in front;
else the default certificate, which is the first where none is named, and one that nobody has signed where there is none at all.
TLS 1.2 is the least, ` + "`TLS.MinVersion`" + ` says otherwise: ` + "`VersionTLS10`, `VersionTLS11`, `VersionTLS12`, `VersionTLS13`." + ` [security.md](security.md#tls) has the rest.
` + "`CA`" + ` has clients show a certificate that one of these has signed, ` + "`CA.Optional`" + ` lets them show none.
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
	b.WriteString(entryNotes)
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
