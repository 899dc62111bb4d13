// Scenarios: those that run and how far each has come; beginning ready ones and one's own, and stopping them.

import { at, below, call, foreign, make, onPress, onSend, Refused, t } from "./core.js";
import { paged } from "./lists.js";

function row({ name, login, steps, progress }) {
  const button = make("button", { type: "button", className: "quiet danger", "data-action": "stop", "aria-label": t("scenarios.stop_of", { name }) }, t("scenarios.stop"));
  onPress(button, async () => {
    await call("DELETE", below("scenarios", name), { query: { login } });
    refresh();
    return t("scenarios.was_stopped", { name });
  });
  const step = progress.step === null ? t("scenarios.over") : t("scenarios.step_of", { step: progress.step, steps: steps.length });
  return make(
    "tr",
    { "data-name": name },
    make("th", { scope: "row" }, foreign(name)),
    make("td", { className: "who", title: login ?? "" }, login === undefined ? t("scenarios.anybody") : foreign(login)),
    make("td", {}, step, make("meter", { min: 0, max: steps.length, value: (progress.step ?? steps.length + 1) - 1, "aria-label": t("scenarios.progress_of", { name }) })),
    make("td", {}, String(progress.calls)),
    make("td", {}, String(progress.rounds)),
    make("td", {}, button),
  );
}

const refresh = paged({ name: "scenarios", path: "scenarios", keyOf: (one) => JSON.stringify([one.name, one.login]), rowOf: row, seconds: 1 });

async function begin(name, document) {
  await call("PUT", below("scenarios", name), { body: document });
  refresh();
  return t("scenarios.has_begun", { name });
}

const whose = (login) => (login ? { login } : {});

for (const button of document.querySelectorAll("[data-scenario]")) {
  onPress(button, () => begin(button.dataset.scenario, whose(at("ready-login").value.trim())));
}
onSend(at("own-form"), (data) => {
  let steps;
  try {
    steps = JSON.parse(data.get("steps"));
  } catch {
    throw new Refused(422, { detail: t("layout.not_json", { key: "steps" }) });
  }
  return begin(data.get("name").trim(), { ...whose(data.get("login").trim()), end: data.get("end"), steps });
});
onPress(at("clear"), async () => {
  await call("DELETE", "scenarios");
  refresh();
  return t("scenarios.cleared");
});
