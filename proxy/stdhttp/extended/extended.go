// Package extended has net/http take extended CONNECT requests (RFC 8441), by which WebSockets come over HTTP/2. It does so only if
// GODEBUG says http2xconnect=1 when it is initialised, and has no other switch (golang/go#71128).
//
// A package is initialised before another that comes after it in the order of import paths, once what it imports is (the language
// specification, "Program initialization"). This one imports os alone, which net/http needs too, and its path comes first.
package extended

import "os"

//nolint:gochecknoinits // see above
func init() {
	setting := "http2xconnect=1"
	if others := os.Getenv("GODEBUG"); others != "" {
		setting = others + "," + setting
	}
	_ = os.Setenv("GODEBUG", setting)
}
