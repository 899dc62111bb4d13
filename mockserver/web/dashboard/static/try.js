// Runs a search from its create to its result, as a client of the API does.

import { at, copy, curl, foreign, lasting, make, onPress, reasoned, root, t } from "./core.js";
import { show } from "./colours.js";

const form = at("try-form");
const LONGEST = 60_000; // milliseconds of polling
const api = (method) => new URL(`../api/${method}`, root);
let stopped = true;

form.elements.magic.addEventListener("change", ({ target }) => {
  if (target.value) form.elements.phone.value = target.value;
});

/** Calls a method of the API; gives what came, also where nothing did. */
async function send(http, method, params) {
  const sent = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== ""));
  const url = api(method);
  const began = performance.now();
  try {
    if (http === "GET") url.search = sent;
    const response = await fetch(url, { method: http, cache: "no-store", ...(http === "POST" ? { body: sent } : {}) });
    const text = await response.text();
    return { status: response.status, type: response.headers.get("Content-Type") ?? "", reason: response.headers.get("X-Mock-Reason") ?? "", task: response.headers.get("X-Mock-Task"), text, took: performance.now() - began };
  } catch {
    return { status: 0, type: "", reason: t("try.broken"), task: null, text: "", took: performance.now() - began };
  }
}

const formatOf = (type, text) => (/json/.test(type) ? "json" : /xml/.test(type) ? "xml" : /csv/.test(type) ? "csv" : text.startsWith("{") ? "json" : "xml");

/** The id in the answer to a create, whatever its format. */
const idOf = (came) => came.task ?? /"id":\s*(\d+)|<id>(\d+)<\/id>/.exec(came.text)?.slice(1).find(Boolean) ?? /^\W*status\W+id\W+ok\W+(\d+)/.exec(came.text)?.[1];

const isProcessing = (came) => came.status === 200 && /"status":\s*"processing"|<status>processing<|^\W*status\W+processing\W*$/.test(came.text);

/** The part of the list for one call. */
function step(method, params, came, times = 1) {
  const code = make("code");
  show(code, formatOf(came.type, came.text), came.text, false);
  const button = make("button", { type: "button", className: "quiet", "aria-label": t("try.curl_of", { method }) }, t("task.copy_curl"));
  onPress(button, () => copy(curl(api(method), params)));
  const counted = times > 1 ? ` ${t("try.times", { times })}` : "";
  return make(
    "li",
    { "data-method": method },
    make("div", { className: "head" }, make("h3", {}, method, make("span", { className: "soft" }, `${counted} · ${came.status || "–"} · ${lasting(came.took / 1000)}`)), button),
    make("p", { className: "soft" }, foreign(reasoned(came.reason))),
    came.text ? make("pre", { className: "code", tabIndex: 0, role: "region", "aria-label": t("try.answer_of", { method }) }, code) : undefined,
  );
}

const waited = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

async function run() {
  const { http, pause, magic: _, ...params } = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
  const { phone, source, ...others } = params;
  at("steps").replaceChildren();
  at("steps-empty").hidden = true;
  const made = await send(http, "create", params);
  at("steps").append(step("create", params, made));
  const id = idOf(made);
  if (!id) return t("try.no_task");
  const asked = { ...others, id };
  const end = performance.now() + LONGEST;
  let line = null;
  for (let times = 1; ; times += 1) {
    await waited(Number(pause));
    if (stopped) return t("try.was_stopped");
    const came = await send(http, "result", asked);
    const next = step("result", asked, came, times);
    if (line) line.replaceWith(next);
    else at("steps").append(next);
    line = next;
    if (!isProcessing(came)) break;
    if (performance.now() > end) return t("try.too_long");
  }
  at("steps").append(make("li", {}, make("a", { href: new URL(`dashboard/tasks/${id}`, root) }, t("task.task", { id }))));
  return t("try.done");
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!stopped) return;
  stopped = false;
  at("stop").disabled = false;
  at("run").setAttribute("aria-disabled", "true");
  at("ended").textContent = t("try.running");
  try {
    at("ended").textContent = await run();
  } finally {
    stopped = true;
    at("stop").disabled = true;
    at("run").removeAttribute("aria-disabled");
  }
});
at("stop").addEventListener("click", () => (stopped = true));
