// What is around every page: its language, its colours, the clock, facts about the mock.

import { act, at, call, copy, every, health, lasting, onPress, onSend, root, t, timeOf } from "./core.js";

const YEAR = 365 * 24 * 3600;

function remember(name, value) {
  document.cookie = `ifind-mock-${name}=${value}; path=${root.pathname}; max-age=${YEAR}; samesite=strict`;
}

for (const link of document.querySelectorAll(".languages a")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    remember("language", link.hreflang);
    location.assign(location.pathname);
  });
}
at("theme").addEventListener("change", ({ target }) => {
  document.documentElement.dataset.theme = target.value;
  remember("theme", target.value);
});

if (at("clock-now")) {
  let clock;
  let read = 0; // when, by this page's own time

  /** The time of the mock's clock now, in milliseconds. */
  const now = () => Date.parse(clock.now) + (performance.now() - read) * clock.speed;

  const show = () => {
    if (!clock) return;
    const moscow = new Date(now() + 3 * 3600 * 1000).toISOString();
    at("clock-now").textContent = timeOf(moscow);
    at("clock-now").dateTime = moscow.replace("Z", "+03:00");
    at("clock-now").title = moscow.slice(0, 10);
    const mode = clock.mode === "frozen" ? t("clock.frozen") : clock.speed === 1 ? t("clock.real") : t("clock.fast", { speed: clock.speed });
    if (at("clock-mode").textContent !== mode) at("clock-mode").textContent = mode;
    at("clock-mode").dataset.mode = clock.mode;
  };
  const take = (told) => {
    clock = told;
    read = performance.now();
    show();
  };
  const refresh = every(2, async () => take(await call("GET", "clock")));
  setInterval(show, 250);

  if (at("clock-form")) {
    const form = at("clock-form");
    const change = async (method, path, body) => {
      const login = form.elements.login.value.trim();
      const told = await call(method, path, { body: { ...body, ...(login ? { login } : {}) } });
      if (!login) take(told);
      document.dispatchEvent(new Event("clock-changed"));
      const shown = told.now.slice(0, 19).replace("T", " ");
      return login ? t("clock.is_now_of", { login, now: shown }) : t("clock.is_now", { now: shown });
    };
    onPress(at("clock-freeze"), () => change("PUT", "clock", { mode: "frozen" }));
    onPress(at("clock-run"), () => change("PUT", "clock", { mode: "real" }));
    onPress(at("clock-midnight"), () => change("POST", "clock/advance", { to: "midnight" }));
    onPress(at("clock-next"), () => change("POST", "clock/advance", { to: "next-ready" }));
    onSend(form, (data) => change("POST", "clock/advance", { seconds: Number(data.get("seconds")) }));

    const delay = at("delay-form").elements.delay;
    const readDelay = async () => (delay.value = (await call("GET", "delay")).delay);
    at("clock-panel").addEventListener("toggle", ({ target }) => target.open && act(async () => void (await readDelay())));
    onSend(at("delay-form"), async (data) => {
      const told = await call("PUT", "delay", { body: { delay: data.get("delay").trim() } });
      return t("clock.is_delay", { delay: told.delay });
    });
    onPress(at("delay-back"), async () => {
      await call("DELETE", "delay");
      return t("clock.is_delay", { delay: await readDelay() });
    });
  }

  health.then((told) => {
    at("fact-api").textContent = told.api;
    at("fact-state").textContent = told.state;
    at("fact-edition").textContent = told.edition;
    at("fact-version").textContent = told.version;
    const started = performance.now() / 1000 - told.uptime;
    const age = () => (at("fact-uptime").textContent = lasting(performance.now() / 1000 - started));
    age();
    setInterval(age, 1000);
    onPress(at("copy-api"), () => copy(told.api));
  });
}
