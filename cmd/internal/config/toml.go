package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/proxy/certs"
	"github.com/appia-edge/appia/rules"
)

// A TOML file of Traefik 1.x mirrors the flags: [docker] domain = "x" is --docker.domain=x, without case, and a table's header
// alone switches its section on. Only entry points look otherwise (entryoptions.go has both spellings).

// An item is a key of a file with its value, or a table, which has none.
type item struct {
	path  string // with dots
	value any    // nil: a table
	line  int
}

// readTOML reads a file's settings. A file that is no TOML is an error, a key that is not known a warning.
func (c *Config) readTOML(path string, text []byte) ([]setting, error) {
	items, err := parseTOML(path, text)
	if err != nil {
		return nil, err
	}
	var all []setting
	entries := map[string]*tomlEntry{}
	skipped := "" // below a table that was told of, each key is not told again
	for _, i := range items {
		where := fmt.Sprintf("%s:%d", path, i.line)
		lower := strings.ToLower(i.path)
		switch {
		case skipped != "" && strings.HasPrefix(lower, skipped):
		case lower == "tls" && i.value != nil:
			all = append(all, tomlCertificates(i.value, where)...)
		case lower == "acme.domains" && i.value != nil:
			all = append(all, tomlDomains(i.value, where)...)
		case lower == "entrypoints":
		case strings.HasPrefix(lower, "entrypoints."):
			if set, first := c.tomlEntryPoint(entries, i, where); first {
				all = append(all, set)
			}
		default:
			found, known := c.tomlOption(i, where)
			if !known && i.value == nil {
				skipped = lower + "."
			}
			all = append(all, found...)
		}
	}
	return all, nil
}

// parseTOML lists all keys and tables in their order.
func parseTOML(path string, text []byte) ([]item, error) {
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			line, _ := at.Position()
			return nil, fmt.Errorf("%s:%d: %s", path, line, strings.TrimPrefix(at.Error(), "toml: "))
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	lines := tomlLines(text)
	var all []item
	var walk func(prefix string, line int, tree map[string]any)
	walk = func(prefix string, line int, tree map[string]any) {
		for key, value := range tree {
			i := item{path: prefix + key, value: value, line: line}
			if l, ok := lines[strings.ToLower(i.path)]; ok {
				i.line = l
			}
			below, isTable := value.(map[string]any)
			if isTable {
				i.value = nil
			}
			all = append(all, i)
			if isTable {
				walk(i.path+".", i.line, below)
			}
		}
	}
	walk("", 1, tree)
	slices.SortFunc(all, func(a, b item) int {
		if a.line != b.line {
			return a.line - b.line
		}
		return strings.Compare(a.path, b.path)
	})
	return all, nil
}

// tomlLines are the lines on which tables and keys stand, by their paths in lower case. A text that is no TOML has been
// refused before.
func tomlLines(text []byte) map[string]int {
	lines := map[string]int{}
	var p unstable.Parser
	p.Reset(text)
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		path, line := "", 0
		for keys := e.Key(); keys.Next(); {
			key := keys.Node()
			path += strings.ToLower(string(key.Data)) + "."
			if line == 0 {
				line = p.Shape(key.Raw).Start.Line
			}
		}
		if e.Kind != unstable.KeyValue {
			table = path
		} else {
			path = table + path
		}
		path = strings.TrimSuffix(path, ".")
		if _, there := lines[path]; !there {
			lines[path] = line
		}
	}
	return lines
}

// tomlOption makes settings of what is one option; known is false when there is none.
func (c *Config) tomlOption(i item, where string) (all []setting, known bool) {
	o := optionOf(i.path)
	if o == nil {
		return c.tomlRest(i, where)
	}
	if i.value == nil {
		if o.kind != "bool" {
			return nil, true // a table of names, as accessLog.fields.names: its keys follow
		}
		return []setting{o.setting(where, "true")}, true
	}
	if o.name == "configFile" {
		c.warn("%s: a file cannot name another one", where)
		return nil, true
	}
	values, err := texts(i.value)
	if err != nil {
		return []setting{{name: o.name, where: where, set: func(*Config) error { return fmt.Errorf("%s: %w", o.name, err) }}}, true
	}
	for _, value := range values {
		set := o.setting(where, value)
		all = append(all, setting{name: o.name, where: where, set: func(c *Config) error {
			if err := set.set(c); err != nil {
				return fmt.Errorf("%s: %w", o.name, err)
			}
			return nil
		}})
	}
	return all, true
}

// tomlRest is for what is no option: a name in a table of names, a family of options, what we do not serve, what nobody knows.
func (c *Config) tomlRest(i item, where string) (all []setting, known bool) {
	if family, key, ok := cutLast(i.path); ok && i.value != nil {
		if o := optionOf(family); o != nil && o.kind == "name=mode" {
			values, _ := texts(i.value)
			return []setting{o.setting(where, key+"="+strings.Join(values, ","))}, true
		}
	}
	if i.value == nil && slices.ContainsFunc(options, func(o option) bool { return hasFoldedPrefix(o.name, i.path+".") }) {
		return nil, true
	}
	if guard(i.path) {
		return []setting{{name: i.path, where: where, set: func(*Config) error { return errors.New(guardText(i.path)) }}}, true
	}
	if name, why, ok := elsewhere(i.path); ok {
		c.warn("%s: %s is known to Traefik 1.x and has no effect: %s", where, name, why)
		return nil, false
	}
	if looksLikeLock(strings.Split(i.path, ".")) {
		return []setting{{name: i.path, where: where, set: func(*Config) error { return errors.New(lockText(i.path)) }}}, true
	}
	near, ok := rules.Nearest(i.path, optionNames())
	if !ok {
		c.warn("%s: %s is not known and has no effect", where, i.path)
		return nil, false
	}
	c.warn("%s: %s is not known and has no effect; did you mean %s?", where, i.path, near)
	return nil, false
}

func cutLast(path string) (before, last string, found bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

func hasFoldedPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// texts are a value as flags would have it, each element of an array one.
func texts(value any) ([]string, error) {
	switch v := value.(type) {
	case string:
		return []string{v}, nil
	case bool, int64, float64:
		return []string{fmt.Sprint(v)}, nil
	case []any:
		var all []string
		for _, element := range v {
			one, err := texts(element)
			if err != nil {
				return nil, err
			}
			all = append(all, one...)
		}
		return all, nil
	}
	return nil, errors.New("the value is neither text nor a number, nor true or false, nor a list of them")
}

// A tomlEntry is an entry point that is being read.
type tomlEntry struct{ *entryText }

// tomlEntryPoint reads a key below [entryPoints]. The entry point is set where its first key stands, by when all are read.
func (c *Config) tomlEntryPoint(entries map[string]*tomlEntry, i item, where string) (set setting, first bool) {
	_, rest, _ := strings.Cut(i.path, ".")
	name, key, _ := strings.Cut(rest, ".")
	e := entries[name]
	if first = e == nil; first {
		e = &tomlEntry{newEntryText()}
		e.values[entryOptionOf("Name")] = []string{name}
		entries[name] = e
		set = setting{name: "entryPoints", where: where, set: func(c *Config) error { return c.addEntryPoint(e.check()) }}
	}
	if key != "" {
		e.read(key, i, where)
	}
	return set, first
}

// entrySections are tables that mean something without any key.
var entrySections = map[string]struct {
	option string
	values []string
}{
	"compress":         {"Compress", []string{"true"}},
	"tls":              {"TLS", nil},
	"http3":            {"HTTP3", nil},
	"auth":             {"Auth.HeaderField", nil},
	"auth.basic":       {"Auth.Basic.Users", nil},
	"auth.digest":      {"Auth.Digest.Users", nil},
	"auth.forward":     {"Auth.Forward.Address", nil},
	"redirect":         {"Redirect.EntryPoint", nil},
	"whitelist":        {"WhiteList.SourceRange", nil},
	"proxyprotocol":    {"ProxyProtocol.Insecure", []string{"false"}},
	"forwardedheaders": {"ForwardedHeaders.Insecure", []string{"false"}},
}

// entryAliases are keys with two names.
var entryAliases = map[string]string{"clientcafiles": "tls.clientca.files", "tls.clientcafiles": "tls.clientca.files"}

func (e *tomlEntry) read(key string, i item, where string) {
	lower := strings.ToLower(key)
	if alias := entryAliases[lower]; alias != "" {
		lower = alias
	}
	if section, ok := entrySections[lower]; ok && i.value == nil {
		if o := entryOptionOf(section.option); e.values[o] == nil {
			e.values[o] = section.values
		}
		return
	}
	o := entryOptionByKey(lower)
	switch {
	case o == nil && i.value == nil && (lower == "tls.defaultcertificate" || lower == "tls.clientca" || lower == "auth.forward.tls"):
	case o == nil:
		e.unknownKey(key, where)
	case o.kind == "pairs":
		e.values[o] = certificatePairs(i.value)
	default:
		values, err := texts(i.value)
		if err != nil {
			e.warnings = append(e.warnings, fmt.Sprintf("%s: %s: %v", where, key, err))
			return
		}
		e.values[o] = values
	}
}

func (e *tomlEntry) unknownKey(key, where string) {
	var keys []string
	for i := range entryOptions {
		keys = append(keys, entryOptions[i].key())
	}
	near, ok := rules.Nearest(key, keys)
	e.misspelled(where+": "+key, key, near, ok)
}

func entryOptionByKey(key string) *entryOption {
	for i := range entryOptions {
		if strings.EqualFold(entryOptions[i].key(), key) {
			return &entryOptions[i]
		}
	}
	return nil
}

// tomlCertificates reads [[tls]], certificates for entry points that they name.
func tomlCertificates(value any, where string) (all []setting) {
	tables, ok := value.([]any)
	if !ok {
		return []setting{{name: "tls", where: where, set: func(*Config) error { return errors.New("certificates stand in tables, [[tls]]") }}}
	}
	for _, t := range tables {
		var s certs.Section
		table, _ := t.(map[string]any)
		for key, v := range table {
			switch strings.ToLower(key) {
			case "entrypoints":
				s.EntryPoints, _ = texts(v)
			case "certificate":
				s.Pair = certificateOf(v)
			}
		}
		all = append(all, setting{name: "tls", where: where, set: func(c *Config) error {
			if s.Cert == "" || s.Key == "" {
				return errors.New("[[tls]] has a table [tls.certificate] with certFile and keyFile")
			}
			if c.begins(&c.CertSections) {
				c.CertSections = nil
			}
			c.CertSections = append(c.CertSections, s)
			return nil
		}})
	}
	return all
}

// certificateOf reads a table with certFile and keyFile.
func certificateOf(value any) (c proxy.Certificate) {
	table, _ := value.(map[string]any)
	for key, file := range table {
		switch strings.ToLower(key) {
		case "certfile":
			c.Cert, _ = file.(string)
		case "keyfile":
			c.Key, _ = file.(string)
		}
	}
	return c
}

// certificatePairs reads [[entryPoints.x.tls.certificates]], each a table with certFile and keyFile.
func certificatePairs(value any) (pairs []string) {
	tables, ok := value.([]any)
	if !ok {
		return []string{""} // no pair, as will be said
	}
	for _, t := range tables {
		c := certificateOf(t)
		pairs = append(pairs, c.Cert+","+c.Key)
	}
	return pairs
}
