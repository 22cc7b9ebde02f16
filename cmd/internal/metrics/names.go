package metrics

import "github.com/prometheus/client_golang/prometheus"

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// tallyMetrics are what a balancer.Tally is told as.
type tallyMetrics struct{ requests, duration, open *prometheus.Desc }

// Traefik 1.7's.
var (
	entryPointMetrics = tallyMetrics{
		describe("traefik_entrypoint_requests_total",
			"Requests finished at an entry point.", "code", "method", "protocol", "entrypoint"),
		describe("traefik_entrypoint_request_duration_seconds",
			"How long requests took at an entry point.", "code", "method", "protocol", "entrypoint"),
		describe("traefik_entrypoint_open_connections",
			"Requests under way at an entry point.", "method", "protocol", "entrypoint"),
	}
	backendMetrics = tallyMetrics{
		describe("traefik_backend_requests_total",
			"Requests finished for a service.", "code", "method", "protocol", "backend"),
		describe("traefik_backend_request_duration_seconds",
			"How long requests took for a service.", "code", "method", "protocol", "backend"),
		describe("traefik_backend_open_connections",
			"Requests under way for a service.", "method", "protocol", "backend"),
	}
	backendRetries = describe("traefik_backend_retries_total",
		"Attempts after the first, by service.", "backend")
	backendServerUp = describe("traefik_backend_server_up",
		"Whether an endpoint takes its turns.", "backend", "url")

	reloads = describe("traefik_config_reloads_total",
		"Tables put in force; the same as appia_table_swaps_total.")
	reloadFailures = describe("traefik_config_reloads_failure_total",
		"Looks at the swarm that failed; the same as appia_discovery_failures_total.")
	lastReload = describe("traefik_config_last_reload_success",
		"When the table in force was put there; 0 if there is none.")
	lastReloadFailure = describe("traefik_config_last_reload_failure",
		"When a look at the swarm failed last; 0 if none did.")
)

// Our own.
var (
	buildInfo = describe("appia_build_info", "1; the label says which version runs.", "version")

	discoveryStale = describe("appia_discovery_stale",
		"1 if the last look at the swarm failed: what is served may be out of date.")
	discoveryLooked = describe("appia_discovery_last_look_timestamp_seconds",
		"When a look at the swarm succeeded last; 0 if none did.")
	discoveryFailures = describe("appia_discovery_failures_total", "Looks at the swarm that failed.")
	discoverySource   = describe("appia_discovery_source",
		"1; the label says how changes are seen: watch (the store tells), events (the engine tells of some) or polling.", "source")
	changeToServed = describe("appia_change_to_served_seconds",
		"From a change in the swarm to its being served, at the most.")
	diagnostics = describe("appia_diagnostics",
		"Diagnostics that stand, by severity and code.", "severity", "code")

	backendWaiting = describe("appia_backend_waiting_requests",
		"Requests that wait because no endpoint of the service could answer.", "backend")
	entryPointRefused = describe("appia_entrypoint_refused_total",
		"Connections of clients that were refused or given up before they were a request, by cause.", "entrypoint", "cause")
	entryPointFailures = describe("appia_entrypoint_failures_total",
		"Requests that failed at an entry point, by whose fault it was and cause.", "entrypoint", "side", "cause")
	backendFailures = describe("appia_backend_failures_total",
		"Requests that failed for a service, by whose fault it was and cause.", "backend", "side", "cause")
	accessLogLost = describe("appia_access_log_lost_lines_total", "Lines of the access log that could not be written.")

	actRequests = describe("appia_act_requests_total", "Messages that were answered, by the pin that took them.", "pin", "code")
	actSeconds  = describe("appia_act_seconds_total", "How long they took in all.", "pin", "code")
	actCopies   = describe("appia_observe_copies_total",
		"Copies of messages for services that observe them: sent, failed, or dropped as too many waited.", "backend", "outcome")

	certificateExpiry = describe("appia_certificate_expiry_timestamp_seconds",
		"When a certificate that is served ends, by its first name and all of them.", "cn", "serial", "sans")
	certificateProblems = describe("appia_certificate_problems",
		"Certificates that cannot be read or have expired.")

	tableSwaps     = describe("appia_table_swaps_total", "Tables put in force.")
	tableRoutes    = describe("appia_table_routes", "Routes of the table in force.")
	tableServices  = describe("appia_table_services", "Services of the table in force.")
	tableEndpoints = describe("appia_table_endpoints",
		"Endpoints of the table in force; one that two services use counts twice.")

	endpoints = describe("appia_endpoints",
		"Endpoints by state, as their services see them; one that two services use counts twice.", "state")
)
