package health

import "testing"

func TestVerdictsFollowRiseAndFall(t *testing.T) {
	for _, c := range []struct {
		name       string
		rise, fall int
		probes     string // p passes, f fails
		told       string // u up, d down, . nothing new
	}{
		{"one pass brings a new endpoint in", 3, 3, "p", "u"},
		{"one failure marks a new endpoint out", 3, 3, "f", "d"},
		{"Traefik 1.x: each result counts", 1, 1, "pfpf", "udud"},
		{"falls after two in a row", 1, 2, "pfpff", "u...d"},
		{"rises after three in a row", 3, 1, "fppfppp", "d.....u"},
		{"no news is not told again", 1, 1, "ppff", "u.d."},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := judge{rise: c.rise, fall: c.fall}
			told := ""
			for _, p := range c.probes {
				told += verdict(&j, p == 'p')
			}
			if told != c.told {
				t.Errorf("probes %s told %s, want %s", c.probes, told, c.told)
			}
		})
	}
}

func verdict(j *judge, pass bool) string {
	switch news := j.hear(pass); {
	case !news:
		return "."
	case j.up:
		return "u"
	}
	return "d"
}
