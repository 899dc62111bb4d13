document.documentElement.classList.add("js");
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector(".filters");
  const clauses = [...document.querySelectorAll(".clause")];
  const folds = clauses.map((clause) => clause.querySelector("details"));

  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    const code = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });

  const reveal = () => {
    const clause = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!clause || !clause.classList.contains("clause")) return;
    if (!clause.offsetParent) form.reset();
    clause.querySelector("details").open = true;
    clause.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  if (!form) return;
  const search = form.querySelector("input[type=search]");
  const shown = form.querySelector(".shown");
  const unfold = form.querySelector(".unfold");
  const texts = clauses.map((clause) => clause.textContent.toLowerCase());
  const noun = clauses.length === 1 ? "clause" : "clauses";

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/);
    clauses.forEach((clause, n) => { clause.hidden = !words.every((word) => texts[n].includes(word)); });
    const left = clauses.filter((clause) => clause.offsetParent).length;
    shown.textContent = left === clauses.length ? `${left} ${noun}` : `${left} of ${clauses.length} ${noun}`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  unfold.addEventListener("click", () => {
    const open = unfold.textContent === "Unfold";
    folds.forEach((fold) => { if (fold.offsetParent) fold.open = open; });
    unfold.textContent = open ? "Fold" : "Unfold";
  });
  filter();
});
