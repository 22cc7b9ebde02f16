package config

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/proxy"
	"github.com/appia-edge/appia/rules"
)

// parseEntryPoint reads an entry point as Traefik 1.x writes it, "Name:http Address::80 compress:true": options
// between white space, each cut at its first colon, names without case.
func parseEntryPoint(text string) (proxy.EntryPointOptions, []string, error) {
	e := proxy.EntryPointOptions{TrustAll: true}
	var warnings []string
	for word := range strings.FieldsSeq(unquote(text)) {
		key, value, _ := strings.Cut(word, ":")
		warning, err := setEntryPoint(&e, key, value)
		if err != nil {
			return e, nil, fmt.Errorf("entry point %q: %w", text, err)
		}
		if warning != "" {
			warnings = append(warnings, fmt.Sprintf("entry point %q: %s", text, warning))
		}
	}
	if err := checkEntryPoint(&e, text); err != nil {
		// What is missing may well stand there in another spelling, which a warning has just named.
		return e, nil, errors.Join(append([]error{err}, asErrors(warnings)...)...)
	}
	return e, warnings, nil
}

func asErrors(texts []string) []error {
	var all []error
	for _, text := range texts {
		all = append(all, errors.New(text))
	}
	return all
}

func checkEntryPoint(e *proxy.EntryPointOptions, text string) error {
	if e.Name == "" {
		return fmt.Errorf("entry point %q has no name; write Name:http Address::80", text)
	}
	_, port, err := net.SplitHostPort(e.Address)
	if err != nil {
		return fmt.Errorf("entry point %q: address %q: give a port, as in Address::80", text, e.Address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 && port != "0" {
		return fmt.Errorf("entry point %q: %q is no port: they go from 1 to 65535", text, port)
	}
	return nil
}

// The options of Traefik 1.x that change who may come in and how. Serving an entry point without
// them would open what its author meant to be shut, so that they stop the router instead.
var unserved = []string{"TLS", "CA", "Redirect", "Auth", "WhiteList", "WhiteListSourceRange", "ProxyProtocol"}

var served = []string{"Name", "Address", "Compress", "ForwardedHeaders.TrustedIPs", "ForwardedHeaders.Insecure"}

func setEntryPoint(e *proxy.EntryPointOptions, key, value string) (warning string, err error) {
	switch strings.ToLower(key) {
	case "name":
		e.Name = value
	case "address":
		e.Address = value
	case "compress":
		e.Compress = on(value)
	case "forwardedheaders.insecure":
		e.TrustAll = on(value)
	case "forwardedheaders.trustedips":
		return "", setTrusted(e, value)
	default:
		return unknownEntryPoint(key)
	}
	return "", nil
}

func setTrusted(e *proxy.EntryPointOptions, list string) error {
	for item := range strings.SplitSeq(list, ",") {
		prefix, err := parsePrefix(strings.TrimSpace(item))
		if err != nil {
			return fmt.Errorf("ForwardedHeaders.TrustedIPs: %q is neither an address nor a range", item)
		}
		e.TrustedIPs = append(e.TrustedIPs, prefix)
	}
	e.TrustAll = false
	return nil
}

func unknownEntryPoint(key string) (warning string, err error) {
	family, _, _ := strings.Cut(key, ".")
	if slices.ContainsFunc(unserved, func(known string) bool { return strings.EqualFold(known, family) }) {
		return "", fmt.Errorf("option %s of Traefik 1.x is not served by this version of Appia; "+
			"leaving it out would open what it was to protect, so that Appia does not start with it", key)
	}
	near, ok := rules.Nearest(key, served)
	if !ok {
		return fmt.Sprintf("option %q is not known and has no effect", key), nil
	}
	return fmt.Sprintf("option %q is not known and has no effect; did you mean %s?", key, near), nil
}

// on is how an entry point spells true.
func on(value string) bool {
	switch strings.ToLower(value) {
	case "true", "on", "enable":
		return true
	}
	return false
}

// unquote removes one pair of quotes around a value: in a YAML list they arrive as they stand.
func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
