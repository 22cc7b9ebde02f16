// Command stock is a service of messages without a word of Seneca in it: JSON is posted to it, and it answers with JSON.
package main

import (
	"cmp"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	server := &http.Server{Addr: ":" + cmp.Or(os.Getenv("PORT"), "10101"), Handler: http.HandlerFunc(answer), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// A message has more keys than these; those of Seneca's own end in $ and are for others to read.
type message struct {
	Item string `json:"item"`
}

func answer(w http.ResponseWriter, r *http.Request) {
	var m message
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil || m.Item == "" {
		reply(w, http.StatusInternalServerError, map[string]any{"code": "no_item", "message": "name an item", "meta$": map[string]any{"error": true}})
		return
	}
	reply(w, http.StatusOK, map[string]any{"item": m.Item, "left": 7, "by": "go"})
}

func reply(w http.ResponseWriter, status int, what any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(what)
}
