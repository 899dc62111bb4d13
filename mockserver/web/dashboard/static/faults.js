// Faults: those that are armed, and how often each may still strike; arming and disarming them.

import { at, below, call, foreign, inWords, make, onPress, onSend, t } from "./core.js";
import { valuesOf } from "./forms.js";
import { paged } from "./lists.js";

const form = at("fault-form");

function leftOf(fault) {
  if (fault.times === "always") return t("faults.always");
  const left = Math.max(fault.times - fault.struck, 0);
  return left ? t("faults.left_of", { left, times: fault.times }) : t("faults.over");
}

function row(fault) {
  const { kind, ...settings } = fault.action;
  const button = make("button", { type: "button", className: "quiet danger", "data-action": "disarm", "aria-label": t("faults.disarm_of", { id: fault.id }) }, t("faults.disarm"));
  onPress(button, async () => {
    await call("DELETE", below("faults", fault.id));
    refresh();
    return t("faults.was_disarmed", { id: fault.id });
  });
  const left = make("td", {}, leftOf(fault));
  if (fault.times !== "always") {
    left.append(make("meter", { min: 0, max: fault.times, value: Math.max(fault.times - fault.struck, 0), "aria-label": t("faults.meter", { id: fault.id }) }));
  }
  return make(
    "tr",
    { "data-fault": fault.id },
    make("th", { scope: "row" }, foreign(fault.id)),
    make("td", { className: "why", title: inWords(settings) }, make("b", {}, kind), " ", foreign(inWords(settings))),
    make("td", { className: "why" }, Object.keys(fault.match).length ? foreign(inWords(fault.match)) : t("faults.all")),
    left,
    make("td", { className: "right" }, String(fault.seen)),
    make("td", { className: "right" }, String(fault.struck)),
    make("td", {}, button),
  );
}

const refresh = paged({ name: "faults", path: "faults", keyOf: (fault) => fault.id, rowOf: row, seconds: 1 });

function choose() {
  for (const part of form.querySelectorAll("fieldset.kind")) {
    const chosen = part.dataset.kind === form.elements.kind.value;
    part.hidden = !chosen;
    part.disabled = !chosen;
  }
}
form.elements.kind.addEventListener("change", choose);
choose();

onSend(form, async () => {
  const kind = form.elements.kind.value;
  const action = { kind, ...valuesOf(form.querySelector(`fieldset.kind[data-kind="${kind}"]`)) };
  const often = valuesOf(at("fault-often"));
  const armed = await call("POST", "faults", { body: { match: valuesOf(at("fault-match")), action, ...often } });
  refresh();
  return t("faults.is_armed", { id: armed.id });
});
onPress(at("clear"), async () => {
  await call("DELETE", "faults");
  refresh();
  return t("faults.cleared");
});
