package labels

import "testing"

func TestTextIsReadAsTOMLWhereThatIsPossible(t *testing.T) {
	for written, want := range map[string]string{
		`plain`:            `plain`,
		`a\\.b`:            `a\.b`,
		`a\.b`:             `a\.b`,
		`\\.x\.y`:          `\\.x\.y`,
		`\"a\"`:            `"a"`,
		`"a\\.b`:           `"a\\.b`,
		"a\\\\.b\n":        "a\\\\.b\n",
		`\b\t\n\f\r`:       "\b\t\n\f\r",
		`\u00e9\U0001F600`: "é😀",
		`\u00e`:            `\u00e`,
		`\uD800`:           `\uD800`,
		`\UFFFFFFFF`:       `\UFFFFFFFF`,
		`end\`:             `end\`,
		``:                 ``,
	} {
		if got := unescape(written); got != want {
			t.Errorf("%q: got %q, want %q", written, got, want)
		}
	}
}

func TestOnlyAPairOfQuotesAroundAValueIsStray(t *testing.T) {
	for written, want := range map[string]string{
		`"80"`: `80`, `'a'`: `a`, `""`: ``, `"a" "b"`: `"a" "b"`, `"`: `"`, `"a'`: `"a'`, `a"`: `a"`, `80`: `80`, ``: ``,
	} {
		if got, had := unquote(written); got != want || had != (got != written) {
			t.Errorf("%q: got %q, %t, want %q", written, got, had, want)
		}
	}
}

func TestABareNumberIsMeantInSeconds(t *testing.T) {
	for written, want := range map[string]string{"6": "6s", "1.5": "1.5s", "6 ": "6s", "0": "", "-1": "", "soon": "", "": ""} {
		if got := meantDuration(written); got != want {
			t.Errorf("%q: got %q, want %q", written, got, want)
		}
	}
}
