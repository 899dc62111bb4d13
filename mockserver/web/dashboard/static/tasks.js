// The list of tasks, the newest first.

import { at, below, call, foreign, make, onPress, root, t, timeOf } from "./core.js";
import { paged } from "./lists.js";

const filter = at("filter");

function row(task) {
  const buttons = make("td", {});
  if (task.status === "processing") {
    const button = make("button", { type: "button", className: "quiet", "data-action": "ready", "aria-label": t("tasks.make_ready_of", { id: task.id }) }, t("tasks.make_ready"));
    onPress(button, async () => {
      await call("PUT", below("tasks", task.id), { body: { ready: "at once" } });
      refresh();
      return t("tasks.is_ready", { id: task.id });
    });
    buttons.append(button);
  }
  const ready = task.polls_left !== null ? t("task.polls_left", { polls: task.polls_left }) : task.ready_at === null ? t("task.never") : timeOf(task.ready_at, 3);
  return make(
    "tr",
    {},
    make("td", {}, make("a", { href: new URL(`dashboard/tasks/${task.id}`, root), "data-action": "open" }, String(task.id))),
    make("td", {}, make("span", { className: "badge", "data-kind": task.status }, t(`task.${task.status}`))),
    make("td", { className: "mono" }, foreign(task.phone)),
    make("td", {}, String(task.source)),
    make("td", { className: "who", title: task.login }, foreign(task.login)),
    make("td", {}, String(task.cost)),
    make("td", { className: "mono", title: task.created_at }, timeOf(task.created_at, 3)),
    make("td", { className: "mono", title: task.ready_at ?? "" }, ready),
    buttons,
  );
}

const refresh = paged({
  name: "tasks",
  path: "tasks",
  query: () => ({ order: "newest", login: filter.elements.login.value.trim() }),
  keyOf: (task) => task.id,
  rowOf: row,
  seconds: 1,
});
filter.addEventListener("change", () => refresh(true));
filter.addEventListener("submit", (event) => event.preventDefault());
