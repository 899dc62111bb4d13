// Colours texts in the three formats, and lays them out. What is shown is text alone, whatever it looks like.

import { make } from "./core.js";

const LONGEST = 200_000; // characters that are shown

const part = (kind, text) => make("span", { className: `c-${kind}` }, text);

function* json(text) {
  let last = 0;
  for (const found of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g)) {
    yield text.slice(last, found.index);
    const [token, colon] = found;
    yield part(colon ? "key" : token[0] === '"' ? "text" : "value", token);
    last = found.index + token.length;
  }
  yield text.slice(last);
}

function* xml(text) {
  let last = 0;
  for (const found of text.matchAll(/<!\[CDATA\[[^]*?\]\]>|<!--[^]*?-->|<\?[^]*?\?>|<\/?[^<>]+>/g)) {
    if (found.index > last) yield part("text", text.slice(last, found.index));
    yield part(/^<[?!]/.test(found[0]) ? "value" : "key", found[0]);
    last = found.index + found[0].length;
  }
  yield text.slice(last);
}

function* csv(text) {
  let column = 0;
  let row = 0;
  let record = make("span", { className: "record" });
  for (const [token] of text.matchAll(/"(?:[^"]|"")*"?|[,;\t]|\r\n|\n|\r|[^,;\t\r\n"]+/g)) {
    if (/^[,;\t]$/.test(token)) column += 1;
    else if (/^[\r\n]+$/.test(token)) {
      record.append(token);
      yield record;
      record = make("span", { className: "record" });
      column = 0;
      row += 1;
      continue;
    }
    record.append(part(row === 0 ? "key" : column % 2 ? "value" : "text", token));
  }
  if (record.hasChildNodes()) yield record;
}

const COLOURS = { json, xml, csv };

const LAYOUTS = {
  json(text) {
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
    }
  },
  xml(text) {
    let depth = 0;
    return text.replace(/>\s*</g, ">\n<").split("\n").map((line) => {
      if (/^<\//.test(line)) depth = Math.max(depth - 1, 0);
      const laid = /^</.test(line) ? "  ".repeat(depth) + line : line;
      if (/^<[^!?/][^<>]*[^/]>$|^<\w>$/.test(line)) depth += 1;
      return laid;
    }).join("\n");
  },
  csv: (text) => text,
};

/** Shows a text of a format in an element; as it was sent, or laid out. */
export function show(element, format, text, asSent) {
  const laid = asSent ? text : LAYOUTS[format](text);
  const seen = laid.length > LONGEST ? `${laid.slice(0, LONGEST)}…` : laid;
  element.replaceChildren(...COLOURS[format](seen));
}
