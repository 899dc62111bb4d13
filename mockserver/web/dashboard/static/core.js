// What all pages share: texts, calls of the control API, polling, elements, messages.

const page = document.documentElement;
const texts = JSON.parse(document.body.dataset.texts);

/** The URL of `/_mock/`, wherever a proxy has put it. */
export const root = new URL(page.dataset.root, location.href);

/** The text of a key in the page's language; {name} stands for a value. */
export function t(key, values = {}) {
  if (!(key in texts)) throw new Error(`there is no text ${key}`);
  return texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** The text of a key, where there is one, else the fallback. */
export const known = (key, fallback) => (key in texts ? t(key) : fallback);

// The longest first: a shorter one may fit the beginning of it.
const reasons = Object.entries(texts)
  .filter(([key]) => key.startsWith("reason."))
  .map(([key, text]) => [key.slice("reason.".length), text])
  .sort(([one], [other]) => other.length - one.length)
  .map(([english, text]) => [new RegExp(`^${english.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replaceAll("{}", "(.+?)")}$`), text]);

/** A reason as in X-Mock-Reason in the page's language; a part that has no text stays as it is. */
export const reasoned = (reason) =>
  reason.split("; ").map((part) => {
    const [pattern, text] = reasons.find(([one]) => one.test(part)) ?? [/$/, part];
    const values = pattern.exec(part).slice(1);
    return text.replaceAll("{}", () => values.shift());
  }).join("; ");

/** A refusal of the control API, or no answer at all (status 0). */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || String(status));
    this.status = status;
    this.problem = problem;
  }
}

/** The path of parts, each escaped: below("tasks", 5) is `tasks/5`. */
export const below = (...parts) => parts.map(encodeURIComponent).join("/");

/** The response of a route of the control API; path is below `/_mock/`. Throws Refused. */
export async function ask(method, path, { query = {}, body } = {}) {
  const url = new URL(path, root);
  for (const [name, value] of Object.entries(query)) if (value !== "" && value !== undefined) url.searchParams.set(name, value);
  const headers = { "X-Ifind-Mock-Dashboard": "1", ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
  let response;
  try {
    response = await fetch(url, { method, headers, cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Refused(0, { detail: t("layout.not_reached") });
  }
  if (response.status === 401) location.reload(); // the session has ended: the page asks for the token
  if (!response.ok) throw new Refused(response.status, await response.json().catch(() => ({})));
  return response;
}

/** The JSON value that a route of the control API answers; null where it has no body. */
export async function call(method, path, options) {
  const response = await ask(method, path, options);
  return response.status === 204 ? null : response.json();
}

/** Makes an element: properties are set as they are (data-… and aria-… as attributes), on… are listeners. */
export function make(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key.includes("-") || key === "role" || key === "for" || key === "colspan") made.setAttribute(key, value);
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made[key] = value;
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

/** Likewise an element of SVG, with attributes alone. */
export function draw(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A text that came from elsewhere: whatever its direction, nothing around it turns. */
export const foreign = (text) => make("bdi", {}, text);

/** The element of an id. */
export const at = (id) => document.getElementById(id);

/** Shows and says a message; a wrong one stays until it is closed. */
let fading;
export function say(text, wrong = false) {
  const box = at("said");
  clearTimeout(fading);
  const close = make("button", { className: "quiet", type: "button", onclick: () => box.replaceChildren() }, t("layout.close"));
  box.replaceChildren(make("p", { className: wrong ? "wrong" : "done" }, foreign(text)), close);
  if (!wrong) fading = setTimeout(() => box.replaceChildren(), 6000);
}

/** Does what a button or a form is for, and says what came of it: the text that work gives, or why it was refused. */
export async function act(work) {
  try {
    const done = await work();
    if (done) say(done);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.status ? `${t("layout.failed")}: ${error.message}` : error.message, true);
  }
}

/** Has a button do work when it is pressed; it can't be pressed again meanwhile. */
export function onPress(button, work) {
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    await act(work).finally(() => button.removeAttribute("aria-disabled"));
  });
}

/** Has a form do work when it is sent. */
export function onSend(form, work) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(() => work(new FormData(form)));
  });
}

/** Puts a text on the clipboard; where the browser lends it to no page like this, by a selection. */
export async function copy(text) {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else {
    const field = make("textarea", { value: text, className: "unseen" });
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  return t("layout.copied");
}

/** Saves bytes as a file. */
export function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Does work now and every so many seconds, while the page is seen; less often while the mock does not answer. Gives
 *  what does it at once. */
export function every(seconds, work) {
  let timer, again = false, busy = false, failures = 0;
  async function run() {
    clearTimeout(timer);
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      await work();
      failures = 0;
      connection("on");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      failures += 1;
      if (error.status === 0 || error.status >= 500) connection("off");
      else say(error.message, true);
    } finally {
      busy = false;
      const pause = Math.min(seconds * 2 ** failures, Math.max(seconds, 15));
      if (again) timer = setTimeout(run);
      else if (!document.hidden) timer = setTimeout(run, pause * 1000);
      again = false;
    }
  }
  document.addEventListener("visibilitychange", () => document.hidden || run());
  run();
  return run;
}

function connection(state) {
  const box = at("connection");
  if (box.dataset.state === state) return;
  box.dataset.state = state;
  box.textContent = t(state === "on" ? "layout.connected" : "layout.unreachable");
}

/** The time of day of an ISO time, as the mock writes it: in Moscow's time, whatever the browser's. */
export const timeOf = (iso, digits = 0) => {
  const [, seconds, fraction = ""] = /T(\d\d:\d\d:\d\d)(?:\.(\d+))?/.exec(iso);
  return digits ? `${seconds}.${fraction.padEnd(digits, "0").slice(0, digits)}` : seconds;
};

/** Likewise with its date, to the millisecond. */
export const dateOf = (iso) => `${iso.slice(0, 10)} ${timeOf(iso, 3)}`;

const number = new Intl.NumberFormat(page.lang, { maximumFractionDigits: 1 });

/** A number as the language writes it. */
export const written = (value) => number.format(value);

/** Seconds in a suitable unit. */
export function lasting(seconds) {
  if (seconds < 1) return t("unit.ms", { n: written(Math.round(seconds * 1000)) });
  if (seconds < 100) return t("unit.s", { n: written(seconds) });
  if (seconds < 6000) return t("unit.minutes", { n: written(seconds / 60) });
  return t("unit.hours", { n: written(seconds / 3600) });
}

/** A document's keys and values in a line. */
export const inWords = (table) => Object.entries(table).map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`).join(" ");

/** A gauge of an account's units. */
export const quotaMeter = ({ login, used, daily_limit: limit }) =>
  make("meter", { className: used >= limit ? "over" : "", min: 0, max: Math.max(limit, 1), value: limit ? Math.min(used, limit) : 1, high: limit * 0.8, optimum: 0, "aria-label": t("live.quota_of", { login }) });

/** An argument for sh: in single quotes. */
export const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

/** A curl line that calls a method of the API. */
export const curl = (url, params) =>
  [`curl -G ${quoted(url)}`, ...Object.entries(params).map(([name, value]) => `--data-urlencode ${quoted(`${name}=${value}`)}`)].join(" \\\n  ");

/** What the mock says of itself. */
export const health = call("GET", "health").catch(() => new Promise(() => {})); // where it does not answer, nothing is shown
