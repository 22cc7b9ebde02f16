package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The images of deploy/examples/messages are made of this machine's node and JVM with the libraries that they need, and of npm's
// seneca: no registry of images is asked.

// messagesNeed skips a test that this machine has not the languages for, where skipping is allowed.
func messagesNeed(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"node", "npm", "java", "jlink", "ldd"} {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if os.Getenv("REQUIRE_ALL") != "" {
			t.Fatal(tool + " is not installed: run deploy/e2e/prepare")
		}
		t.Skip(tool + " is not installed")
	}
}

const exampleOfMessages = deployed + "examples/messages/"

func buildMessages(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	b := imageBuilder{t: t, ctx: ctx, folder: filepath.Join(world.Folder(), "messages")}
	b.node()
	for _, image := range []struct{ name, script, env string }{
		{"example/math:1", "math.js", "NAME=math"}, {"example/math:2", "math.js", "NAME=next DIALECT=modern"}, {"example/math:3", "math.js", "NAME=three DIALECT=modern"},
		{"example/audit:1", "audit.js", "NAME=audit"}, {"example/caller:1", "wait.js", "APPIA=tasks.appia"},
	} {
		b.image(image.name, "FROM example/node:20\nENV "+image.env+"\nCMD [\"/usr/bin/node\", \"/app/"+image.script+"\"]\n", b.folder)
	}
	b.jvm()
	b.stock()
}

type imageBuilder struct {
	t      *testing.T
	ctx    context.Context
	folder string
}

func (b imageBuilder) run(name string, args ...string) {
	b.t.Helper()
	if out, err := exec.CommandContext(b.ctx, name, args...).CombinedOutput(); err != nil {
		b.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

func (b imageBuilder) image(name, dockerfile, place string) {
	b.t.Helper()
	file := filepath.Join(b.folder, "Dockerfile."+strings.NewReplacer("/", "-", ":", "-").Replace(name))
	b.write(file, dockerfile)
	if _, err := world.Docker(b.ctx, "build", "-q", "-f", file, "-t", name, place); err != nil {
		b.t.Fatal(err)
	}
}

func (b imageBuilder) write(file, text string) {
	b.t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// node is an image of the machine's node, with seneca and the example's scripts.
func (b imageBuilder) node() {
	b.t.Helper()
	tree := filepath.Join(b.folder, "node")
	app := filepath.Join(tree, "app")
	b.run("mkdir", "-p", app, filepath.Join(tree, "usr/bin"))
	path, err := exec.LookPath("node")
	if err != nil {
		b.t.Fatal(err)
	}
	b.run("cp", "-L", path, filepath.Join(tree, "usr/bin/node"))
	b.libraries(tree, path)
	b.run("npm", "install", "--prefix", app, "--no-audit", "--no-fund", "seneca@3.38")
	for _, script := range []string{"math.js", "audit.js", "call.js"} {
		b.run("cp", exampleOfMessages+script, app)
	}
	b.write(filepath.Join(app, "wait.js"), "process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1e6)\n")
	b.image("example/node:20", "FROM scratch\nCOPY . /\nWORKDIR /app\n", tree)
	b.run("mkdir", "-p", b.folder)
	b.run("rm", "-rf", tree) // what follows has this folder for its context
}

// libraries copies what programs are linked with.
func (b imageBuilder) libraries(tree string, programs ...string) {
	b.t.Helper()
	script := `for f in "$@"; do ldd "$f" 2>/dev/null || true; done | grep -o '/[^ ]*' | grep -v "^$TREE" | sort -u | while read -r lib; do mkdir -p "$TREE$(dirname "$lib")"; cp -L "$lib" "$TREE$lib"; done`
	cmd := exec.CommandContext(b.ctx, "bash", append([]string{"-c", script, "bash"}, programs...)...)
	cmd.Env = append(os.Environ(), "TREE="+tree)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("libraries: %v\n%s", err, out)
	}
}

// jvm is an image of the JDK's modules that Tax.java needs, its compiler included: it is run from its source.
func (b imageBuilder) jvm() {
	b.t.Helper()
	tree := filepath.Join(b.folder, "jvm")
	b.run("mkdir", "-p", tree+"/opt", tree+"/app", tree+"/tmp")
	b.run("jlink", "--add-modules", "java.base,java.net.http,jdk.httpserver,jdk.compiler", "--strip-debug", "--output", tree+"/opt/java")
	found, err := exec.CommandContext(b.ctx, "find", tree+"/opt/java", "-name", "*.so").Output()
	if err != nil {
		b.t.Fatal(err)
	}
	b.libraries(tree, append(strings.Fields(string(found)), tree+"/opt/java/bin/java")...)
	b.run("cp", exampleOfMessages+"Tax.java", tree+"/app")
	b.image("example/tax:1", "FROM scratch\nCOPY . /\nWORKDIR /app\nENV APPIA_URL=http://tasks.appia:10101/act\nCMD [\"/opt/java/bin/java\", \"Tax.java\"]\n", tree)
	b.run("rm", "-rf", tree)
}

func (b imageBuilder) stock() {
	b.t.Helper()
	place := filepath.Join(b.folder, "stock")
	b.run("mkdir", "-p", place)
	build := exec.CommandContext(b.ctx, "go", "build", "-o", place+"/stock", "./"+exampleOfMessages+"stock")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.t.Fatal(fmt.Errorf("go build: %w\n%s", err, out))
	}
	b.image("example/stock:1", "FROM scratch\nCOPY stock /stock\nCMD [\"/stock\"]\n", place)
}
