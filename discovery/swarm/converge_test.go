package swarm_test

import (
	"testing"
	"time"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/discovery/swarm"
	"github.com/appia-edge/appia/discovery/swarm/embedded"
)

// An hour's pace: whatever begins is still going on when the test looks.
var hour = embedded.Pace{Start: time.Hour, Stop: time.Hour, Restart: time.Hour}

func convergingAfter(t *testing.T, pace embedded.Pace, spec embedded.Spec, change func(*embedded.Engine) error) snapshot.Service {
	t.Helper()
	e, c := start(t, embedded.Options{Pace: pace})
	e.AddService(spec)
	if err := change(e); err != nil {
		t.Fatal(err)
	}
	s := service(t, look(t, c), spec.Name)
	if !s.Converging {
		t.Errorf("not converging: %+v", s)
	}
	return s
}

func TestAServiceConvergesWhileItsTasksStart(t *testing.T) {
	s := convergingAfter(t, hour, embedded.Spec{Name: "web", Replicas: 2}, func(*embedded.Engine) error { return nil })
	if len(s.Tasks) != 0 {
		t.Errorf("tasks that are not yet running are listed: %+v", s.Tasks)
	}
}

func TestAServiceConvergesWhileATaskWaitsForItsRestart(t *testing.T) {
	for _, spec := range []embedded.Spec{{Name: "web", Replicas: 2}, {Name: "agent", Global: true}} {
		convergingAfter(t, embedded.Pace{Restart: time.Hour}, spec, func(e *embedded.Engine) error { return e.KillTask(spec.Name, 1) })
	}
}

func TestAServiceConvergesWhileItIsUpdatedStartFirst(t *testing.T) {
	e, c := start(t, embedded.Options{Pace: embedded.Pace{Stop: time.Hour}})
	e.AddService(embedded.Spec{Name: "web", Replicas: 2, StartFirst: true})
	before := service(t, look(t, c), "web")
	if err := e.Update("web"); err != nil {
		t.Fatal(err)
	}
	after := service(t, look(t, c), "web")
	if !after.Converging || len(after.Tasks) != 2 {
		t.Fatalf("got %+v", after)
	}
	for _, old := range before.Tasks {
		for _, task := range after.Tasks {
			if task.ID == old.ID && task.Slot == 1 {
				t.Error("the first task shall stop and is still listed")
			}
		}
	}
}

func TestATaskThatShallStopIsGoneBeforeItsContainerIs(t *testing.T) {
	e, endpoint := raise(t, embedded.Options{Pace: embedded.Pace{Stop: time.Hour}})
	c := dial(t, swarm.Options{Endpoint: endpoint})
	e.AddService(embedded.Spec{Name: "web", Replicas: 3})
	if err := e.Scale("web", 1); err != nil {
		t.Fatal(err)
	}
	web := service(t, look(t, c), "web")
	if len(web.Tasks) != 1 || web.Converging {
		t.Errorf("got %+v, want one task and calm", web)
	}
	if tasks := e.Services()[0].Tasks; len(tasks) != 3 || tasks[2].State != "running" || tasks[2].Desired != "remove" {
		t.Errorf("the containers are %+v", tasks)
	}
}

func TestAServiceIsCalmAfterAnUpdate(t *testing.T) {
	e, c := start(t, embedded.Options{})
	e.AddService(embedded.Spec{Name: "web", Replicas: 3})
	before := service(t, look(t, c), "web")
	if err := e.Update("web"); err != nil {
		t.Fatal(err)
	}
	after := service(t, look(t, c), "web")
	if after.Converging || len(after.Tasks) != 3 {
		t.Fatalf("got %+v", after)
	}
	for i := range after.Tasks {
		for j := range before.Tasks {
			if after.Tasks[i].ID == before.Tasks[j].ID {
				t.Errorf("task %s was not replaced", before.Tasks[j].ID)
			}
		}
	}
}
