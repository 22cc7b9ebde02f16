package message

import (
	"slices"
	"testing"
)

func TestFieldNamesCompareWithoutCaseAndKeepTheirSpelling(t *testing.T) {
	var f Fields
	f.Add("x-CuStom", "1")
	f.Add("Other", "2")
	f.Add("X-Custom", "3")
	if f.Get("X-CUSTOM") != "1" || f.Joined("x-custom") != "1, 3" {
		t.Errorf("Get %q, Joined %q", f.Get("X-CUSTOM"), f.Joined("x-custom"))
	}
	f.Set("X-Custom", "4")
	want := []Field{{"x-CuStom", "4"}, {"Other", "2"}}
	if !slices.Equal(f.All(), want) {
		t.Errorf("after Set: %v", f.All())
	}
	f.Del("OTHER")
	if f.Has("other") || f.Len() != 1 {
		t.Errorf("after Del: %v", f.All())
	}
}

func TestSetReplacesEveryLineOfAName(t *testing.T) {
	var f Fields
	for _, name := range []string{"a", "b", "A", "c", "a"} {
		f.Add(name, "old")
	}
	f.Set("A", "new")
	want := []Field{{"a", "new"}, {"b", "old"}, {"c", "old"}}
	if !slices.Equal(f.All(), want) {
		t.Errorf("got %v, want %v", f.All(), want)
	}
}

func TestAListNamesItsTokensWithoutCaseAndBlanks(t *testing.T) {
	for list, want := range map[string]bool{
		"upgrade": true, "keep-alive, Upgrade": true, " UPGRADE\t,x": true,
		"": false, "upgraded": false, "up grade": false, ",,": false,
	} {
		if Listed(list, "upgrade") != want {
			t.Errorf("Listed(%q) is %v", list, !want)
		}
	}
}

func TestReadingFieldsAllocatesNothing(t *testing.T) {
	var f Fields
	f.Add("Host", "a")
	f.Add("Accept", "b")
	found := ""
	if n := testing.AllocsPerRun(100, func() { found = f.Get("accept") }); n != 0 || found != "b" {
		t.Errorf("%v allocations, found %q", n, found)
	}
}
