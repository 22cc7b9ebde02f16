package app

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/appia-edge/appia/cmd/internal/config"
)

func TestCAsOfEndpointsAreFilesOrTexts(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	file := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		c    config.Config
		good bool
	}{
		{"a file", config.Config{RootCAs: []string{file}}, true},
		{"a text", config.Config{RootCAs: []string{text}}, true},
		{"none, and nobody asks", config.Config{SkipVerify: true}, true},
		{"the system's", config.Config{}, false},
	} {
		settings, err := endpointTLS(&row.c)
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: settings, DisableKeepAlives: true}}
		answer, err := client.Get(server.URL)
		if err == nil {
			answer.Body.Close()
		}
		if row.good != (err == nil) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	if _, err := endpointTLS(&config.Config{RootCAs: []string{"/no/such/file"}}); err == nil {
		t.Error("a file that is not there is no error")
	}
}
