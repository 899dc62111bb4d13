// Accounts: what each may and has used; making, changing, resetting and deleting them.

import { at, below, call, copy, foreign, make, onPress, onSend, quotaMeter, t, written } from "./core.js";
import { fill, valuesOf } from "./forms.js";
import { paged } from "./lists.js";

const form = at("account-form");

function button(action, login, work, name = "") {
  const made = make("button", { type: "button", className: `quiet ${name}`, "data-action": action, "aria-label": t(`accounts.${action}_of`, { login }) }, t(`accounts.${action}`));
  onPress(made, work);
  return made;
}

function row(account) {
  const { login, used, daily_limit: limit } = account;
  const edit = async () => {
    fill(form, { ...account, ready: undefined }); // the delay says the same
    form.querySelector("[data-key=daily_limit]").focus();
    return t("accounts.editing", { login });
  };
  const reset = async () => {
    await call("POST", "reset", { body: { login } });
    refresh();
    return t("accounts.was_reset", { login });
  };
  const drop = async () => {
    if (!confirm(t("accounts.drop_sure", { login }))) return "";
    await call("DELETE", below("accounts", login));
    refresh();
    return t("accounts.was_dropped", { login });
  };
  return make(
    "tr",
    { "data-login": login },
    make("th", { scope: "row", className: "who", title: login }, foreign(login)),
    make(
      "td",
      {},
      make("span", { className: used >= limit ? "amount over" : "amount" }, t("live.used", { used: written(used), limit: written(limit) })),
      quotaMeter(account),
    ),
    make("td", {}, account.delay ?? t("accounts.usual")),
    make("td", {}, account.paid_until),
    make("td", {}, t(account.demo ? "layout.yes" : "layout.no")),
    make("td", {}, account.seed === null ? t("accounts.usual") : String(account.seed)),
    make("td", {}, make("div", { className: "buttons" }, button("edit", login, edit), button("reset", login, reset), button("drop", login, drop, "danger"))),
  );
}

const refresh = paged({ name: "accounts", path: "accounts", keyOf: (account) => account.login, rowOf: row });

let token = "";
onSend(form, async () => {
  const made = await call("POST", "accounts", { body: valuesOf(form) });
  token = made.token;
  at("account-made").hidden = false;
  at("account-made").querySelector("span").replaceChildren(t("accounts.token_of", { login: "" }), foreign(made.login));
  at("account-made").querySelector("code").textContent = token;
  refresh();
  return t("accounts.is_saved", { login: made.login });
});
onPress(at("copy-token"), () => copy(token));
