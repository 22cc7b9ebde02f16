package demo

import (
	"net"

	"github.com/appia-edge/appia/rules"
)

// curlMessage is a line for a shell that sends a message which the route gets, or a copy of.
func (s *show) curlMessage(r *rules.Route) string {
	host, port, _ := net.SplitHostPort(s.stage.messages)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "curl -d " + shellWords([]string{r.Rule.Pins()[0].Example()})[0] + " http://" + net.JoinHostPort(host, port) + "/act"
}
