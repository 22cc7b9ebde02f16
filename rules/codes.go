package rules

// Codes of diagnostics are stable: people grep for them, machines count them.
const (
	StrayQuotes      = "stray-quotes"
	NotUTF8          = "not-utf8"
	EmptyRule        = "empty-rule"
	UnknownMatcher   = "unknown-matcher"
	MissingArgument  = "missing-argument"
	OddHeaders       = "odd-headers"
	BadQuery         = "bad-query"
	BadRegexp        = "bad-regexp"
	BadTemplate      = "bad-template"
	SeparatorInBrace = "separator-in-braces"
	RegexpOutside    = "regexp-outside-braces"
	HostNotPlain     = "host-not-plain"
	HostLiteral      = "host-regexp-literal"
	DisjointHosts    = "disjoint-hosts"
	PathWithoutSlash = "path-without-slash"
	StripTemplate    = "strip-template"
	ColonsDropped    = "colons-dropped"
	LastCounts       = "last-argument-counts"
	BadReplacement   = "bad-replacement"
	MatchesAll       = "matches-everything"

	CommaForSemicolon = "comma-for-semicolon"
	NoOperators       = "no-operators"
	StrangeCharacter  = "strange-character"
	NoTemplates       = "template-not-filled"
	HostNotASCII      = "host-not-ascii"
	PathEscaped       = "path-escaped"

	RuleSyntax         = "rule-syntax"
	MissingParenthesis = "missing-parenthesis"
	MissingQuotes      = "missing-quotes"
	OtherDialect       = "rule-of-other-dialect"
	OtherSyntax        = "rule-of-other-syntax"
	NeedsTLS           = "sni-without-tls"
	BadALPN            = "bad-alpn"
	BadClientIP        = "bad-client-ip"
	RegexpTooBig       = "regexp-too-big"
	RuleTooBig         = "rule-too-big"
	BadPin             = "bad-pin"
	ActNotAlone        = "act-not-alone"

	UnknownEntryPoint     = "unknown-entry-point"
	NoEntryPoint          = "no-entry-point"
	UnknownService        = "unknown-service"
	UnknownPart           = "unknown-part"
	CircularService       = "circular-service"
	UnknownPage           = "unknown-page"
	ServiceSettingsDiffer = "service-settings-differ"
	UnevenShares          = "uneven-shares"
	AmbiguousRoute        = "ambiguous-route"
	HiddenRoute           = "hidden-route"
	RouteOptionsDiffer    = "route-options-differ"
	TakesAll              = "tcp-takes-all"
	PrefixFallsInto       = "prefix-falls-into"
	ActEntryPoint         = "act-entry-point"
)

// A CodeDoc says in a line what a code means.
type CodeDoc struct{ Code, Doc string }

// Codes lists the codes of this package, those of rules before those of the whole table.
func Codes() []CodeDoc {
	return []CodeDoc{
		{StrayQuotes, "Double quotes at the end of a rule, a part or an argument were removed."},
		{NotUTF8, "The rule is not valid UTF-8 text; the route is not served."},
		{EmptyRule, "The rule has no part; the route is not served."},
		{UnknownMatcher, "The rule uses a function that does not exist, or in the wrong case; the route is not served."},
		{MissingArgument, "A function of the rule has no argument; the route is not served, or the argument never matches."},
		{OddHeaders, "Headers and HeadersRegexp take names and values in pairs; the route is not served."},
		{BadQuery, "Query takes arguments of the form name=value; the route is not served."},
		{BadRegexp, "A regexp of Query or HeadersRegexp is not valid; the route is not served."},
		{BadTemplate, "Braces or a regexp in a host or path are not valid: it never matches."},
		{SeparatorInBrace, "A comma or semicolon inside braces cuts the regexp in two: it never matches."},
		{RegexpOutside, "Text outside braces is literal; a regexp there matches nothing."},
		{HostNotPlain, "Host takes plain names: with a port, a path, a space or a * it never matches."},
		{HostLiteral, "HostRegexp without braces is the same as Host."},
		{DisjointHosts, "Two Host parts must both hold, and no host is in both."},
		{PathWithoutSlash, "A path without a leading slash never matches; AddPrefix and ReplacePath put one in front."},
		{StripTemplate, "A Strip function removes literal text only; requests that match by a regexp are answered 404."},
		{ColonsDropped, "Colons that are doubled, or stand at an end, vanish from the argument."},
		{LastCounts, "Of several arguments of a modifier, or several Strip functions, the last counts."},
		{BadReplacement, "ReplacePathRegex is not \"regexp replacement\"; the path stays as it is."},
		{MatchesAll, "The rule has only modifiers and so matches every request."},
		{CommaForSemicolon, "A function stands among the arguments of another, where it never matches: a semicolon joins functions."},
		{NoOperators, "There is no || and no &&: a comma joins alternatives, a semicolon what must hold together."},
		{StrangeCharacter, "Typographic quotes or characters without a width: a host with one never matches."},
		{NoTemplates, "A template in a label is filled in by nobody; the rule is taken as it is written."},
		{HostNotASCII, "A host with letters beyond ASCII never matches: clients ask for its xn-- form."},
		{PathEscaped, "Paths are compared in their decoded form, so one with escapes like %20 never matches."},
		{RuleSyntax, "The rule has no matcher, operator or argument where one must stand; the route is not served."},
		{MissingParenthesis, "A parenthesis of the rule is missing or too much; the route is not served."},
		{MissingQuotes, "An argument of a matcher stands without backticks, or between single quotes; the route is not served."},
		{OtherDialect, "The rule is written in the language of another version of Traefik; the route is not served."},
		{OtherSyntax, "A matcher is written as Traefik 2 has it and not 3, or the other way round, and read so."},
		{NeedsTLS, "A rule of connections asks for the host or the protocols of TLS, and its router has no TLS; the route is not served."},
		{BadALPN, "ALPN names a protocol that is the router's own; the route is not served."},
		{BadClientIP, "ClientIP takes an address or a network; the route is not served."},
		{RegexpTooBig, "A regexp would take too much memory; the route is not served, or the argument never matches."},
		{RuleTooBig, "The rule is too long or nested too deeply; the route is not served."},
		{BadPin, "A pin of Act or Observe is key:value, several joined by commas; the route is not served."},
		{ActNotAlone, "Act and Observe ask for messages, and stand in a rule with nothing else; the route is not served."},
		{UnknownEntryPoint, "The entry point does not exist; the route is served at its others, if any. One that redirects there is not served."},
		{NoEntryPoint, "The route has no entry point; it is not served."},
		{UnknownService, "The route leads to a service that nobody offers; it is not served."},
		{UnknownPart, "A service leads to another one that nobody offers; that part is left out, or the service is not offered."},
		{CircularService, "A service leads to itself by way of others, or through too many; it is not offered."},
		{UnknownPage, "The service that makes an error page is offered by nobody; answers stay as they are."},
		{ServiceSettingsDiffer, "Owners that share a service want different settings; the oldest owner's count."},
		{UnevenShares, "Owners that share a service have unequal numbers of tasks, so shares are not what weights seem to say."},
		{AmbiguousRoute, "Two routes to different services ask for the same requests; the older owner's gets them."},
		{HiddenRoute, "A route of higher priority asks for the same requests and gets them all."},
		{RouteOptionsDiffer, "Two routes ask for the same requests for the same service but forward them in different ways."},
		{TakesAll, "A TCP route gets every connection without TLS of an entry point that HTTP routes are served at too, and leaves them none."},
		{PrefixFallsInto, "A prefix that does not end at a slash also matches another owner's path."},
		{ActEntryPoint, "Rules of messages are served on the entry point of messages alone, and other rules on any but that."},
	}
}
