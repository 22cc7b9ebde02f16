package config

import (
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/appia-edge/appia/proxy"
)

// ActEntryPoint is the name of the entry point of messages.
const ActEntryPoint = "act"

// Act is how messages of Seneca are taken.
type Act struct {
	On      bool
	Address string
	MaxBody int
	Timeout time.Duration // for a reply
	Hold    time.Duration // how long a message waits for a task where its service says nothing of it; 0: not at all
	Early   bool          // open it from the start, as its address was given
}

// actDefault listens where Seneca's own clients look, and waits longer than they do.
func actDefault() Act {
	return Act{On: true, Address: ":10101", MaxBody: proxy.DefaultMaxMessage, Timeout: 30 * time.Second, Hold: 500 * time.Millisecond}
}

// Options are what the proxy is to do; nil: no messages are taken.
func (a Act) Options() *proxy.ActOptions {
	if !a.On {
		return nil
	}
	return &proxy.ActOptions{Name: ActEntryPoint, Address: a.Address, MaxBody: int64(a.MaxBody), Patience: a.Timeout, Hold: a.Hold, Early: a.Early}
}

func setActAddress(c *Config, value string) error {
	if _, _, err := net.SplitHostPort(value); err != nil {
		return fmt.Errorf("%q is no address: give a port, as in :10101", value)
	}
	c.Act.Address, c.Act.Early = value, true
	return nil
}

func (c *Config) finishAct() error {
	switch clash := slices.Contains(c.EntryPointNames(), ActEntryPoint); {
	case c.Act.On && clash && !c.Act.Early: // a file of Traefik 1.x means its own
		c.Act.On = false
		c.warn("entry point %q has the name of the one of messages, so that none are taken; give it another name, or say --act=false", ActEntryPoint)
	case c.Act.On && clash:
		return fmt.Errorf("entry point %q: messages have an entry point of this name; say --act.address for its address, give another name, or take no messages with --act=false", ActEntryPoint)
	}
	return nil
}
