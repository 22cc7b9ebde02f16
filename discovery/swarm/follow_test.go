package swarm

import (
	"net"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appia-edge/appia/discovery/snapshot"
)

// taskAt is a running task of service s as it was at a version of the store.
func taskAt(id string, version uint64, running bool) seenTask {
	return seenTask{version: version, service: "s", wanted: running, running: running, task: snapshot.Task{ID: id}}
}

func pictureOf(tasks ...seenTask) *picture {
	return newPicture([]seenService{{version: 1, service: snapshot.Service{ID: "s", Wanted: -1}}}, tasks, nil)
}

func update(t seenTask) change { return change{task: &t} }

func removal(t seenTask) change { return change{task: &t, removed: true} }

func tasksOf(s *snapshot.Swarm) (ids string) {
	for _, t := range s.Services[0].Tasks {
		ids += t.ID
	}
	return ids
}

func TestVersionsDecideWhatIsNews(t *testing.T) {
	for name, c := range map[string]struct {
		look []seenTask
		told []change
		want string
	}{
		"a change after the look":                      {[]seenTask{taskAt("a", 5, true)}, []change{update(taskAt("a", 6, false))}, ""},
		"a change that the look has seen":              {[]seenTask{taskAt("a", 5, true)}, []change{update(taskAt("a", 4, false))}, "a"},
		"the very change of the look":                  {[]seenTask{taskAt("a", 5, true)}, []change{update(taskAt("a", 5, true))}, "a"},
		"two changes in one commit":                    {[]seenTask{taskAt("a", 5, true)}, []change{update(taskAt("a", 6, true)), update(taskAt("a", 6, false))}, ""},
		"a task made after the look":                   {nil, []change{update(taskAt("b", 6, true))}, "b"},
		"a task that was gone by the time of the look": {[]seenTask{taskAt("a", 9, true)}, []change{update(taskAt("b", 6, true))}, "a"},
		"a removal":                                           {[]seenTask{taskAt("a", 5, true)}, []change{removal(taskAt("a", 5, true))}, ""},
		"made, changed and removed":                           {nil, []change{update(taskAt("b", 6, true)), update(taskAt("b", 7, false)), removal(taskAt("b", 7, false))}, ""},
		"a removal of what was never seen":                    {nil, []change{removal(taskAt("x", 6, true))}, ""},
		"a task of a service that nobody knows (a container)": {nil, []change{{task: &seenTask{version: 9, service: "", wanted: true, running: true}}}, ""},
	} {
		p := pictureOf(c.look...)
		for i := range c.told {
			p.apply(&c.told[i])
		}
		if got := tasksOf(p.swarm()); got != c.want {
			t.Errorf("%s: tasks %q, want %q", name, got, c.want)
		}
	}
}

func TestAServiceMadeBetweenTheListsOfALookIsNotLost(t *testing.T) {
	p := pictureOf(seenTask{version: 17, service: "new", wanted: true, running: true, task: snapshot.Task{ID: "t"}})
	p.apply(&change{service: &seenService{version: 15, service: snapshot.Service{ID: "new", Wanted: 1}}})
	if s := p.swarm(); len(s.Services) != 2 || len(s.Services[0].Tasks) != 1 {
		t.Errorf("the services are %+v", s.Services)
	}
}

func TestWhatIsToldWhileALookIsUnderWayIsNotLost(t *testing.T) {
	f := &follower{}
	f.opened()
	f.looking()
	f.tell([]change{update(taskAt("b", 7, true))})
	if got := tasksOf(f.looked(pictureOf(taskAt("a", 5, true)))); got != "ab" {
		t.Errorf("the look has %q", got)
	}
	f.tell([]change{update(taskAt("c", 8, true))})
	if known, _ := f.known(); tasksOf(known) != "abc" {
		t.Errorf("known are %q", tasksOf(known))
	}
}

func TestAnyDoubtMeansALook(t *testing.T) {
	for name, doubt := range map[string]func(*follower){
		"the stream closes":                func(f *follower) { f.closed() },
		"the stream is another":            func(f *follower) { f.closed(); f.opened() },
		"a network changes":                func(f *follower) { f.tell([]change{{network: true}}) },
		"more changes than can be kept up": func(f *follower) { f.looking(); f.tell(make([]change, mostMissed+1)) },
	} {
		f := &follower{}
		f.opened()
		f.looking()
		f.looked(pictureOf())
		if known, _ := f.known(); known == nil {
			t.Fatal("a look is not kept")
		}
		doubt(f)
		if known, _ := f.known(); known != nil {
			t.Errorf("%s: the picture is still relied on", name)
		}
	}
}

func TestALookThatIsPutInDoubtWhileUnderWayIsNotKept(t *testing.T) {
	for name, doubt := range map[string]func(*follower){
		"the stream opens":         func(f *follower) { f.opened() },
		"the stream closes":        func(f *follower) { f.closed() },
		"a network changes":        func(f *follower) { f.tell([]change{{network: true}}) },
		"there was never a stream": nil,
	} {
		f := &follower{}
		if doubt != nil {
			f.opened()
		}
		f.looking()
		if doubt != nil {
			doubt(f)
		}
		if got := f.looked(pictureOf(taskAt("a", 5, true))); tasksOf(got) != "a" {
			t.Errorf("%s: the look itself is lost", name)
		}
		if known, _ := f.known(); known != nil {
			t.Errorf("%s: the picture is kept", name)
		}
	}
}

func TestAPictureIsRenewedFromTimeToTimeAndItsSilenceNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &follower{silence: silence}
		f.opened()
		f.looking()
		f.looked(pictureOf())
		time.Sleep(silence)
		if _, quiet := f.known(); quiet {
			t.Error("quiet too early")
		}
		time.Sleep(time.Second)
		if known, quiet := f.known(); known == nil || !quiet {
			t.Error("silence is not noticed")
		}
		f.tell([]change{update(taskAt("b", 7, true))})
		if _, quiet := f.known(); quiet {
			t.Error("a change is no silence")
		}
		time.Sleep(renewal)
		if known, _ := f.known(); known != nil {
			t.Error("the picture is relied on for ever")
		}
	})
}

func TestAChangeIsNotHeldUpByTheQuestionWhetherTheSwarmLives(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := Dial(Options{Endpoint: "unix://" + l.Addr().String(), Timeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.follower.opened()
	c.follower.looking()
	c.follower.looked(pictureOf())
	c.follower.heard = time.Now().Add(-time.Hour)
	go func() {
		asked, err := l.Accept() // and no answer
		if err != nil {
			return
		}
		defer asked.Close()
		c.follower.tell([]change{update(taskAt("b", 7, true))})
		<-t.Context().Done()
	}()
	known, err := c.Snapshot(t.Context())
	if err != nil || tasksOf(known) != "b" {
		t.Errorf("%v, %v", known, err)
	}
}

func FuzzWatchMessage(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(watchRequest())
	f.Fuzz(func(t *testing.T, message []byte) {
		changes, err := readWatchMessage(message)
		if err != nil {
			return
		}
		p := pictureOf()
		for i := range changes {
			p.apply(&changes[i])
		}
		p.swarm()
	})
}
