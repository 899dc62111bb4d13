// A task: its state, and its answer in each format.

import { at, below, call, copy, curl, dateOf, every, foreign, health, make, onPress, onSend, t } from "./core.js";
import { show } from "./colours.js";

const id = location.pathname.split("/").at(-1);
const answers = document.querySelectorAll(".answer");
const form = at("ready-form");
let task = null;
let told = null;
let shown = "";

at("task-title").textContent = t("task.task", { id });

function showFacts() {
  at("task-status").textContent = t(`task.${task.status}`);
  at("task-status").dataset.kind = task.status;
  const facts = {
    "live.phone": task.phone,
    "live.account": task.login,
    "tasks.source": task.source,
    "tasks.cost": task.cost,
    "tasks.created": dateOf(task.created_at),
    "tasks.ready_at": task.polls_left !== null && task.status === "processing" ? t("task.polls_left", { polls: task.polls_left }) : task.ready_at === null ? t("task.never") : dateOf(task.ready_at),
  };
  at("task-facts").replaceChildren(
    ...Object.entries(facts).map(([key, value]) => make("div", {}, make("dt", {}, t(key)), make("dd", {}, foreign(String(value))))),
  );
  form.hidden = task.status !== "processing";
}

function showAnswers() {
  for (const box of answers) {
    const { http_status: status, content_type: type, body } = told[box.dataset.format];
    box.querySelector("[data-part=type]").textContent = `${status} · ${type}`;
    show(box.querySelector("code"), box.dataset.format, body, at("as-sent").checked);
  }
}

const refresh = every(2, async () => {
  try {
    task = await call("GET", below("tasks", id));
  } catch (error) {
    if (error.status !== 404) throw error;
    at("task-missing").hidden = false;
    document.querySelectorAll("#ready-form, [aria-labelledby=answers-title]").forEach((part) => (part.hidden = true));
    return;
  }
  showFacts();
  if (task.status === shown) return; // until it is ready, and from then on, each answer is the same
  told = await call("GET", below("tasks", id, "answers"));
  shown = task.status;
  showAnswers();
});

at("as-sent").addEventListener("change", () => told && showAnswers());
document.addEventListener("clock-changed", () => refresh());

for (const box of answers) {
  const format = box.dataset.format;
  onPress(box.querySelector("[data-copy=body]"), () => copy(told[format].body));
  onPress(box.querySelector("[data-copy=curl]"), async () => {
    const { token } = await call("POST", "accounts", { body: { login: task.login } }); // it changes nothing, and tells the token
    const { api } = await health;
    return copy(curl(`${api}/result`, { login: task.login, token, id, format }));
  });
}

const READY = {
  now: () => "at once",
  never: () => "never",
  after: (data) => ({ after: data.get("after").trim() }),
  polls: (data) => ({ after_polls: Number(data.get("polls")) }),
};
form.elements.how.addEventListener("change", ({ target }) => {
  at("ready-after").hidden = target.value !== "after";
  at("ready-polls").hidden = target.value !== "polls";
});
onSend(form, async (data) => {
  await call("PUT", below("tasks", id), { body: { ready: READY[data.get("how")](data) } });
  refresh();
  return t("task.changed");
});
