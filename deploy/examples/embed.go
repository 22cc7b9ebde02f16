// Package examples holds stack files to deploy as they stand. `appia demo` carries and serves them.
package examples

import "embed"

// Files are the stack files of this folder.
//
//go:embed *.yml
var Files embed.FS
