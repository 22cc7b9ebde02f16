package health

// A judge turns passes and failures into a verdict. The first probe decides alone: a new endpoint should
// not wait for a whole series. After that it takes rise passes in a row to come in, fall failures to go out.
type judge struct {
	rise, fall int
	decided    bool
	up         bool
	against    int // results in a row that contradict the verdict
}

// hear reports whether the verdict is new.
func (j *judge) hear(pass bool) bool {
	if !j.decided {
		j.decided, j.up = true, pass
		return true
	}
	if pass == j.up {
		j.against = 0
		return false
	}
	j.against++
	if j.against < j.needed() {
		return false
	}
	j.up, j.against = pass, 0
	return true
}

func (j *judge) needed() int {
	if j.up {
		return j.fall
	}
	return j.rise
}
