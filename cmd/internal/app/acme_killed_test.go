//go:build linux

package app

import (
	"flag"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/appia-edge/appia/rules"
)

var conformance = flag.Bool("conformance", false, "run the tests that take minutes, too")

// A process that is killed while the CA looks for its challenge leaves a lock that nobody renews, and an order in the middle.
func TestTheRouterThatOrdersIsKilledAndAnotherFinishes(t *testing.T) {
	if !*conformance {
		t.Skip("most of a minute: make conformance")
	}
	ca := newPebble(t, time.Hour)
	engine, endpoint := newEngine(t)
	flags := ordering(t, ca.directory, ca.rootsFile, "--acme.tlsChallenge")
	deployShop(t, engine)

	binary, err := os.Executable()
	must(t, err)
	first := exec.Command(binary, append([]string{"--docker", "--docker.swarmmode", "--docker.endpoint=" + endpoint, "--stateDir=", "--entryPoints=Name:http Address:127.0.0.1:0"}, flags...)...)
	first.Env = append(os.Environ(), backendVariable+"=127.0.0.1:1")
	first.Stderr = &ca.said
	must(t, first.Start())
	<-ca.came // to nobody yet: the CA waits, and the order with it
	must(t, first.Process.Kill())
	_ = first.Wait()
	if engine.Configs() == 0 {
		t.Fatal("it has left nothing")
	}

	second := start(t, engine, endpoint, flags...)
	second.until("anything", func(*rules.Table) bool { return true })
	ca.route(second.at("https"))
	second.patience = 2 * time.Minute
	second.serves("shop.test", ca.roots())
	if n := ca.issued(); n != 1 {
		t.Errorf("%d certificates were issued", n)
	}
}
