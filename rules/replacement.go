package rules

import (
	"fmt"
	"regexp"
	"strings"
)

// A ReplacementPiece is a part of a redirect's replacement: text with groups of its regexp ($1, ${name}), or something of
// the request.
type ReplacementPiece struct {
	Text  string           // with groups; for FieldHeader the field's name
	Field ReplacementField // "": the text counts
}

// A ReplacementField is what of the request a template in a replacement asks for.
type ReplacementField string

// Of all that Go's templates would let a replacement say, these are what one needs.
const (
	FieldHeader ReplacementField = "header"
	FieldHost   ReplacementField = "host"
	FieldMethod ReplacementField = "method"
)

var replacementTemplate = regexp.MustCompile("^\\s*\\.Request\\.(?:Header\\.Get\\s+[\"`]([^\"`]+)[\"`]|(Host)|(Method))\\s*$")

// ParseReplacement cuts a replacement into pieces. Traefik 1.x runs it as a Go template after the groups were filled in, so
// that a client could write templates too; here the author's are the only ones, and few: {{ .Request.Header.Get "X" }},
// {{ .Request.Host }} and {{ .Request.Method }}.
func ParseReplacement(text string) ([]ReplacementPiece, error) {
	var pieces []ReplacementPiece
	for {
		before, rest, found := strings.Cut(text, "{{")
		if before != "" {
			pieces = append(pieces, ReplacementPiece{Text: before})
		}
		if !found {
			return pieces, nil
		}
		template, after, closed := strings.Cut(rest, "}}")
		piece, ok := parseRequestTemplate(template)
		if !closed || !ok {
			return nil, fmt.Errorf("{{%s}} is not one of {{ .Request.Header.Get \"NAME\" }}, {{ .Request.Host }} and {{ .Request.Method }}", template)
		}
		pieces, text = append(pieces, piece), after
	}
}

func parseRequestTemplate(text string) (ReplacementPiece, bool) {
	m := replacementTemplate.FindStringSubmatch(text)
	switch {
	case m == nil:
		return ReplacementPiece{}, false
	case m[1] != "":
		return ReplacementPiece{Text: m[1], Field: FieldHeader}, true
	case m[2] != "":
		return ReplacementPiece{Field: FieldHost}, true
	}
	return ReplacementPiece{Field: FieldMethod}, true
}
