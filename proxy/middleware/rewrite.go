package middleware

import (
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A rewriter changes the path at its place in the chain. Those that a chain begins with never come here: the proxy does
// them with the rule's own modifiers.
type rewriter struct{ rules.Rewrite }

// Request implements Asker.
func (r rewriter) Request(v *Visit) *message.Response {
	q := v.Exchange.Request()
	path, trace := v.Route.RewriteBy(r.Rewrite, rules.Path{Decoded: q.Path, Raw: q.RawPath})
	q.Path, q.RawPath = path.Decoded, path.Raw
	for _, prefix := range trace.Prefix {
		if prefix != "" {
			q.Fields.Add("X-Forwarded-Prefix", prefix)
		}
	}
	for _, replaced := range trace.Replaced {
		if replaced != "" {
			q.Fields.Add("X-Replaced-Path", replaced)
		}
	}
	return nil
}
