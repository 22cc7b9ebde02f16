package embedded

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"math/big"
	"net"
	"net/http"
	"time"

	"github.com/docker/docker/api/types/swarm"
	"google.golang.org/protobuf/encoding/protowire"
)

// The store is what a manager serves on swarmkit's control socket: of its gRPC API one call, Watch, by which every change
// is told when it is made. What a message holds is what a router reads of the real ones (api/watch.proto of swarmkit).

// A watcher is one open stream of the store's changes.
type watcher = queue[[]byte]

// ListenStore serves the store's watch on a new unix socket in the background.
func (e *Engine) ListenStore(path string) error {
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	return e.ServeStore(l)
}

// ServeStore serves the store's watch on a listener in the background.
func (e *Engine) ServeStore(l net.Listener) error {
	certificate, err := selfSigned()
	if err != nil {
		return errors.Join(err, l.Close())
	}
	server := &http.Server{Handler: http.HandlerFunc(e.watch), ErrorLog: silent, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP2(true)
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	e.mu.Lock()
	e.servers = append(e.servers, server)
	e.mu.Unlock()
	e.running.Go(func() { server.ServeTLS(l, "", "") })
	return nil
}

// selfSigned is a certificate that nobody can verify, as the node's is not by who asks at the socket.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// DropWatches breaks all streams of the store's changes. New ones may be opened at once.
func (e *Engine) DropWatches() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for w := range e.watchers {
		close(w.gone)
		delete(e.watchers, w)
	}
}

// watch answers Watch, whatever was asked for: with everything.
func (e *Engine) watch(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/grpc")
	if r.URL.Path != "/docker.swarmkit.v1.Watch/Watch" {
		w.Header().Set("Grpc-Status", "12") // unimplemented
		return
	}
	own := newQueue[[]byte]()
	e.mu.Lock()
	e.watchers[own] = struct{}{}
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		delete(e.watchers, own)
		e.mu.Unlock()
	}()
	flush := http.NewResponseController(w).Flush
	for send(w, nil); flush() == nil; { // the first message is empty: everything from now on is told
		select {
		case <-own.more:
			for _, message := range own.take() {
				send(w, message)
			}
		case <-own.gone:
			return
		case <-r.Context().Done():
			return
		case <-e.ctx.Done():
			return
		}
	}
}

// send writes one message in gRPC's frame. That it cannot is seen at the next flush.
func send(w http.ResponseWriter, message []byte) {
	head := [5]byte{}
	binary.BigEndian.PutUint32(head[1:], uint32(len(message)))
	w.Write(append(head[:], message...))
}

// The actions and objects of the store's messages.
const (
	storeCreate, storeUpdate, storeRemove                  = 1, 2, 4
	storeService, storeNetwork, storeTask protowire.Number = 2, 3, 4
)

// commit tells all watchers of one change. The caller holds mu.
func (e *Engine) commit(action uint64, kind protowire.Number, object []byte) {
	if len(e.watchers) == 0 {
		return
	}
	event := message{}.number(1, action).message(2, message{}.message(kind, object))
	whole := message{}.message(1, event).message(2, message{}.number(1, e.index))
	for w := range e.watchers {
		w.put(whole)
	}
}

func (e *Engine) commitTask(action uint64, t *task) {
	if len(e.watchers) > 0 {
		e.commit(action, storeTask, storedTask(&t.Task))
	}
}

func (e *Engine) commitService(action uint64, s *service) {
	if len(e.watchers) > 0 {
		e.commit(action, storeService, storedService(&s.Service))
	}
}

// A message is a protobuf message in the making.
type message []byte

func (m message) number(id protowire.Number, n uint64) message {
	if n == 0 {
		return m
	}
	return protowire.AppendVarint(protowire.AppendTag(m, id, protowire.VarintType), n)
}

func (m message) text(id protowire.Number, text string) message {
	if text == "" {
		return m
	}
	return protowire.AppendString(protowire.AppendTag(m, id, protowire.BytesType), text)
}

func (m message) message(id protowire.Number, inner message) message {
	return protowire.AppendBytes(protowire.AppendTag(m, id, protowire.BytesType), inner)
}

func (m message) labels(id protowire.Number, labels map[string]string) message {
	for name, value := range labels {
		m = m.message(id, message{}.text(1, name).text(2, value))
	}
	return m
}

func storedMeta(meta *swarm.Meta) message {
	created := message{}.number(1, uint64(meta.CreatedAt.Unix())).number(2, uint64(meta.CreatedAt.Nanosecond()))
	return message{}.message(1, message{}.number(1, meta.Version.Index)).message(2, created)
}

// storedStates are the numbers of TaskState.
var storedStates = map[swarm.TaskState]uint64{
	swarm.TaskStateNew: 0, swarm.TaskStatePreparing: 320, swarm.TaskStateReady: 384, swarm.TaskStateStarting: 448, swarm.TaskStateRunning: 512,
	swarm.TaskStateShutdown: 640, swarm.TaskStateFailed: 704, swarm.TaskStateRemove: 800,
}

func storedTask(t *swarm.Task) message {
	m := message{}.text(1, t.ID).message(2, storedMeta(&t.Meta)).text(4, t.ServiceID).number(5, uint64(t.Slot)).text(6, t.NodeID)
	m = m.message(9, message{}.number(2, storedStates[t.Status.State])).number(10, storedStates[t.DesiredState])
	for i := range t.NetworksAttachments {
		attachment := message{}.message(1, message{}.text(1, t.NetworksAttachments[i].Network.ID))
		for _, address := range t.NetworksAttachments[i].Addresses {
			attachment = attachment.text(2, address)
		}
		m = m.message(11, attachment)
	}
	return m
}

func storedService(s *swarm.Service) message {
	m := message{}.text(1, s.ID).message(2, storedMeta(&s.Meta)).message(3, storedSpec(&s.Spec))
	endpoint := message{}
	for _, vip := range s.Endpoint.VirtualIPs {
		endpoint = endpoint.message(3, message{}.text(1, vip.NetworkID).text(2, vip.Addr))
	}
	m = m.message(4, endpoint)
	if s.UpdateStatus != nil {
		states := map[swarm.UpdateState]uint64{swarm.UpdateStateUpdating: 1, swarm.UpdateStatePaused: 2, swarm.UpdateStateCompleted: 3}
		m = m.message(5, message{}.number(1, states[s.UpdateStatus.State]))
	}
	return m
}

func storedSpec(spec *swarm.ServiceSpec) message {
	m := message{}.message(1, message{}.text(1, spec.Name).labels(2, spec.Labels))
	if container := spec.TaskTemplate.ContainerSpec; container != nil {
		m = m.message(2, message{}.message(1, message{}.labels(2, container.Labels)))
	}
	switch mode := spec.Mode; {
	case mode.Replicated != nil:
		m = m.message(3, message{}.number(1, uint64(replicasOf(mode))))
	case mode.Global != nil:
		m = m.message(4, nil)
	case mode.ReplicatedJob != nil:
		m = m.message(10, nil)
	case mode.GlobalJob != nil:
		m = m.message(11, nil)
	}
	if spec.EndpointSpec != nil && spec.EndpointSpec.Mode == swarm.ResolutionModeDNSRR {
		m = m.message(8, message{}.number(1, 1))
	}
	return m
}
