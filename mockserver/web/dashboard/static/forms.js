// Reads the inputs that are made of fields, and fills them.

import { Refused, t } from "./core.js";

/** The values of the inputs below an element that are filled in, by their keys. Throws Refused for what is not JSON. */
export function valuesOf(scope) {
  const values = {};
  for (const input of scope.querySelectorAll("[data-key]")) {
    if (input.matches(":disabled") || input.value.trim() === "") continue;
    values[input.dataset.key] = input.dataset.kind === "text" ? input.value.trim() : parsed(input);
  }
  return values;
}

function parsed(input) {
  try {
    return JSON.parse(input.value);
  } catch {
    if (input.dataset.kind === "either") return input.value.trim();
    input.focus();
    throw new Refused(422, { detail: t("layout.not_json", { key: input.dataset.key }) });
  }
}

/** Fills the inputs below an element by a document; those that it does not name are emptied. */
export function fill(scope, document) {
  for (const input of scope.querySelectorAll("[data-key]")) {
    const value = document[input.dataset.key];
    input.value = value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
  }
}
