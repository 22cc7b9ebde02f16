package rules

import "strings"

// withoutQuotes removes double quotes that stand at either end of a rule, of a part or of an argument. They come from
// mis-quoted YAML, and in a host, path or method they never mean anything.
func withoutQuotes(text string) string {
	if !strings.Contains(text, `"`) {
		return text
	}
	parts := strings.Split(text, ";")
	for i, part := range parts {
		parts[i] = unquotedPart(part)
	}
	return strings.Join(parts, ";")
}

func unquotedPart(part string) string {
	name, args, found := strings.Cut(part, ":")
	name = unquoted(name)
	if !found {
		return name
	}
	pieces := strings.Split(args, ",")
	for i, arg := range pieces {
		if !meantQuotes(strings.TrimSpace(name), strings.TrimSpace(arg)) {
			pieces[i] = unquoted(arg)
		}
	}
	return name + ":" + strings.Join(pieces, ",")
}

// meantQuotes says whether an argument's quotes may be its author's: If-None-Match has values in quotes.
func meantQuotes(name, arg string) bool {
	switch name {
	case "Headers", "HeadersRegexp", "Query", "ReplacePathRegex":
		return len(arg) > 1 && strings.HasPrefix(arg, `"`) && strings.HasSuffix(arg, `"`)
	}
	return false
}

// unquoted is a piece without the quotes at its ends; spaces around it stay, they count in the priority.
func unquoted(piece string) string {
	inner := strings.TrimSpace(piece)
	before, after, _ := strings.Cut(piece, inner)
	return before + strings.Trim(inner, `"`) + after
}
