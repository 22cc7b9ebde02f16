package rules

import "strings"

// Nearest is the known word that was probably meant: the same in another case, or the one with the fewest typing
// mistakes, if they are few enough. Of equals the first wins.
func Nearest(word string, known []string) (string, bool) {
	for _, k := range known {
		if strings.EqualFold(k, word) {
			return k, true
		}
	}
	best, least := "", len(word)/3+1 // one mistake in short words, one more for every three letters
	if len(word) < 2 {
		least = 0
	}
	for _, k := range known {
		if d := Typos(strings.ToLower(word), strings.ToLower(k), least); d < least+1 && (best == "" || d < least) {
			best, least = k, d
		}
	}
	return best, best != ""
}

// Typos counts the letters to insert, delete, change or swap with their neighbour to turn a into b; more than limit
// is not counted exactly.
func Typos(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+mistake(a[i-1], b[j-1]))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

func mistake(a, b byte) int {
	if a == b {
		return 0
	}
	return 1
}
