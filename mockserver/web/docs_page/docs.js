// Starts Swagger UI on the description of this mock, and has its calls go where the page came from.

const own = { "X-Ifind-Mock-Dashboard": "docs" }; // the session of who has signed in is heard beside it alone
const mock = new URL("../..", document.baseURI).href.replace(/\/$/, "");

const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

const answer = await fetch("../openapi.json", { headers: own });
const told = await answer.json();
if (answer.ok) {
  SwaggerUIBundle({
    dom_id: "#docs",
    spec: { ...told, servers: [{ url: mock }] },
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    requestInterceptor: (request) => {
      if (request.url.startsWith(`${mock}/_mock/`)) Object.assign(request.headers, own);
      return request;
    },
  });
} else {
  document.querySelector("#docs").textContent = told.detail;
}
