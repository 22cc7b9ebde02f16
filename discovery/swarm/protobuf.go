package swarm

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/appia-edge/appia/discovery/snapshot"
)

// What swarmkit's store tells, read from its protobuf by hand. Of each message we need a few fields out of a hundred;
// swarmkit's own package of generated types, and the gRPC it comes with, would make the binary a third larger. The
// numbers are those of api/{watch,objects,specs,types}.proto in github.com/moby/swarmkit, where a number, once given,
// keeps its meaning. Fields that are not named here are skipped.

// A change is one task, service or network of the store that was made, changed or removed. One of the three is set.
type change struct {
	removed bool
	task    *seenTask
	service *seenService
	network bool // of networks no more is told than that one has changed
}

// A field is one field of a message: number for varints, bytes for what has a length.
type field struct {
	id     protowire.Number
	number uint64
	bytes  []byte
}

// fields calls f for each field of a message, in the order of the wire.
func fields(message []byte, f func(field) error) error {
	for len(message) > 0 {
		id, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		found := field{id: id}
		switch kind {
		case protowire.VarintType:
			found.number, n = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			found.bytes, n = protowire.ConsumeBytes(message)
		default:
			n = protowire.ConsumeFieldValue(id, kind, message)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if err := f(found); err != nil {
			return err
		}
	}
	return nil
}

// readWatchMessage reads a WatchMessage: what one commit to the store changed.
func readWatchMessage(message []byte) (changes []change, err error) {
	err = fields(message, func(f field) error {
		if f.id != 1 { // events
			return nil
		}
		c, err := readEvent(f.bytes)
		if err != nil {
			return err
		}
		changes = append(changes, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("not a message of the store's watch: %w", err)
	}
	return changes, nil
}

// The actions of WatchActionKind: bits, so that several can be asked for.
const (
	actionCreate = 1
	actionUpdate = 2
	actionRemove = 4
)

func readEvent(message []byte) (c change, err error) {
	err = fields(message, func(f field) error {
		switch f.id {
		case 1: // action
			c.removed = f.number == actionRemove
		case 2: // object
			return readObject(f.bytes, &c)
		}
		return nil
	})
	return c, err
}

func readObject(message []byte, c *change) error {
	return fields(message, func(f field) (err error) {
		switch f.id {
		case 2:
			c.service, err = readService(f.bytes)
		case 3:
			c.network = true
		case 4:
			c.task, err = readTask(f.bytes)
		}
		return err
	})
}

// readMeta reads a Meta: the version, and when the object was made.
func readMeta(message []byte) (version uint64, created time.Time, err error) {
	err = fields(message, func(f field) error {
		switch f.id {
		case 1: // version
			return fields(f.bytes, func(f field) error {
				if f.id == 1 {
					version = f.number
				}
				return nil
			})
		case 2: // created_at
			created, err = readTime(f.bytes)
		}
		return err
	})
	return version, created, err
}

// readTime reads a google.protobuf.Timestamp.
func readTime(message []byte) (time.Time, error) {
	var seconds, nanos uint64
	err := fields(message, func(f field) error {
		switch f.id {
		case 1:
			seconds = f.number
		case 2:
			nanos = f.number
		}
		return nil
	})
	return time.Unix(int64(seconds), int64(nanos)).UTC(), err
}

func readService(message []byte) (*seenService, error) {
	s := &seenService{service: snapshot.Service{Wanted: -1}}
	err := fields(message, func(f field) (err error) {
		switch f.id {
		case 1:
			s.service.ID = string(f.bytes)
		case 2:
			s.version, s.service.Created, err = readMeta(f.bytes)
		case 3:
			err = s.readSpec(f.bytes)
		case 4: // endpoint
			s.service.VIPs, err = readVIPs(f.bytes)
		case 5: // update_status
			err = fields(f.bytes, func(f field) error {
				if f.id == 1 {
					s.updating = f.number == 1 || f.number == 4 // UPDATING, ROLLBACK_STARTED
				}
				return nil
			})
		}
		return err
	})
	return s, err
}

func (s *seenService) readSpec(message []byte) error {
	return fields(message, func(f field) (err error) {
		switch f.id {
		case 1:
			s.service.Name, s.service.Labels, err = readAnnotations(f.bytes)
		case 2: // task
			s.service.ContainerLabels, err = readContainerLabels(f.bytes)
		case 3: // replicated
			s.service.Wanted = 0
			err = fields(f.bytes, func(f field) error {
				if f.id == 1 {
					s.service.Wanted = int(f.number)
				}
				return nil
			})
		case 4:
			s.service.Global = true
		case 8: // endpoint
			err = fields(f.bytes, func(f field) error {
				if f.id == 1 {
					s.service.DNSRR = f.number == 1
				}
				return nil
			})
		case 10, 11: // replicated_job, global_job
			s.job = true
		}
		return err
	})
}

// readAnnotations reads the name and the labels that a router may read.
func readAnnotations(message []byte) (name string, labels map[string]string, err error) {
	err = fields(message, func(f field) error {
		switch f.id {
		case 1:
			name = string(f.bytes)
		case 2:
			labels, err = addLabel(labels, f.bytes)
		}
		return err
	})
	return name, labels, err
}

// addLabel reads one entry of a map of texts.
func addLabel(to map[string]string, entry []byte) (map[string]string, error) {
	var name, value string
	err := fields(entry, func(f field) error {
		switch f.id {
		case 1:
			name = string(f.bytes)
		case 2:
			value = string(f.bytes)
		}
		return nil
	})
	if err != nil || !snapshot.Wanted(name, value) {
		return to, err
	}
	if to == nil {
		to = map[string]string{}
	}
	to[name] = value
	return to, nil
}

func readContainerLabels(taskSpec []byte) ([]string, error) {
	var labels map[string]string
	err := fields(taskSpec, func(f field) (err error) {
		if f.id != 1 { // container
			return nil
		}
		return fields(f.bytes, func(f field) (err error) {
			if f.id == 2 {
				labels, err = addLabel(labels, f.bytes)
			}
			return err
		})
	})
	return slices.Sorted(maps.Keys(labels)), err
}

func readVIPs(endpoint []byte) (vips []snapshot.Address, err error) {
	err = fields(endpoint, func(f field) error {
		if f.id != 3 { // virtual_ips
			return nil
		}
		var network, address string
		err := fields(f.bytes, func(f field) error {
			switch f.id {
			case 1:
				network = string(f.bytes)
			case 2:
				address = string(f.bytes)
			}
			return nil
		})
		vips = appendAddress(vips, network, address)
		return err
	})
	sortAddresses(vips)
	return vips, err
}

// The states of TaskState that are asked for; in between and above are the others.
const (
	stateReady   = 384
	stateRunning = 512
)

func readTask(message []byte) (*seenTask, error) {
	t := &seenTask{}
	var state, desired uint64
	err := fields(message, func(f field) (err error) {
		switch f.id {
		case 1:
			t.task.ID = string(f.bytes)
		case 2:
			t.version, _, err = readMeta(f.bytes)
		case 4:
			t.service = string(f.bytes)
		case 5:
			t.task.Slot = int(f.number)
		case 6:
			t.task.Node = string(f.bytes)
		case 9: // status
			err = fields(f.bytes, func(f field) error {
				if f.id == 2 {
					state = f.number
				}
				return nil
			})
		case 10:
			desired = f.number
		case 11: // networks
			t.task.Addresses, err = addAttachment(t.task.Addresses, f.bytes)
		}
		return err
	})
	sortAddresses(t.task.Addresses)
	t.wanted = desired == stateReady || desired == stateRunning
	t.running = desired == stateRunning && state == stateRunning
	return t, err
}

// addAttachment reads a NetworkAttachment: a task's addresses on one network.
func addAttachment(to []snapshot.Address, message []byte) ([]snapshot.Address, error) {
	var network string
	var addresses []string
	err := fields(message, func(f field) error {
		switch f.id {
		case 1: // network
			return fields(f.bytes, func(f field) error {
				if f.id == 1 {
					network = string(f.bytes)
				}
				return nil
			})
		case 2:
			addresses = append(addresses, string(f.bytes))
		}
		return nil
	})
	for _, address := range addresses {
		to = appendAddress(to, network, address)
	}
	return to, err
}

// watchRequest is a WatchRequest for every change of tasks, services and networks.
func watchRequest() (message []byte) {
	for _, kind := range []string{"task", "service", "network"} {
		entry := protowire.AppendTag(nil, 1, protowire.BytesType)
		entry = protowire.AppendString(entry, kind)
		entry = protowire.AppendTag(entry, 2, protowire.VarintType)
		entry = protowire.AppendVarint(entry, actionCreate|actionUpdate|actionRemove)
		message = protowire.AppendTag(message, 1, protowire.BytesType)
		message = protowire.AppendBytes(message, entry)
	}
	return message
}
