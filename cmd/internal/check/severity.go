package check

import (
	"github.com/appia-edge/appia/discovery/labels"
	"github.com/appia-edge/appia/rules"
)

// The router says what a mistake costs its requests: an unknown label is a warning, since the route is served without it.
// Here the question is the author's: does the route do what is written? What keeps it from that is an error, whatever else
// of it works. A warning is what works and may surprise.

// broken are the codes whose diagnostics say that something written has no effect, or another one.
var broken = set(
	labels.UnknownLabel, labels.ValueInName, labels.LabelsOnContainer, labels.LabelNotServed,
	labels.ProtectionNotServed, labels.NotPerSegment, labels.BadBoolean, labels.BadNumber, labels.BadDuration, labels.BadPair,
	labels.BadChoice, labels.BadPath, labels.BadPort, labels.BadProtocol, labels.BadWeight, labels.BadExtractor, labels.NoPort,
	labels.NoRule, labels.NetworkNotAttached, labels.NetworkNotShared, labels.NoCommonNetwork, labels.AmbiguousNetwork,
	labels.NoVirtualAddress, labels.BadStatus, labels.BadRate, labels.BadExpression, labels.MissingOption, labels.NoRouter,
	labels.NoService, labels.BadService, labels.NoMiddleware, labels.BadMiddleware,
	rules.NotUTF8, rules.EmptyRule, rules.UnknownMatcher, rules.MissingArgument, rules.OddHeaders, rules.BadQuery, rules.BadRegexp,
	rules.BadTemplate, rules.SeparatorInBrace, rules.RegexpOutside, rules.HostNotPlain, rules.DisjointHosts, rules.StripTemplate,
	rules.BadReplacement, rules.CommaForSemicolon, rules.NoOperators, rules.StrangeCharacter, rules.NoTemplates, rules.HostNotASCII,
	rules.PathEscaped, rules.UnknownPart, rules.CircularService, rules.UnknownPage, rules.UnknownEntryPoint, rules.NoEntryPoint, rules.UnknownService, rules.HiddenRoute,
)

// odd are the codes of what works otherwise than it reads.
var odd = set(rules.UnevenShares)

func set(codes ...string) map[string]bool {
	all := map[string]bool{}
	for _, code := range codes {
		all[code] = true
	}
	return all
}

// severityOf is what a diagnostic costs its author. A remark stays one: it says that nothing is lost.
func severityOf(d rules.Diagnostic) rules.Severity {
	switch {
	case broken[d.Code] && d.Severity == rules.Warning:
		return rules.Error
	case odd[d.Code]:
		return max(d.Severity, rules.Warning)
	}
	return d.Severity
}
