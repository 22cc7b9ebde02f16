package admin

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"net/http"
	"time"
)

// The dashboard is a page that needs nothing but these files and /api/overview: no other host, no framework.
//
//go:embed dashboard
var dashboard embed.FS

// assets are the files of the page.
var assets = []string{"dashboard.css", "dashboard.js", "icon.svg"}

// asset serves a file. Its hash is its version: a new router's page is never an old router's script.
func asset(name string) http.HandlerFunc {
	text, err := dashboard.ReadFile("dashboard/" + name)
	if err != nil {
		panic(err) // it is embedded, or this is no program
	}
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256(text))
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(text))
	}
}
