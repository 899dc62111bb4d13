// Looks up a phone with fetch: creates a task, asks for its result until it is ready, and prints what was found.
//
//   IFIND_API=http://127.0.0.1:8080/api IFIND_LOGIN=demo@example.com IFIND_TOKEN=demo-token \
//     node fetch.mjs 70001234567 2 json
//
// IFIND_API: https://i-find.pro/api for the API itself. IFIND_PAUSE: seconds between two polls (3). IFIND_TIMEOUT: seconds
// after which a task is given up (60). Needs Node 18 or newer; for XML also `npm install @xmldom/xmldom`, which browsers
// don't need.

/** No result, and why. */
export class LookupFailed extends Error {}
/** The API answered with an error: a wrong token, a used-up limit, a task that failed. */
export class Refused extends LookupFailed {}
/** The connection failed, or what came is no answer of the API, such as a proxy's error page. */
export class NoAnswer extends LookupFailed {}
/** The task is still being processed after the time-out. */
export class NotReady extends LookupFailed {}

// Each reader gives the members of an answer, with the rows that were found under `rows`.

const withPhoto = (answer, rows) => ({ ...answer, rows: answer.photo ? [...rows, { photo: answer.photo }] : rows });

function fromJson(body) {
  const answer = JSON.parse(body);
  return withPhoto(answer, [...(answer.data || []), ...(answer.names || [])]);
}

async function fromXml(body) {
  const { DOMParser } = globalThis.DOMParser ? globalThis : await import("@xmldom/xmldom");
  const elements = (parent) => Array.from(parent?.childNodes ?? []).filter((node) => node.nodeType === 1);
  const texts = (parent) => Object.fromEntries(elements(parent).map((node) => [node.nodeName, node.textContent]));
  const onError = (problem) => {
    throw new Error(problem);
  };
  const parser = new DOMParser({
    errorHandler: { warning: onError, error: onError, fatalError: onError },
    normalizeLineEndings: (text) => text.replace(/\r\n?/g, "\n"), // and not what only XML 1.1 takes for one
  });
  const root = parser.parseFromString(body, "application/xml").documentElement;
  const section = (name) => elements(elements(root).find((node) => node.nodeName === name));
  return withPhoto(texts(root), [...section("data"), ...section("names")].map(texts));
}

function fromCsv(body) {
  const lines = [[]];
  // A field is quoted, with its quotes doubled, or has none of these characters; what ends it comes after it.
  for (const [, quoted, plain, end] of body.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    lines.at(-1).push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ",") lines.push([]);
  }
  const [names, ...values] = lines.filter((line) => line.length > 1 || line[0]);
  const rows = values.map((line) => Object.fromEntries(names.map((name, place) => [name, line[place]])));
  if (names[0] === "title" || names[0] === "name") return { status: "ready", rows }; // a table of what was found
  return withPhoto(rows[0], []); // any other answer is one line of names and one of values
}

const readers = { json: fromJson, xml: fromXml, csv: fromCsv };

/** Calls the API at an address such as https://i-find.pro/api. pause, timeout: seconds. */
export class Client {
  constructor(api, login, token, pause = 3, timeout = 60) {
    Object.assign(this, { api, account: { login, token }, pause, timeout });
  }

  /** The answer to a call that succeeded. Throws Refused and NoAnswer. */
  async call(method, params) {
    // A form keeps the token out of addresses, which are logged on the way.
    const form = new URLSearchParams({ ...this.account, ...params });
    let response, body;
    try {
      const signal = AbortSignal.timeout(10_000);
      response = await fetch(`${this.api}/${method}`, { method: "POST", body: form, redirect: "manual", signal });
      body = await response.text();
    } catch (error) {
      throw new NoAnswer(`no answer: ${error.cause?.code ?? error.name}`);
    }
    const answer = await new Promise((resolve) => resolve(readers[params.format](body))).catch(() => ({}));
    // An error of the API says so in its body, mostly under HTTP 200: look there first.
    if (answer.status === "error") throw new Refused(`the API refused: ${answer.error_code} ${answer.message}`);
    if (!response.ok) throw new NoAnswer(`no answer: HTTP ${response.status}`);
    if (!answer.status) {
      throw new NoAnswer(`no answer: HTTP ${response.status} with a body that is no answer in ${params.format}`);
    }
    return answer;
  }

  /** What was found, as a list of rows. Throws LookupFailed. */
  async lookUp(phone, source, format = "json") {
    // Sent once: a create whose answer is lost may have cost units all the same.
    const { id } = await this.call("create", { phone, source, format });
    if (!id) throw new NoAnswer("no answer: a task without an id");
    const end = Date.now() + this.timeout * 1000;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, this.pause * 1000));
      let problem = new NotReady(`task ${id} is not ready after ${this.timeout} s`);
      try {
        const answer = await this.call("result", { id, format });
        if (answer.status === "ready") return answer.rows;
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        problem = error; // polls cost nothing: one that fails is sent again
      }
      if (Date.now() >= end) throw problem;
    }
  }
}

async function main([phone, source, format]) {
  const { IFIND_API, IFIND_LOGIN, IFIND_TOKEN, IFIND_PAUSE = "3", IFIND_TIMEOUT = "60" } = process.env;
  if (!source || !IFIND_API || !IFIND_LOGIN || !IFIND_TOKEN) {
    console.error("usage: node fetch.mjs PHONE SOURCE [json|xml|csv], with IFIND_API, IFIND_LOGIN and IFIND_TOKEN");
    process.exit(2);
  }
  const client = new Client(IFIND_API, IFIND_LOGIN, IFIND_TOKEN, Number(IFIND_PAUSE), Number(IFIND_TIMEOUT));
  try {
    for (const row of await client.lookUp(phone, source, format)) console.log(Object.values(row).join("\t"));
  } catch (error) {
    if (!(error instanceof LookupFailed)) throw error;
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  }
}

if (import.meta.url === new URL(`file://${process.argv[1]}`).href) await main(process.argv.slice(2));
