// What every page of the dashboard needs: menus, copying, questions before what cannot be undone, local time, more rows.

const WIDE = "(min-width: 60rem)";

function setUpMenu() {
  const button = document.querySelector("[data-menu]");
  const side = document.getElementById("side");
  if (!button || !side) return;
  button.addEventListener("click", () => {
    const isOpen = side.classList.toggle("is-open");
    button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) side.querySelector("a")?.focus();
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !side.classList.contains("is-open")) return;
    side.classList.remove("is-open");
    button.setAttribute("aria-expanded", "false");
    button.focus();
  });
}

function setUpDetails() {
  addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

async function copy(button) {
  const label = button.querySelector("[data-copy-label]");
  const before = label.textContent;
  const code = button.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    getSelection().selectAllChildren(code); // no clipboard without https: Ctrl-C is left to the reader
    return;
  }
  label.textContent = label.dataset.copied;
  setTimeout(() => (label.textContent = before), 1600);
}

export function confirmFirst(text) {
  const dialog = document.createElement("dialog");
  dialog.className = "question";
  const words = [document.body.dataset.no, document.body.dataset.yes];
  const form = Object.assign(document.createElement("form"), { method: "dialog" });
  const message = Object.assign(document.createElement("p"), { textContent: text });
  const actions = Object.assign(document.createElement("p"), { className: "actions" });
  const [no, yes] = words.map((word, place) =>
    Object.assign(document.createElement("button"), {
      textContent: word,
      value: place ? "yes" : "",
      className: place ? "button danger" : "button quiet",
    }),
  );
  actions.append(no, yes);
  form.append(message, actions);
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

function setUpQuestions() {
  addEventListener("submit", async (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.dataset.confirm || form.dataset.isConfirmed) return;
    event.preventDefault();
    const submitter = event.submitter;
    if (!(await confirmFirst(form.dataset.confirm))) return;
    form.dataset.isConfirmed = "yes";
    form.requestSubmit(submitter);
  });
  // once is enough
  addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    setTimeout(() => event.submitter?.setAttribute("disabled", ""), 0);
  });
  addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("form button[disabled]:not([data-stays-disabled])")) {
      button.removeAttribute("disabled");
    }
  });
}

export function showMoments(root = document) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  for (const time of root.querySelectorAll("time[data-moment]")) {
    time.textContent = format.format(new Date(time.dateTime));
    time.title = time.dateTime;
    delete time.dataset.moment;
  }
}

// on a phone each row of a table of records is a card: its first cell the title, the others with their columns' names
function nameCells(root = document) {
  for (const table of root.querySelectorAll("table.rows")) {
    const names = [...table.tHead.rows[0].cells].map((head) => (head.querySelector(".hidden") ? "" : head.textContent));
    for (const row of table.tBodies[0].rows) {
      for (const [place, cell] of [...row.cells].entries()) if (place && names[place]) cell.dataset.name = names[place];
    }
    table.classList.add("is-named");
  }
}

// a list that goes on: its last link is followed when it comes into sight, and what it leads to is put in its place
function setUpMore() {
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) loadMore(entry.target);
  }, { rootMargin: "600px" });
  const look = (root) => root.querySelectorAll("a[data-more]").forEach((link) => watch.observe(link));
  async function loadMore(link) {
    watch.unobserve(link);
    const list = link.closest("[data-list]");
    if (!list) return;
    link.setAttribute("aria-busy", "true");
    const answer = await fetch(link.href, { headers: { Accept: "text/html", "X-Piece": "rows" } }).catch(() => null);
    link.removeAttribute("aria-busy");
    if (!answer?.ok) return; // the link stays, to be followed by hand
    const piece = new DOMParser().parseFromString(await answer.text(), "text/html");
    const rows = piece.querySelector("[data-list]");
    if (!rows) return;
    link.parentElement.remove();
    const into = list.querySelector("[data-rows]");
    into.append(...rows.querySelector("[data-rows]").children);
    const next = rows.querySelector("a[data-more]");
    if (next) list.append(next.parentElement);
    showMoments(list);
    nameCells(list);
    look(list);
    list.dispatchEvent(new CustomEvent("more", { bubbles: true }));
  }
  look(document);
}

document.documentElement.classList.add("has-script");
if (document.querySelector("[data-forgets]")) sessionStorage.clear(); // nobody is signed in here: no key of theirs stays
addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (button) copy(button);
});
setUpMenu();
setUpDetails();
setUpQuestions();
showMoments();
nameCells();
setUpMore();
matchMedia(WIDE).addEventListener("change", () => document.getElementById("side")?.classList.remove("is-open"));
