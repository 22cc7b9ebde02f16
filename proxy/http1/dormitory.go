package http1

import (
	"runtime/debug"
	"sync"
)

// A dormitory is where a server's connections sleep that have been idle for a while. Awake, a connection has a goroutine,
// whose stack is 4 KiB once it has served a request and never shrinks below; here it is its struct and a place in a set
// of sockets that one goroutine watches. Falling asleep and waking up take 30 to 35 us (BenchmarkSleep), twice what a small
// request costs, so that only who has been idle for seconds is sent here.
//
// The way: sweep asks an idle client to leave its goroutine (doze), by a deadline that wakes it. The goroutine puts the
// client to bed (lie) and ends. Whoever wants it again, the client itself, a time-out or a shutdown, starts another.
type dormitory struct {
	watcher *watcher
	done    chan struct{}

	mu     sync.Mutex // taken before client.mu, never after
	beds   []*client  // by descriptor
	closed bool
	laid   int // since the memory of goroutines was last given back
	before int // laid, a tick ago
}

// openDormitory is nil where the system has no way to watch sockets.
func openDormitory() *dormitory {
	w := newWatcher()
	if w == nil {
		return nil
	}
	d := &dormitory{watcher: w, done: make(chan struct{})}
	go d.watch()
	return d
}

func (d *dormitory) watch() {
	defer close(d.done)
	d.watcher.wait(func(fd int) {
		d.mu.Lock()
		c := d.beds[fd]
		d.beds[fd] = nil
		d.mu.Unlock()
		if c != nil { // else somebody has roused it just now
			go c.run()
		}
	})
}

// close ends the watch. Who is still asleep has to be roused.
func (d *dormitory) close() {
	if d == nil {
		return
	}
	d.mu.Lock()
	first := !d.closed
	d.closed = true
	d.mu.Unlock()
	if first {
		d.watcher.close()
	}
	<-d.done
}

// lie puts a client to bed that dozes. False: it is to stay awake; it may have been given up meanwhile.
func (d *dormitory) lie(c *client) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	c.stir()
	if !c.in.become(dozing, asleep) {
		return false
	}
	// Whoever comes to end the connection from here on finds it in its bed, once we let go of the lock.
	if d.closed || c.isGone() {
		c.proceed(idle)
		return false
	}
	if !d.makeBed(c) { // the system watches no more sockets; the time that the client has been idle goes on
		c.sleepless = true
		c.in.become(asleep, idle)
		return false
	}
	return true
}

func (d *dormitory) makeBed(c *client) bool {
	fd := c.sock.fd
	for len(d.beds) <= fd {
		d.beds = append(d.beds, nil)
	}
	if d.watcher.watch(fd, c.bed > 0) != nil {
		return false
	}
	c.bed, d.beds[fd] = fd+1, c
	d.laid++
	return true
}

// crowd is how many have to fall asleep for their memory to be worth a collection of garbage: some 4 MiB.
const crowd = 1000

// tick gives the system its memory back once a crowd has fallen asleep. The runtime by itself would look for it only when
// it collects garbage the next time, two minutes later on a calm router.
func (d *dormitory) tick() {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.laid > d.before || d.laid < crowd {
		d.before = d.laid
		return
	}
	d.laid, d.before = 0, 0
	go debug.FreeOSMemory()
}

// rouse wakes a client up if it is asleep.
func (d *dormitory) rouse(c *client) {
	if d == nil {
		return
	}
	d.mu.Lock()
	found := c.bed > 0 && d.beds[c.bed-1] == c
	if found {
		d.beds[c.bed-1] = nil
	}
	d.mu.Unlock()
	if found {
		go c.run()
	}
}
