// Stubs: what is found on phones in place of made-up data; making, changing and deleting them.

import { at, below, call, foreign, inWords, make, onPress, onSend, t } from "./core.js";
import { fill, valuesOf } from "./forms.js";
import { paged } from "./lists.js";

const form = at("stub-form");
const LONGEST = 200; // characters of what a row shows

function row(stub) {
  const { id, match = {}, ...found } = stub;
  const edit = make("button", { type: "button", className: "quiet", "data-action": "edit", "aria-label": t("stubs.edit_of", { id }) }, t("stubs.edit"));
  onPress(edit, async () => {
    form.elements.id.value = id;
    fill(at("stub-match"), match);
    fill(at("stub-found"), found);
    form.elements.id.focus();
    return t("stubs.editing", { id });
  });
  const drop = make("button", { type: "button", className: "quiet danger", "data-action": "drop", "aria-label": t("stubs.drop_of", { id }) }, t("stubs.drop"));
  onPress(drop, async () => {
    await call("DELETE", below("stubs", id));
    refresh();
    return t("stubs.was_dropped", { id });
  });
  const told = inWords(found);
  return make(
    "tr",
    { "data-stub": id },
    make("th", { scope: "row" }, foreign(id)),
    make("td", { className: "why" }, Object.keys(match).length ? foreign(inWords(match)) : t("stubs.any")),
    make("td", { className: "why" }, foreign(told.length > LONGEST ? `${told.slice(0, LONGEST)}…` : told)),
    make("td", {}, make("div", { className: "buttons" }, edit, drop)),
  );
}

const refresh = paged({ name: "stubs", path: "stubs", keyOf: (stub) => stub.id, rowOf: row, limit: 20 });

onSend(form, async () => {
  const id = form.elements.id.value.trim();
  const match = valuesOf(at("stub-match"));
  const body = { ...(Object.keys(match).length ? { match } : {}), ...valuesOf(at("stub-found")) };
  const made = await call(id ? "PUT" : "POST", id ? below("stubs", id) : "stubs", { body });
  refresh();
  return t("stubs.is_saved", { id: made.id });
});
onPress(at("clear"), async () => {
  await call("DELETE", "stubs");
  refresh();
  return t("stubs.cleared");
});
