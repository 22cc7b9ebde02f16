package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.uber.org/zap/zapcore"

	"github.com/appia-edge/appia/discovery/labels"
	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/rules"
)

// Flags is a flag set with every option, for a Config. Load or Finish makes the Config whole once it is parsed.
func Flags(c *Config) *pflag.FlagSet {
	set := pflag.NewFlagSet("appia", pflag.ContinueOnError)
	set.SortFlags = false
	for i := range options {
		o := &options[i]
		flag := set.VarPF(&value{option: o, config: c}, o.name, o.short, o.help)
		if o.kind == "bool" {
			flag.NoOptDefVal = "true"
		}
	}
	return set
}

// value lets pflag set an option.
type value struct {
	option *option
	config *Config
}

func (v *value) String() string { return v.option.preset }
func (v *value) Type() string   { return v.option.kind }

// Set keeps the value for when all sources are there, and tries it at once: the error is the flag's. That of an entry point,
// in which there may be passwords, waits: pflag would show the text.
func (v *value) Set(s string) error {
	o := v.option
	s = unquote(s)
	if o.kind != "entry point" {
		if err := o.set(Default(), s); err != nil {
			return err
		}
	}
	v.config.flags = append(v.config.flags, setting{
		name: o.name, where: "--" + o.name, bare: o.kind == "bool" && s == "true", set: func(c *Config) error { return o.set(c, s) },
	})
	return nil
}

// Normalize turns a command line as people write it for Traefik 1.x into one that pflag reads: names without case, quotes
// that YAML left standing, white space and backslashes of a folded command, and words that belong to no flag,
// which Traefik ignored. What it changed in a way worth knowing comes back as warnings.
func Normalize(args []string) (clean, warnings []string, err error) {
	clean = []string{} // not nil, which cobra takes for the process's own
	for i := 0; i < len(args); i++ {
		arg := strings.TrimSpace(args[i])
		if arg == "" || arg == `\` {
			continue
		}
		if !strings.HasPrefix(arg, "-") || arg == "-" || arg == "--" {
			warnings = append(warnings, fmt.Sprintf("the word %q belongs to no flag and is ignored", openPart(arg)))
			continue
		}
		name, given, attached := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		o, warning, err := find(arg, name)
		switch {
		case err != nil:
			return nil, nil, err
		case warning != "":
			warnings = append(warnings, warning)
			if !attached && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
				i++ // its value, most likely
			}
			continue
		}
		if !attached && o.kind != "bool" {
			if i++; i == len(args) {
				return nil, nil, fmt.Errorf("flag --%s needs a value: --%s=<%s>", o.name, o.name, o.kind)
			}
			given, attached = args[i], true
		}
		clean = append(clean, spell(o, given, attached))
	}
	return clean, warnings, nil
}

// openPart is a word as it may be told: of an entry point's option or a user the name alone, as a password may follow.
func openPart(word string) string {
	name, _, found := strings.Cut(word, ":")
	if !found || !strings.ContainsAny(word, "$}@") && !strings.Contains(strings.ToLower(name), "auth") {
		return word
	}
	return name + ":" + rules.NotShown
}

func spell(o *option, given string, attached bool) string {
	if !attached {
		return "--" + o.name
	}
	return "--" + o.name + "=" + given
}

// find is the option of a name, whatever its case. A flag that Traefik 1.x has and we do not serve is a warning,
// one that nobody knows an error that names the nearest.
func find(arg, name string) (o *option, warning string, err error) {
	short := !strings.HasPrefix(arg, "--")
	for i := range options {
		if short && options[i].short == name && name != "" {
			return &options[i], "", nil
		}
	}
	if o := optionOf(name); o != nil {
		return o, "", nil
	}
	if lower := strings.ToLower(name); lower == "help" || short && lower == "h" {
		return &option{name: "help", kind: "bool"}, "", nil
	}
	if guard(name) {
		return nil, "", errors.New(guardText(name))
	}
	if known, why, ok := elsewhere(name); ok {
		return nil, fmt.Sprintf("flag --%s is known to Traefik 1.x and has no effect: %s", known, why), nil
	}
	arg, _, _ = strings.Cut(arg, "=") // its value may be a secret
	if near, ok := rules.Nearest(name, optionNames()); ok {
		return nil, "", fmt.Errorf("unknown flag %s; did you mean --%s?", arg, near)
	}
	return nil, "", fmt.Errorf("unknown flag %s; appia --help lists them", arg)
}

func optionNames() []string {
	all := make([]string, len(options))
	for i := range options {
		all[i] = options[i].name
	}
	return append(all, knownNames()...)
}

// optionOf finds an option by its name, whatever its case.
func optionOf(name string) *option {
	for i := range options {
		if strings.EqualFold(options[i].name, name) {
			return &options[i]
		}
	}
	return nil
}

// Finish makes the Config whole by its flags alone: defaults that depend on other flags, and checks of flags that only make
// sense together.
func (c *Config) Finish() (warnings []string, err error) {
	if err := c.apply(c.flags); err != nil {
		return nil, err
	}
	if c.Debug && !c.leveled {
		c.LogLevel = zapcore.DebugLevel
	}
	if c.oldGrace > 0 {
		c.Grace = c.oldGrace
	}
	if c.oldIdle > 0 {
		c.IdleTimeout = c.oldIdle
	}
	if c.logAccess {
		c.AccessLog = &c.accessLog
	}
	if c.EngineTLS {
		c.Engine.TLS = &c.EngineCerts
	}
	if c.Labels.Constraints, err = labels.ParseConstraints(c.constraints); err != nil {
		return nil, err
	}
	if err := c.finishEntryPoints(); err != nil {
		return nil, err
	}
	if err := c.finishAct(); err != nil {
		return nil, err
	}
	if err := c.finishACME(); err != nil {
		return nil, err
	}
	if err := c.finishPages(); err != nil {
		return nil, err
	}
	return c.warnings, c.checkProvider()
}

func (c *Config) finishEntryPoints() error {
	if len(c.EntryPoints) == 0 {
		c.EntryPoints, c.Default = []proxy.EntryPointOptions{httpDefault()}, []string{"http"}
	}
	if len(c.Default) == 0 {
		c.Default = []string{"http"}
	}
	existing := c.EntryPointNames()
	for i := range c.EntryPoints {
		if err := checkEntryPoint(&c.EntryPoints[i], existing); err != nil {
			return err
		}
	}
	for _, s := range c.CertSections {
		for _, name := range s.EntryPoints {
			if !slices.ContainsFunc(c.EntryPoints, func(e proxy.EntryPointOptions) bool { return strings.EqualFold(e.Name, name) && e.TLS != nil }) {
				c.warn("a certificate of [[tls]] is for entry point %q, which does not exist or has no TLS", name)
			}
		}
	}
	for i, name := range c.Default {
		c.Default[i] = unquote(name)
		if slices.Contains(existing, c.Default[i]) {
			continue
		}
		return fmt.Errorf("defaultEntryPoints: %s", noEntryPoint(c.Default[i], existing))
	}
	return nil
}

// EntryPointNames lists the entry points there are.
func (c *Config) EntryPointNames() []string {
	var all []string
	for _, e := range c.EntryPoints {
		all = append(all, e.Name)
	}
	return all
}

func (c *Config) checkProvider() error {
	switch {
	case !c.Docker:
		return errors.New("nothing to route: give --docker --docker.swarmMode, or try appia demo")
	case !c.SwarmMode:
		return errors.New("only swarm services are served, not plain docker: add --docker.swarmMode")
	}
	return nil
}

// defaultKeyFile is where a docker secret of that name appears.
const defaultKeyFile = "/run/secrets/appia_sticky_key"

// StickySecret is the key of sticky cookies, nil for one that is derived from the swarm.
func (c *Config) StickySecret() ([]byte, error) {
	if c.StickyKey != "" {
		return []byte(c.StickyKey), nil
	}
	path := c.StickyKeyFile
	if path == "" {
		path = defaultKeyFile
	}
	key, err := os.ReadFile(path)
	switch {
	case err == nil:
		return []byte(strings.TrimSpace(string(key))), nil
	case c.StickyKeyFile == "" && os.IsNotExist(err):
		return nil, nil
	}
	return nil, fmt.Errorf("sticky.keyFile: %w", err)
}
