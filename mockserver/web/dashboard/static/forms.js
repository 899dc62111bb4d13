// Reads the inputs that are made of fields, and fills them.

import { Refused, t } from "./core.js";

/** The values of the inputs below an element that are filled in, by their keys. Throws Refused for what is not JSON. */
export function valuesOf(scope) {
  const values = {};
  for (const input of scope.querySelectorAll("[data-key]")) {
    if (input.matches(":disabled") || input.value.trim() === "") continue;
    values[input.dataset.key] = READ[input.dataset.kind](input);
  }
  return values;
}

const READ = {
  text: (input) => input.value.trim(),
  lines: (input) => input.value.split("\n").map((line) => line.trim()).filter(Boolean),
  json: parsed,
  either: parsed,
};

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
    if (value === undefined || value === null) input.value = "";
    else if (input.dataset.kind === "lines") input.value = value.join("\n");
    else input.value = typeof value === "string" ? value : JSON.stringify(value);
  }
}
