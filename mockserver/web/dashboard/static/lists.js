// Lists that are polled: a page at a time, and of it only what has changed.

import { at, call, every, onPress, t } from "./core.js";

/** Has the parent hold a row for each entry, in their order. A row is made anew only where its entry has changed; what
 *  had the focus in it has it again. */
export function keyed(parent, entries, keyOf, rowOf) {
  const before = new Map([...parent.children].map((row) => [row.dataset.row, row]));
  const rows = entries.map((entry) => {
    const key = String(keyOf(entry));
    const written = JSON.stringify(entry);
    const old = before.get(key);
    before.delete(key);
    if (old && old.written === written) return old;
    const row = rowOf(entry);
    row.dataset.row = key;
    row.written = written;
    if (old) replace(old, row);
    return row;
  });
  for (const row of before.values()) row.remove();
  rows.forEach((row, place) => {
    if (parent.children[place] !== row) parent.insertBefore(row, parent.children[place] ?? null);
  });
}

function replace(old, row) {
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.action : undefined;
  old.replaceWith(row);
  if (focused) row.querySelector(`[data-action="${focused}"]`)?.focus();
}

/** Gives each cell of a row the name of its column, which narrow windows show above it. */
function labelled(row, heads) {
  [...row.cells].forEach((cell, place) => (cell.dataset.label = heads[place].textContent));
  return row;
}

/** Polls a list of the control API into the parts of `listing`; query gives what it is asked for. Gives what polls it at
 *  once; with true from its first page. */
export function paged({ name, path, member = name, query = () => ({}), keyOf, rowOf, seconds = 2, limit = 50 }) {
  let offset = 0;
  const poll = every(seconds, async () => {
    const told = await call("GET", path, { query: { ...query(), limit, offset: offset || undefined } });
    const entries = told[member];
    if (!entries.length && offset) {
      offset = Math.max(offset - limit, 0);
      poll();
      return;
    }
    const rows = at(`${name}-rows`);
    keyed(rows, entries, keyOf, (entry) => labelled(rowOf(entry), rows.parentElement.tHead.rows[0].cells));
    at(`${name}-box`).hidden = entries.length === 0;
    at(`${name}-empty`).hidden = entries.length > 0;
    at(`${name}-pager`).hidden = !offset && told.next === undefined;
    at(`${name}-back`).disabled = !offset;
    at(`${name}-more`).disabled = told.next === undefined;
    at(`${name}-range`).textContent = t("layout.range", { first: offset + 1, last: offset + entries.length });
  });
  const turn = (to) => async () => {
    offset = Math.max(to(offset), 0);
    poll();
  };
  onPress(at(`${name}-back`), turn((from) => from - limit));
  onPress(at(`${name}-more`), turn((from) => from + limit));
  return (first = false) => {
    if (first) offset = 0;
    return poll();
  };
}
