// The page of what goes on: requests, tasks on a time line, quotas, latency.

import { ask, at, below, call, copy, curl, draw, every, foreign, health, known, lasting, make, onPress, quotaMeter, reasoned, root, save, t, timeOf, written } from "./core.js";
import { keyed } from "./lists.js";

const MOST = 100; // requests that are shown
const TASKS = 12;
const GAUGES = 8;
const BEFORE = 20; // seconds of the time line
const AFTER = 20;

// Requests

const body = at("requests").tBodies[0];
const filter = at("filter");
let last = 0; // the number of the newest request that is shown
let shown = []; // the requests of the rows, the newest first
let fresh = 0; // when all of them were read, by this page's own time
let paused = false;
let filters = 0; // how many filters there were before this one

const filtered = () => Object.fromEntries([...new FormData(filter)].filter(([, value]) => value.trim()).map(([name, value]) => [name, value.trim()]));

/** What an outcome counts as: by its colour, and by its word. */
const kind = (outcome) => (["ok", "processing", "ready", "page"].includes(outcome) ? outcome : "error");

const taskPage = (id) => new URL(`dashboard/tasks/${id}`, root);

function row(entry) {
  const method = entry.method ?? "–";
  const button = make("button", { type: "button", className: "quiet", "data-action": "details", "aria-label": t("live.details_of", { number: entry.number }) }, String(entry.number));
  onPress(button, () => showDetails(entry));
  const phone = entry.phone ? foreign(entry.phone) : entry.task === null ? null : t("task.task", { id: entry.task });
  const searched = entry.task === null ? phone : make("a", { href: taskPage(entry.task), title: t("task.task", { id: entry.task }) }, phone);
  return make(
    "tr",
    { "data-row": entry.number },
    make("td", { className: "right" }, button),
    make("td", { className: "mono", title: entry.time }, timeOf(entry.time, 3)),
    make("td", {}, make("b", {}, method), " ", make("span", { className: "soft small" }, `${entry.http_method ?? "–"} ${entry.format}`)),
    make("td", {}, make("span", { className: "badge", "data-kind": kind(entry.outcome) }, known(`outcome.${entry.outcome}`, entry.outcome)), " ", make("span", { className: "soft small" }, String(entry.http_status))),
    make("td", { className: "who", title: entry.login ?? "" }, foreign(entry.login ?? "–"), " ", searched && make("span", { className: "mono" }, searched)),
    make("td", { className: "right mono" }, lasting(entry.latency)),
    make("td", { className: "why", title: entry.reason }, foreign(reasoned(entry.reason))),
  );
}

/** Shows all that the journal has of a request, by the keys of the control API. */
async function showDetails(entry) {
  const facts = Object.entries(entry).map(([key, value]) => [make("dt", {}, key), make("dd", {}, foreign(value === null ? "–" : Array.isArray(value) ? value.join(", ") || "–" : String(value)))]);
  at("details-title").textContent = t("live.details", { number: entry.number });
  at("details-keys").replaceChildren(...facts.flat());
  at("details").showModal();
}
onPress(at("details-close"), async () => at("details").close());

function showRequests() {
  const filtering = Object.keys(filtered()).length > 0;
  at("requests-box").hidden = shown.length === 0;
  at("requests-empty").hidden = shown.length > 0 || filtering;
  at("requests-none").hidden = shown.length > 0 || !filtering;
  at("newest").hidden = shown.length === 0;
}

const refreshRequests = every(1, async () => {
  if (paused) return;
  const whole = last === 0 || performance.now() - fresh > 15000; // others may have reset the journal meanwhile
  const asked = filters;
  let told;
  try {
    told = await call("GET", "requests", { query: { ...filtered(), order: "newest", limit: MOST, ...(whole ? {} : { after: last }) } });
  } catch (error) {
    if (error.status === 404) told = { requests: [] }; // there is no such account
    else if (error.status === 422) {
      at("journal-off").hidden = false; // and it stays so
      paused = true;
      return;
    } else throw error;
  }
  if (paused || asked !== filters) return; // an answer to another filter
  const added = told.requests;
  at("skipped").hidden = whole || told.next === undefined;
  at("skipped").textContent = t("live.skipped", { count: MOST });
  if (whole) {
    fresh = performance.now();
    keyed(body, added, (entry) => entry.number, row);
    shown = added;
  } else {
    body.prepend(...added.map(row));
    shown = [...added, ...shown].slice(0, MOST);
    while (body.rows.length > MOST) body.lastElementChild.remove();
  }
  last = shown.length ? shown[0].number : 0;
  showRequests();
  if (!added.length) return;
  drawLatencies();
  for (const { login } of added) if (login) noticed.add(login);
  if (noticed.size) refreshQuotas();
  if (!whole && added.some((entry) => entry.method !== "info")) refreshTasks();
});

function forgetRequests() {
  filters += 1;
  last = 0;
  shown = [];
  refreshRequests();
}

filter.addEventListener("change", forgetRequests);
filter.addEventListener("submit", (event) => event.preventDefault());
onPress(at("pause"), async () => {
  paused = !paused;
  at("pause").setAttribute("aria-pressed", String(paused));
  at("pause").textContent = t(paused ? "live.resume" : "live.pause");
  if (!paused) refreshRequests();
  return t(paused ? "live.paused" : "live.resumed");
});
onPress(at("clear"), async () => {
  const { login } = filtered();
  await call("DELETE", "requests", { query: { login } });
  forgetRequests();
  return t("live.cleared");
});
onPress(at("reset"), async () => {
  if (!confirm(t("live.reset_sure"))) return "";
  await call("POST", "reset", { body: {} });
  gauges.clear();
  forgetRequests();
  refreshTasks();
  refreshQuotas();
  return t("live.was_reset");
});
onPress(at("har"), async () => {
  const response = await ask("GET", "requests.har", { query: filtered() });
  save(await response.blob(), "ifind-mock.har");
  return "";
});

health.then(async ({ api }) => {
  const line = curl(`${api}/create`, { login: "test-first@example.com", token: "test-token", phone: "70001234567", source: 2 });
  at("first-call").textContent = line;
  onPress(at("copy-first"), () => copy(line));
});

// Tasks

let tasks = [];
const offsets = new Map(); // by login, what its clock shows less what this page's own time is, and its speed

const lineOf = (task) => {
  const clock = offsets.get(task.login);
  const now = clock ? clock.now + (performance.now() - clock.read) * clock.speed : Date.parse(task.ready_at ?? task.created_at);
  return { now, from: (Date.parse(task.created_at) - now) / 1000, to: task.ready_at === null ? null : (Date.parse(task.ready_at) - now) / 1000 };
};

function stateOf(task, to) {
  if (task.status === "failed" || task.status === "ready") return t(`task.${task.status}`);
  if (task.polls_left !== null) return t("task.polls_left", { polls: task.polls_left });
  if (to === null) return t("task.never");
  return to > 0 ? t("task.ready_in", { seconds: written(Math.max(to, 0.1)) }) : t("task.ready");
}

const across = (seconds) => Math.min(Math.max(((seconds + BEFORE) / (BEFORE + AFTER)) * 100, 0), 100);

function bar(task, { from, to }) {
  const start = across(from);
  const end = across(to ?? AFTER);
  const kind = task.status === "processing" && (to === null || to > 0) ? "processing" : task.status === "failed" ? "failed" : "ready";
  const parts = [draw("line", { class: "now", x1: across(0), x2: across(0), y1: 0, y2: 10 })];
  parts.push(draw("rect", { class: "rail", x: 0, y: 4.5, width: 100, height: 1 }));
  if (end > start || start > 0) parts.push(draw("rect", { class: kind, x: start, y: 2, width: Math.max(end - start, 0.8), height: 6, rx: 1 }));
  if (to === null) parts.push(draw("rect", { class: "open", x: Math.max(end - 3, start), y: 2, width: 3, height: 6 }));
  return draw("svg", { class: "span", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, ...parts);
}

const lines = new Map(); // by the task's id: its row's element for the state, and its picture

function showTasks() {
  for (const task of tasks) {
    const line = lines.get(task.id);
    const times = lineOf(task);
    const state = stateOf(task, times.to);
    if (line.state.textContent !== state) line.state.textContent = state;
    line.state.dataset.kind = task.status === "processing" && times.to !== null && times.to <= 0 ? "ready" : task.status;
    const picture = bar(task, times);
    line.picture.replaceWith(picture);
    line.picture = picture;
  }
}

function taskLine(task) {
  const state = make("span", { className: "badge" });
  const picture = draw("svg");
  lines.set(task.id, { state, picture });
  return make("li", {}, make("span", { className: "what" }, make("a", { href: taskPage(task.id) }, t("task.task", { id: task.id })), " ", foreign(task.phone)), state, picture);
}

const refreshTasks = every(2, async () => {
  const told = await call("GET", "tasks", { query: { order: "newest", limit: TASKS } });
  const running = told.tasks.filter((task) => task.status === "processing" || !offsets.has(task.login));
  for (const login of new Set(running.map((task) => task.login))) {
    const clock = await call("GET", "clock", { query: { login } });
    offsets.set(login, { now: Date.parse(clock.now), read: performance.now(), speed: clock.speed });
  }
  tasks = told.tasks;
  keyed(at("time-line"), tasks.map(({ id, phone }) => ({ id, phone })), (task) => task.id, taskLine);
  at("tasks-empty").hidden = tasks.length > 0;
  at("axis").hidden = tasks.length === 0;
  at("axis").replaceChildren(...[t("live.ago", { n: BEFORE }), t("live.now"), t("live.ahead", { n: AFTER })].map((text) => make("span", {}, text)));
  showTasks();
});
setInterval(() => document.hidden || showTasks(), matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 200);
document.addEventListener("clock-changed", () => {
  offsets.clear();
  refreshTasks();
  refreshQuotas();
});

// Quotas

const gauges = new Map(); // accounts by login, the one that called last is the last
const noticed = new Set(); // logins that have called since the quotas were read

const refreshQuotas = every(10, async () => {
  const whole = gauges.size === 0;
  if (whole) for (const account of (await call("GET", "accounts", { query: { limit: GAUGES } })).accounts) gauges.set(account.login, account);
  const logins = new Set([...[...noticed].slice(-GAUGES), ...(whole ? [] : gauges.keys())]);
  const called = [...noticed];
  noticed.clear();
  for (const login of logins) {
    const account = await call("GET", below("accounts", login)).catch((error) => {
      if (error.status === 404) return null;
      throw error;
    });
    if (account === null || called.includes(login)) gauges.delete(login);
    if (account !== null) gauges.set(login, account);
  }
  while (gauges.size > GAUGES) gauges.delete(gauges.keys().next().value);
  at("quotas").replaceChildren(...[...gauges.values()].reverse().map(gauge));
  at("quotas-empty").hidden = gauges.size > 0;
});

function gauge({ login, used, daily_limit: limit }) {
  const over = used >= limit;
  const text = t("live.used", { used: written(used), limit: written(limit) });
  return make(
    "li",
    { "data-login": login },
    foreign(login),
    make("span", { className: over ? "amount over" : "amount" }, over ? `${text} · ${t("live.used_up")}` : text),
    quotaMeter({ login, used, daily_limit: limit }),
  );
}

// Latency

function drawLatencies() {
  const values = shown.map((entry) => entry.latency).reverse();
  const longest = Math.max(...values);
  const width = 240 / MOST;
  const tallest = longest || 1;
  at("latencies").replaceChildren(
    draw("line", { class: "rail", x1: 0, x2: 240, y1: 63.5, y2: 63.5 }),
    ...values.map((value, place) => {
      const height = Math.max((value / tallest) * 60, 1.5);
      return draw("rect", { class: kind(shown[values.length - 1 - place].outcome), x: 240 - (values.length - place) * width, y: 63 - height, width: width * 0.75, height });
    }),
  );
  at("latencies").toggleAttribute("hidden", longest === 0);
  const sorted = [...values].sort((one, other) => one - other);
  at("latency-summary").textContent = t("live.latency_summary", { count: values.length, median: lasting(sorted[sorted.length >> 1]), longest: lasting(longest) });
}
