package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/appia-edge/appia/cmd/internal/check"
	"github.com/appia-edge/appia/cmd/internal/explain"
	"github.com/appia-edge/appia/rules"
)

// questions are explain's flags.
type questions struct {
	fields    []string
	client    string
	request   explain.Request
	stacks    []string
	recording string
	api       string
	networks  []string
	json      bool
}

// newExplain says what becomes of a request, and why.
func newExplain() *cobra.Command {
	var q questions
	cmd := &cobra.Command{
		Use: "explain [flags] {METHOD URL | act MESSAGE} [-- the router's flags]", Short: "Tell where a request goes, and why there",
		DisableFlagsInUseLine: true,
		Long: "Tell what becomes of a request: every route that is a candidate, in the order in which they are tried, and what keeps\n" +
			"it from matching; those that would and are not served; the one that wins; what it makes of the path; what each filter does;\n" +
			"the endpoints, and whose turn is next; and what the client gets. Filters that count or ask somebody are said to do so.\n" +
			"Nothing is sent to a service, and no turn is taken. With act it is a message of Seneca: which pin takes it, and who gets copies.\n\n" +
			"A running router is asked by its API, at http://127.0.0.1:8080 unless --api says otherwise. With --stack or --snapshot\n" +
			"it is what a router would make of these files; as for appia check, its flags stand behind -- or in the files.",
		Example: "  appia explain GET https://api.example.com/v3/user/7 -H 'X-Foo: bar'\n  appia explain GET api.example.com/v3 --api http://router:8080\n" +
			"  appia explain POST http://shop.example.com/cart --stack traefik.yml --stack shop.yml\n  appia explain act '{\"role\":\"math\",\"cmd\":\"sum\"}'",
		RunE: func(cmd *cobra.Command, args []string) error {
			own, router := cutAtDash(cmd, args)
			answer, err := q.ask(cmd.Context(), own, router)
			if err != nil {
				return exit{2, fmt.Errorf("explain: %w", err)}
			}
			if !q.json {
				return answer.Print(cmd.OutOrStdout())
			}
			e := json.NewEncoder(cmd.OutOrStdout())
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			return e.Encode(answer)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVarP(&q.fields, "header", "H", nil, "a `field` of the request, as in -H 'Name: value'; may be repeated")
	flags.StringVar(&q.client, "client", "", "the client's `address`")
	flags.StringVar(&q.request.EntryPoint, "entryPoint", "", "the entry point, by `name`; else the one that listens on the URL's port")
	flags.StringArrayVar(&q.stacks, "stack", nil, "a stack `file`, or a folder of them; may be repeated")
	flags.StringVar(&q.recording, "snapshot", "", "a `file` that appia snapshot has written")
	flags.StringVar(&q.api, "api", "", "the `url` of a router's API, with --web.path if it has one")
	flags.StringArrayVar(&q.networks, "network", nil, "with files: a network that the router is on, by `name`; may be repeated")
	flags.BoolVar(&q.request.All, "all", false, "show every route, those for other hosts too")
	flags.BoolVar(&q.json, "json", false, "write JSON for machines")
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return exit{2, helpful("explain", err, cmd.Flags().FlagUsages())}
	})
	return cmd
}

func (q *questions) ask(ctx context.Context, args, router []string) (*explain.Answer, error) {
	if len(args) == 1 && strings.ContainsAny(args[0], "./:") {
		return nil, fmt.Errorf("a method is needed too, as in appia explain GET %s", args[0])
	}
	if len(args) != 2 {
		return nil, errors.New("a method and a URL are needed, as in appia explain GET https://api.example.com/v3")
	}
	q.request.Method, q.request.URL = strings.ToUpper(args[0]), args[1]
	if q.request.Method == "ACT" {
		q.request.Message = args[1]
	}
	if err := q.readFields(); err != nil {
		return nil, err
	}
	files := q.stacks
	if q.recording != "" {
		files = append(files, q.recording)
	}
	if len(files) == 0 {
		return q.askRouter(ctx)
	}
	if q.api != "" {
		return nil, errors.New("either --api or files: a router knows its own swarm")
	}
	return q.askFiles(ctx, files, router)
}

func (q *questions) readFields() (err error) {
	q.request.Header = http.Header{}
	for _, field := range q.fields {
		name, value, found := strings.Cut(field, ":")
		if !found {
			return fmt.Errorf("-H %q: write a name, a colon and a value, as in -H 'X-Foo: bar'", field)
		}
		q.request.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if q.client != "" {
		if q.request.Client, err = netip.ParseAddr(q.client); err != nil {
			return fmt.Errorf("--client %s: this is no address", q.client)
		}
	}
	return nil
}

// askFiles explains by the table that a router would make of files.
func (q *questions) askFiles(ctx context.Context, files, router []string) (*explain.Answer, error) {
	w, err := check.Read(ctx, check.Options{Paths: files, Stdin: os.Stdin, Router: router, Networks: q.networks, Lookup: os.LookupEnv})
	if err != nil {
		return nil, err
	}
	world := explain.World{
		Table: w.Table, Groups: explain.Resting(w.Table), EntryPoints: explain.EntryPoints(w.Config.EntryPoints),
		Diagnostics: w.Told, Passwords: true, Hidden: w.Hidden,
	}
	answer, err := explain.Ask(world, q.request)
	if err != nil {
		return nil, err
	}
	answer.Notes = append(slices.Concat(w.Remarks, answer.Notes), "health is not known from files, and addresses of a stack's tasks are made up")
	if n := w.Count(rules.Error); n > 0 {
		answer.Notes = append(answer.Notes, "appia check tells "+errorsIn(n)+" in these files")
	}
	return answer, nil
}

func errorsIn(n int) string {
	if n == 1 {
		return "1 error"
	}
	return strconv.Itoa(n) + " errors"
}

// patience is how long a router may take to answer.
const patience = 10 * time.Second

func (q *questions) askRouter(ctx context.Context) (*explain.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	at := q.api
	if at == "" {
		at = "http://127.0.0.1:8080"
	}
	if !strings.Contains(at, "://") {
		at = "http://" + at
	}
	form := url.Values{"method": {q.request.Method}, "url": {q.request.URL}, "all": {strconv.FormatBool(q.request.All)},
		"client": {q.client}, "entryPoint": {q.request.EntryPoint}, "header": q.fields}
	if q.request.Message != "" {
		form.Set("act", q.request.Message)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(at, "/")+"/api/explain?"+form.Encode(), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, fmt.Errorf("no router answers at %s (%w); --api names another, --stack and --snapshot do without one", at, err)
	}
	defer response.Body.Close()
	return readAnswer(response)
}

// longest is how much of an answer is read.
const longest = 16 << 20

func readAnswer(response *http.Response) (*explain.Answer, error) {
	text, err := io.ReadAll(io.LimitReader(response.Body, longest))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the router answers %s: %s", response.Status, strings.TrimSpace(string(text[:min(len(text), 300)])))
	}
	answer := &explain.Answer{}
	if err := json.Unmarshal(text, answer); err != nil {
		return nil, fmt.Errorf("what answers is no API of Appia: %w", err)
	}
	return answer, nil
}
