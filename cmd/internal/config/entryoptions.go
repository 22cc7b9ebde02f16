package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/rules"
)

// An entryOption is one option of an entry point, in both of its spellings.
type entryOption struct {
	name string // in --entryPoints
	toml string // below [entryPoints.NAME]; "": the same, but for case
	kind string // "text", "bool", "list", "pairs" of files, or "section": it may stand there alone
	set  func(*entryBuilder, []string) error
}

func (o *entryOption) key() string {
	if o.toml != "" {
		return o.toml
	}
	return lowerFirst(o.name)
}

// lowerFirst spells "ForwardedHeaders.TrustedIPs" as TOML files do, "forwardedHeaders.trustedIPs".
func lowerFirst(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		parts[i] = strings.ToLower(p[:1]) + p[1:]
	}
	return strings.Join(parts, ".")
}

// split cuts a value as the option has it.
func (o *entryOption) split(value string) []string {
	switch {
	case value == "" && (o.kind == "section" || o.kind == "pairs" || o.kind == "list"):
		return nil
	case o.kind == "list":
		var items []string
		for item := range strings.SplitSeq(value, ",") {
			items = append(items, strings.TrimSpace(item))
		}
		return items
	case o.kind == "pairs":
		return strings.Split(value, ";")
	}
	return []string{value}
}

// entryOptions are all of them, in the order in which they are set and printed.
var entryOptions = []entryOption{
	{"Name", "", "text", one(func(b *entryBuilder) *string { return &b.Name })},
	{"Address", "", "text", one(func(b *entryBuilder) *string { return &b.Address })},
	{"Compress", "", "section", compress},
	{"TLS", "tls.certificates", "pairs", certificates},
	{"TLS.MinVersion", "tls.minVersion", "text", minVersion},
	{"TLS.CipherSuites", "tls.cipherSuites", "list", cipherSuites},
	{"TLS.SniStrict", "tls.sniStrict", "bool", toggle(func(b *entryBuilder) *bool { return &b.tls().SNIStrict })},
	{"TLS.DefaultCertificate.Cert", "tls.defaultCertificate.certFile", "text", one(func(b *entryBuilder) *string { return &b.tls().Default.Cert })},
	{"TLS.DefaultCertificate.Key", "tls.defaultCertificate.keyFile", "text", one(func(b *entryBuilder) *string { return &b.tls().Default.Key })},
	{"CA", "tls.clientCA.files", "list", many(func(b *entryBuilder) *[]string { return &b.tls().ClientCAs })},
	{"CA.Optional", "tls.clientCA.optional", "bool", toggle(func(b *entryBuilder) *bool { return &b.tls().ClientCAOptional })},
	{"HTTP3", "http3", "section", toggleHTTP3},
	{"HTTP3.AdvertisedPort", "http3.advertisedPort", "text", advertisedPort},
	{"Redirect.EntryPoint", "", "text", one(func(b *entryBuilder) *string { return &b.redirectTo().entryPoint })},
	{"Redirect.Regex", "", "text", one(func(b *entryBuilder) *string { return &b.redirectTo().regex })},
	{"Redirect.Replacement", "", "text", one(func(b *entryBuilder) *string { return &b.redirectTo().replacement })},
	{"Redirect.Permanent", "", "bool", toggle(func(b *entryBuilder) *bool { return &b.redirectTo().permanent })},
	{"Auth.Basic.Users", "", "list", many(func(b *entryBuilder) *[]string { return &b.basic().Users })},
	{"Auth.Basic.UsersFile", "", "text", one(func(b *entryBuilder) *string { return &b.basic().UsersFile })},
	{"Auth.Basic.RemoveHeader", "", "bool", toggle(func(b *entryBuilder) *bool { return &b.basic().RemoveHeader })},
	{"Auth.Digest.Users", "", "list", many(func(b *entryBuilder) *[]string { return &b.digest().Users })},
	{"Auth.Digest.UsersFile", "", "text", one(func(b *entryBuilder) *string { return &b.digest().UsersFile })},
	{"Auth.Digest.RemoveHeader", "", "bool", toggle(func(b *entryBuilder) *bool { return &b.digest().RemoveHeader })},
	{"Auth.Forward.Address", "", "text", one(func(b *entryBuilder) *string { return &b.forward().Address })},
	{"Auth.Forward.AuthResponseHeaders", "", "list", many(func(b *entryBuilder) *[]string { return &b.forward().ResponseHeaders })},
	{"Auth.Forward.TrustForwardHeader", "", "bool", toggle(func(b *entryBuilder) *bool { return &b.forward().TrustForwardHeader })},
	{"Auth.Forward.TLS.CA", "auth.forward.tls.ca", "text", one(func(b *entryBuilder) *string { return &b.forwardTLS().CA })},
	{"Auth.Forward.TLS.CAOptional", "auth.forward.tls.caOptional", "bool", toggle(func(b *entryBuilder) *bool { return &b.forwardTLS().CAOptional })},
	{"Auth.Forward.TLS.Cert", "auth.forward.tls.cert", "text", one(func(b *entryBuilder) *string { return &b.forwardTLS().Cert })},
	{"Auth.Forward.TLS.Key", "auth.forward.tls.key", "text", one(func(b *entryBuilder) *string { return &b.forwardTLS().Key })},
	{"Auth.Forward.TLS.InsecureSkipVerify", "auth.forward.tls.insecureSkipVerify", "bool", toggle(func(b *entryBuilder) *bool { return &b.forwardTLS().InsecureSkipVerify })},
	{"Auth.HeaderField", "", "text", one(func(b *entryBuilder) *string { return &b.authentication().headerField })},
	{"WhiteListSourceRange", "whitelistSourceRange", "list", many(func(b *entryBuilder) *[]string { return &b.whiteList().old })},
	{"WhiteList.SourceRange", "", "list", many(func(b *entryBuilder) *[]string { return &b.whiteList().ranges })},
	{"WhiteList.UseXForwardedFor", "", "bool", toggle(func(b *entryBuilder) *bool { return &b.whiteList().AnyForwarded })},
	{"ProxyProtocol.TrustedIPs", "", "list", func(b *entryBuilder, values []string) (err error) {
		b.proxyProtocol().TrustedIPs, err = prefixes(values)
		return err
	}},
	{"ProxyProtocol.Insecure", "", "bool", toggle(func(b *entryBuilder) *bool { return &b.proxyProtocol().TrustAll })},
	{"ForwardedHeaders.TrustedIPs", "", "list", func(b *entryBuilder, values []string) (err error) {
		b.TrustAll = false
		b.TrustedIPs, err = prefixes(values)
		return err
	}},
	{"ForwardedHeaders.Insecure", "", "bool", toggle(func(b *entryBuilder) *bool { return &b.TrustAll })},
}

// entryOptionOf finds an option by the name that --entryPoints has for it.
func entryOptionOf(name string) *entryOption {
	for i := range entryOptions {
		if strings.EqualFold(entryOptions[i].name, name) {
			return &entryOptions[i]
		}
	}
	return nil
}

func entryOptionNames() []string {
	var all []string
	for _, o := range entryOptions {
		all = append(all, o.name)
	}
	return all
}

func one(field func(*entryBuilder) *string) func(*entryBuilder, []string) error {
	return func(b *entryBuilder, values []string) error {
		*field(b) = strings.Join(values, ",")
		return nil
	}
}

func many(field func(*entryBuilder) *[]string) func(*entryBuilder, []string) error {
	return func(b *entryBuilder, values []string) error {
		*field(b) = values
		return nil
	}
}

func toggle(field func(*entryBuilder) *bool) func(*entryBuilder, []string) error {
	return func(b *entryBuilder, values []string) error {
		*field(b) = on(strings.Join(values, ","))
		return nil
	}
}

// compress is on by its header alone in a TOML file; in the string syntax it needs its word.
func compress(b *entryBuilder, values []string) error {
	b.Compress = on(strings.Join(values, ","))
	return nil
}

// toggleHTTP3 is on by its word alone, or by its header in a TOML file.
func toggleHTTP3(b *entryBuilder, values []string) error {
	if text := strings.Join(values, ","); text == "" || on(text) {
		b.http3()
	}
	return nil
}

func advertisedPort(b *entryBuilder, values []string) error {
	text := strings.Join(values, ",")
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return fmt.Errorf("%q is no port: they go from 1 to 65535", text)
	}
	b.http3().AdvertisedPort = int(port)
	return nil
}

func certificates(b *entryBuilder, pairs []string) error {
	b.tls()
	for _, pair := range pairs {
		cert, key, ok := strings.Cut(pair, ",")
		if !ok || strings.Contains(key, ",") || cert == "" || key == "" {
			return errors.New("a certificate is its file and its key's, with a comma between them; several of them have a semicolon between them")
		}
		b.TLS.Certificates = append(b.TLS.Certificates, proxy.Certificate{Cert: cert, Key: key})
	}
	return nil
}

var versions = map[string]uint16{
	"VersionTLS10": tls.VersionTLS10, "VersionTLS11": tls.VersionTLS11, "VersionTLS12": tls.VersionTLS12, "VersionTLS13": tls.VersionTLS13,
}

// minVersion leaves out what it does not know, as 1.x does; our own minimum is no weaker.
func minVersion(b *entryBuilder, values []string) error {
	b.tls().MinVersion = versions[strings.Join(values, ",")]
	return nil
}

// weakVersion tells of a minimum that is none, or lets clients speak what has been broken.
func weakVersion(option, value string) []string {
	switch version, known := versions[value]; {
	case !known:
		return []string{fmt.Sprintf("option %s: %q is not known, so TLS 1.2 holds; write VersionTLS12 or VersionTLS13", option, value)}
	case version < tls.VersionTLS12:
		return []string{fmt.Sprintf("option %s: %s has been broken, and clients that need it are few", option, value)}
	}
	return nil
}

// weakSuites tells of cipher suites that have been broken.
func weakSuites(option string, names []string) (texts []string) {
	for _, s := range tls.InsecureCipherSuites() {
		if slices.Contains(names, s.Name) {
			texts = append(texts, fmt.Sprintf("option %s: %s has been broken", option, s.Name))
		}
	}
	return texts
}

func cipherSuites(b *entryBuilder, names []string) error {
	for _, name := range names {
		id, ok := cipherSuite(name)
		if !ok {
			return fmt.Errorf("%q is not a cipher suite: write TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, for example", name)
		}
		b.tls().CipherSuites = append(b.TLS.CipherSuites, id)
	}
	return nil
}

func cipherSuite(name string) (uint16, bool) {
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if s.Name == name {
			return s.ID, true
		}
	}
	return 0, false
}

func prefixes(texts []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range texts {
		prefix, err := parsePrefix(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a range", text)
		}
		all = append(all, prefix)
	}
	return all, nil
}

// An entryBuilder is an entry point in the making. Its sections are there once an option of theirs is.
type entryBuilder struct {
	proxy.EntryPointOptions
	redirect *entryRedirect
	auth     *entryAuth
	allow    *entryWhiteList
}

type entryRedirect struct {
	entryPoint, regex, replacement string
	permanent                      bool
}

type entryAuth struct {
	basic       *rules.BasicAuth
	digest      *rules.DigestAuth
	forward     *rules.ForwardAuth
	headerField string
}

type entryWhiteList struct {
	rules.AllowList
	ranges, old []string
}

func (b *entryBuilder) tls() *proxy.TLS                     { return present(&b.TLS) }
func (b *entryBuilder) http3() *proxy.HTTP3                 { return present(&b.HTTP3) }
func (b *entryBuilder) redirectTo() *entryRedirect          { return present(&b.redirect) }
func (b *entryBuilder) authentication() *entryAuth          { return present(&b.auth) }
func (b *entryBuilder) basic() *rules.BasicAuth             { return present(&b.authentication().basic) }
func (b *entryBuilder) digest() *rules.DigestAuth           { return present(&b.authentication().digest) }
func (b *entryBuilder) forward() *rules.ForwardAuth         { return present(&b.authentication().forward) }
func (b *entryBuilder) forwardTLS() *rules.ClientTLS        { return present(&b.forward().TLS) }
func (b *entryBuilder) whiteList() *entryWhiteList          { return present(&b.allow) }
func (b *entryBuilder) proxyProtocol() *proxy.ProxyProtocol { return present(&b.ProxyProtocol) }

// present makes a section where there is none.
func present[T any](section **T) *T {
	if *section == nil {
		*section = new(T)
	}
	return *section
}

// finish makes the filters, in the order in which Traefik 1.x runs them.
func (b *entryBuilder) finish() (proxy.EntryPointOptions, error) {
	for _, add := range []func() error{b.addRedirect, b.addAuth, b.addWhiteList, b.checkProxyProtocol, b.checkHTTP3} {
		if err := add(); err != nil {
			return b.EntryPointOptions, err
		}
	}
	return b.EntryPointOptions, nil
}

func (b *entryBuilder) add(f rules.Filter) { b.Filters = append(b.Filters, f) }

func (b *entryBuilder) addRedirect() error {
	r := b.redirect
	switch {
	case r == nil:
		return nil
	case r.entryPoint != "":
		b.add(rules.RedirectEntryPoint{Name: r.entryPoint, Permanent: r.permanent})
		return nil
	case r.regex == "" || r.replacement == "":
		return errors.New("option Redirect needs EntryPoint, or both Regex and Replacement")
	}
	expression, err := regexp.Compile(r.regex)
	if err != nil {
		return fmt.Errorf("option Redirect.Regex: %w", err)
	}
	b.add(rules.Redirect{Regexp: expression, Replacement: r.replacement, Permanent: r.permanent})
	return nil
}

// addAuth takes the first kind of the three, as 1.x does.
func (b *entryBuilder) addAuth() error {
	a := b.auth
	switch {
	case a == nil:
		return nil
	case a.basic != nil:
		a.basic.HeaderField = a.headerField
		b.add(*a.basic)
	case a.digest != nil:
		a.digest.HeaderField = a.headerField
		b.add(*a.digest)
	case a.forward == nil:
		return errors.New("option Auth names neither Basic nor Digest nor Forward, so that nobody could come in")
	case a.forward.Address == "":
		return errors.New("option Auth.Forward has no Address to ask")
	default:
		a.forward.HeaderField = a.headerField
		b.add(*a.forward)
	}
	return nil
}

func (b *entryBuilder) addWhiteList() (err error) {
	w := b.allow
	if w == nil {
		return nil
	}
	texts := w.ranges
	if len(texts) == 0 {
		texts = w.old
	}
	if len(texts) == 0 {
		return errors.New("option WhiteList has no SourceRange, so that nobody could come in")
	}
	if w.Ranges, err = prefixes(texts); err != nil {
		return fmt.Errorf("option WhiteList.SourceRange: %w", err)
	}
	b.add(w.AllowList)
	return nil
}

func (b *entryBuilder) checkHTTP3() error {
	if b.HTTP3 != nil && b.TLS == nil {
		return errors.New("option HTTP3 needs TLS: there is no HTTP/3 in clear")
	}
	return nil
}

func (b *entryBuilder) checkProxyProtocol() error {
	if p := b.ProxyProtocol; p != nil && !p.TrustAll && len(p.TrustedIPs) == 0 {
		return errors.New("option ProxyProtocol trusts nobody: give ProxyProtocol.TrustedIPs, or leave it out")
	}
	return nil
}
