// The page asks /api/overview every two seconds and shows the answer. Whatever comes from labels is put into the
// document as text, never as markup: a service may be named <script>.
"use strict";

const period = 2000, patience = 8000; // milliseconds
const step = 100;
const first = {diagnostics: 8, routes: 25, pins: 25, services: 50, retiring: 10}; // how many are shown until more are asked for
const $ = id => document.getElementById(id);

let limits = {}; // how many are shown since
let asked = 0; // requests so far: an answer that another has overtaken is not shown
let timer = 0;
let last = null; // {requests, uptime} of the last answer, for the rate
const shown = {}; // what each part shows now, as JSON: a part that did not change is left alone

// el makes an element: a class, and children that are text or elements.
function el(tag, className, ...children) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  e.append(...children.filter(c => c !== "" && c !== null && c !== undefined));
  return e;
}

const limitOf = id => limits[id] || first[id];

const count = n => n.toLocaleString("en");
const plural = (n, word) => count(n) + " " + word + (n === 1 ? "" : "s");

function age(seconds) {
  if (seconds < 60) return seconds + " s";
  if (seconds < 3600) return Math.floor(seconds / 60) + " min";
  if (seconds < 48 * 3600) return Math.floor(seconds / 3600) + " h";
  return Math.floor(seconds / 86400) + " days";
}

async function ask() {
  clearTimeout(timer);
  if (document.hidden) return; // asks again when it is looked at
  const turn = ++asked;
  const query = new URLSearchParams({filter: $("filter").value, limit: Math.max(step, ...Object.values(limits))});
  try {
    const answer = await fetch("../api/overview?" + query, {cache: "no-store", signal: AbortSignal.timeout(patience)});
    if (!answer.ok) throw new Error("it answers " + answer.status);
    const overview = await answer.json();
    if (turn !== asked) return;
    show(overview);
    $("trouble").hidden = true;
  } catch (error) {
    if (turn !== asked) return;
    $("trouble").textContent = "The router does not answer, what you see is old: " + error.message;
    $("trouble").hidden = false;
  }
  timer = setTimeout(ask, period);
}

function show(o) {
  $("version").textContent = o.version;
  showDiscovery(o);
  showCounts(o);
  if (!getSelection().isCollapsed) return; // somebody is about to copy something
  fill("diagnostics", o.diagnostics, diagnostic);
  fill("routes", o.routes, route);
  fill("pins", o.pins, pin);
  fill("services", o.services, service);
  fill("retiring", o.retiring, endpoint);
}

function showDiscovery(o) {
  const d = o.discovery, pill = $("discovery");
  let state = d.state, text;
  if (o.leaving) {
    state = "leaving";
    text = "Leaving: finishing what is in flight";
  } else if (state === "waiting") {
    text = "Waiting for the first look at the swarm";
  } else if (state === "stale") {
    text = (d.looked < 0 ? "Stale: the swarm was not seen since start" : "Stale for " + age(d.looked)) + (d.failure ? ": " + d.failure : "");
  } else {
    text = "Fresh, seen " + age(Math.max(0, d.looked)) + " ago" + ({ watch: ", told of each change by the store", events: ", told of changes by the engine" }[d.source] || ", no stream of changes");
  }
  pill.className = "pill " + state;
  if (pill.textContent !== text) pill.textContent = text;
}

function showCounts(o) {
  const c = o.counts, s = c.states;
  const out = (s.down || 0) + (s.ejected || 0);
  const found = c.errors + c.warnings + c.infos;
  const worst = c.errors ? "bad" : c.warnings ? "warn" : "";
  $("counts").replaceChildren(
    tile("Routes", count(c.routes), o.discovery.swapped < 0 ? "" : age(o.discovery.swapped) + " old"),
    tile("Services", count(c.services), ""),
    tile("Endpoints", count(c.endpoints), out ? count(out) + " out" : s.new ? count(s.new) + " new" : c.endpoints ? "all up" : "", out ? "bad" : ""),
    tile("Requests", short(c.requests), rate(o)),
    tile("In flight", count(c.inFlight), o.retiring.matching ? plural(o.retiring.matching, "endpoint") + " retiring" : ""),
    tile("Diagnostics", count(found), c.errors ? plural(c.errors, "error") : c.warnings ? plural(c.warnings, "warning") : "", worst),
  );
}

function tile(name, value, note, kind) {
  return el("div", "", el("dt", "", name), el("dd", "", value, el("small", kind, note)));
}

const short = n => n < 1e6 ? count(n) : new Intl.NumberFormat("en", {notation: "compact", maximumFractionDigits: 2}).format(n);

// rate is of the time between two answers.
function rate(o) {
  const now = {requests: o.counts.requests, at: performance.now()};
  const before = last;
  last = now;
  if (!before || now.requests < before.requests) return "";
  return count(Math.round((now.requests - before.requests) * 1000 / (now.at - before.at))) + " a second";
}

// fill puts a list into its section.
function fill(id, list, make) {
  const section = $(id), filtered = $("filter").value.trim() !== "";
  const items = list.shown.slice(0, limitOf(id));
  const text = JSON.stringify([items, list.matching, filtered]);
  if (shown[id] === text) return;
  shown[id] = text;
  section.querySelector(".rows").replaceChildren(...items.map(make));
  section.querySelector("small").textContent = count(list.matching) + (filtered ? " found" : "");
  const more = section.querySelector("button"), left = list.matching - items.length;
  more.hidden = left <= 0;
  more.textContent = "… " + count(left) + " more";
  const none = section.querySelector(".none");
  if (none) {
    none.hidden = list.matching > 0;
    none.textContent = filtered ? "Nothing here has that in it." : "None yet: a service with traefik labels and a running task will show here.";
    const table = section.querySelector("table");
    if (table) table.hidden = list.matching === 0;
  } else {
    section.hidden = list.matching === 0;
  }
}

function diagnostic(d) {
  const li = el("li", d.severity, el("p", "what", el("span", "tag " + d.severity, d.severity),
    el("strong", "", d.service || "the router's flags"), el("span", "code", d.code)));
  if (d.label || d.value) li.append(el("p", "label", el("code", "", d.label ? d.label + "=" + (d.value || "") : d.value)));
  li.append(el("p", "", d.message));
  if (d.suggestion) li.append(el("p", "", "Did you mean ", el("code", "", d.suggestion), "?"));
  return li;
}

function route(r) {
  const rule = el("td", "", el("span", "mono", r.rule || "(every request)"));
  if (r.tcp) {
    const kind = el("span", "tag", r.tcp);
    kind.title = "A route of whole connections";
    rule.append(" ", kind);
  }
  if (r.shadowed) {
    const mark = el("span", "tag shadowed", "shadowed");
    mark.title = "Another route asks for the same requests and is tried first";
    rule.append(" ", mark);
  }
  const priority = el("td", "number", String(r.priority), r.given ? el("small", "", "given") : "");
  const entryPoints = el("td", "", ...r.entryPoints.map(name => el("span", "tag", name)));
  const to = el("td", "owned", r.service, el("small", "", "asked for by " + r.owner + (r.label ? "" : ", by default")));
  priority.dataset.head = "Priority";
  entryPoints.dataset.head = "Entry points";
  to.dataset.head = "Service";
  return el("tr", r.shadowed ? "shadow" : "", rule, priority, entryPoints, to);
}

function pin(p) {
  const cells = {
    Service: el("td", "owned", p.service || "nobody", p.owner ? el("small", "", "asked for by " + p.owner) : ""),
    Observers: el("td", "", (p.observers || []).join(", ")),
    Messages: el("td", "number", count(p.requests)),
    Errors: el("td", "number", count(p.errors)),
    Mean: el("td", "number", p.requests ? (p.mean * 1000).toFixed(p.mean < 0.01 ? 1 : 0) + " ms" : ""),
  };
  for (const [head, cell] of Object.entries(cells)) cell.dataset.head = head;
  return el("tr", "", el("td", "", el("span", "mono", p.pin)), ...Object.values(cells));
}

function service(s) {
  const set = s.settings, facts = [set.method];
  if (set.sticky) facts.push("sticky " + set.sticky);
  if (set.check) facts.push("check " + set.check);
  if (set.proxyProtocol) facts.push("PROXY protocol v" + set.proxyProtocol);
  if (set.maxConn) facts.push("at most " + set.maxConn + " per " + set.maxConnPer);
  if (s.owners.length > 1) facts.push("shared by " + s.owners.join(", "));
  const card = el("article", "", el("h3", "", el("span", "name", s.name), el("span", "facts", facts.join(" · ")),
    s.inFlight ? el("span", "facts flight", count(s.inFlight) + " in flight") : ""));
  card.append(...s.endpoints.map(endpoint));
  if (s.more) card.append(el("p", "rest", "… " + count(s.more) + " more"));
  if (!s.endpoints.length) card.append(el("p", "rest", "No running task: requests are answered 503."));
  return card;
}

function endpoint(e) {
  const where = el("span", "where", el("span", "mono", e.url), e.why && e.why !== "passed" ? el("span", "why", e.why) : "");
  where.title = e.name;
  const bar = el("i"), percent = e.share * 100;
  bar.style.width = percent + "%";
  const share = el("span", "share", el("span", "bar", bar), el("span", "small number", percent.toFixed(percent < 10 && percent > 0 ? 1 : 0) + " %"));
  share.title = "Share of the service's next requests";
  return el("div", "endpoint", el("span", "", el("span", "tag " + e.state, e.state)), where,
    el("span", "small weight", "weight " + e.weight), share, el("span", "small number busy", count(e.inFlight) + " in flight"));
}

$("filter").addEventListener("input", () => {
  limits = {};
  clearTimeout(timer);
  timer = setTimeout(ask, 150);
});
for (const button of document.querySelectorAll("button")) {
  button.addEventListener("click", () => {
    const id = button.parentElement.id;
    limits[id] = limitOf(id) + step;
    ask();
  });
}
document.addEventListener("visibilitychange", ask);
$("filter").value = new URLSearchParams(location.search).get("filter") || ""; // for links to one team's services
ask();
