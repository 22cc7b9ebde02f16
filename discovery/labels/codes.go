package labels

import "github.com/appia-edge/appia/rules"

// Codes of diagnostics are stable: people grep for them, machines count them. Stray quotes have the code of package rules.
const (
	UnknownLabel        = "unknown-label"
	LabelNotServed      = "label-not-served"
	ProtectionNotServed = "protection-not-served"
	NotPerSegment       = "not-per-segment"
	IdleLabel           = "idle-label"
	WithoutEffect       = "label-without-effect"
	BadBoolean          = "bad-boolean"
	BadNumber           = "bad-number"
	BadDuration         = "bad-duration"
	BadPair             = "bad-pair"
	BadChoice           = "bad-choice"
	BadPath             = "bad-path"
	BadPort             = "bad-port"
	BadProtocol         = "bad-protocol"
	BadWeight           = "bad-weight"
	BadExtractor        = "bad-extractor"
	RefusesAll          = "refuses-everything"
	BadRate             = "bad-rate"
	BadStatus           = "bad-status"
	BadExpression       = "bad-expression"
	NotNormalised       = "name-not-normalised"
	NoStreams           = "streams-are-buffered"
	NoPort              = "no-port"
	NoRule              = "no-rule"
	Constrained         = "constrained-out"
	NetworkNotAttached  = "network-not-attached"
	NetworkRenamed      = "network-renamed"
	NetworkNotShared    = "network-not-shared"
	NoCommonNetwork     = "no-common-network"
	AmbiguousNetwork    = "ambiguous-network"
	NoVirtualAddress    = "no-virtual-address"
	NameCollision       = "name-collision"
	TooManyLabels       = "too-many-labels"
	ValueInName         = "value-in-name"
	LabelsOnContainer   = "labels-on-container"
	BadUser             = "bad-user"
	BadAddress          = "bad-address"
	BadTLS              = "bad-tls"
	BadRange            = "bad-range"
	BadRedirect         = "bad-redirect"
	BadField            = "bad-field"
	MissingOption       = "missing-option"
	NoRouter            = "no-router"
	NoService           = "no-service"
	BadService          = "bad-service"
	NoMiddleware        = "no-middleware"
	BadMiddleware       = "bad-middleware"
)

// Codes lists the codes of this package.
func Codes() []rules.CodeDoc {
	return []rules.CodeDoc{
		{Code: UnknownLabel, Doc: "No dialect has a label of this name, so it is ignored."},
		{Code: ValueInName, Doc: "A colon or a space stands where the = belongs, so the label has a wrong name and no value; it has no effect."},
		{Code: LabelsOnContainer, Doc: "Labels stand at the containers (`labels:`) instead of the service (`deploy: labels:`); they have no effect."},
		{Code: LabelNotServed, Doc: "Known to Traefik 1.x, not served yet, so it has no effect."},
		{Code: ProtectionNotServed, Doc: "The label is none of Traefik 1.x, or empty, but was meant to protect its route; as that would be open without it, it is not served."},
		{Code: NotPerSegment, Doc: "The label counts for a whole service only, not for one of its segments."},
		{Code: IdleLabel, Doc: "Known to Traefik 1.x, which does nothing with it either."},
		{Code: WithoutEffect, Doc: "The label needs another one, or a value, to have an effect."},
		{Code: BadBoolean, Doc: "The value is not a boolean; the default holds."},
		{Code: BadNumber, Doc: "The value is not a whole number or out of range; the default holds, or what the message says."},
		{Code: BadDuration, Doc: "The value is not a duration above zero, for which the default holds, or too short."},
		{Code: BadPair, Doc: "An item of the value has no colon, or is no field that can be set, and is left out."},
		{Code: BadChoice, Doc: "The value is none of those to choose from; the default holds."},
		{Code: BadPath, Doc: "The path of a health check can't be asked for; there are no checks."},
		{Code: BadPort, Doc: "The port is none; the route is not served."},
		{Code: BadProtocol, Doc: "Endpoints can't be spoken to by this protocol; the route is not served."},
		{Code: BadWeight, Doc: "The weight is negative; the route is not served."},
		{Code: BadExtractor, Doc: "A limit has no key to count by; the route is not served."},
		{Code: RefusesAll, Doc: "A limit below zero refuses every request, as in Traefik 1.x."},
		{Code: BadUser, Doc: "A user can't be read, or has a password that can't be; the message says whether the route is served."},
		{Code: BadAddress, Doc: "Nobody can be asked for permission; the route is not served."},
		{Code: BadTLS, Doc: "A client certificate lacks its key, or the key its certificate; the route is not served."},
		{Code: BadRange, Doc: "A white list has an item that is no address and no range, or none at all; the route is not served."},
		{Code: BadRedirect, Doc: "A redirect's regexp or replacement can't be used; the route is not served."},
		{Code: BadField, Doc: "The value can't be sent in a header field, and isn't."},
		{Code: BadRate, Doc: "A set of a rate limit is not whole, or a part of it can't be read; the route is not served."},
		{Code: BadStatus, Doc: "The statuses of an error page can't be read; there is no page."},
		{Code: BadExpression, Doc: "The expression of a circuit breaker or of replays is wrong; the route is not served."},
		{Code: NotNormalised, Doc: "The service of an error page is written otherwise than Traefik 1.x wants it; it is found all the same."},
		{Code: NoStreams, Doc: "Buffering reads answers to their end, so that streams never arrive."},
		{Code: NoPort, Doc: "The service names no port; the route is not served."},
		{Code: NoRule, Doc: "The service has neither a rule nor a domain for the default rule; the route is not served."},
		{Code: Constrained, Doc: "The service's tags don't satisfy this router's constraints."},
		{Code: NetworkNotAttached, Doc: "The task isn't on the network that its label names; another one is used."},
		{Code: NetworkRenamed, Doc: "The label names a network as its stack file does; the stack's name stands in front of it, which is taken to be meant."},
		{Code: NetworkNotShared, Doc: "The router isn't on the network that the label names; requests will time out."},
		{Code: NoCommonNetwork, Doc: "The router shares no network with the task, which gets no requests."},
		{Code: AmbiguousNetwork, Doc: "The task is on several networks and the router doesn't know its own, so none is chosen."},
		{Code: NameCollision, Doc: "Two services or segments would have one name in Traefik 1.x, and each other's requests; the younger service, or the segment, is renamed."},
		{Code: TooManyLabels, Doc: "A service has so many segments and so many labels for all of them that the last of the segments are not served."},
		{Code: MissingOption, Doc: "A lock has neither users nor a file of them, or a middleware of Traefik 3 lacks an option that must be there; what lacks it is not served."},
		{Code: NoRouter, Doc: "Several services are declared and no router; there is no route."},
		{Code: NoService, Doc: "The router names no service and none is declared beside it, or one of another provider; it is not served."},
		{Code: BadService, Doc: "The service is of several kinds at once; it is not offered."},
		{Code: NoMiddleware, Doc: "Nobody declares the middleware that a router uses; the router is not served, lest it be open to anybody."},
		{Code: BadMiddleware, Doc: "The middleware that a router uses can't be used; the router is not served."},
		{Code: NoVirtualAddress, Doc: "A virtual address is asked for, but the service has none."},
	}
}
