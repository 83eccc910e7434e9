// The GraphQL explorer: sends what is in the editors, shows the answer, and follows a generation to its end.

const byId = (id) => document.getElementById(id);
const texts = byId("explorer").dataset;
const POLL_MILLISECONDS = 2000;
const POLLS_MAXIMUM = 1800;
const FOLLOW = "query Follow($id: ID!) { generation(id: $id) { id status stage progress queuePosition url error metadata } }";
const schemaText = byId("schema").textContent;
let isWatching = false;

function parseHeaders(text) {
  const headers = {};
  for (const line of text.split("\n").map((part) => part.trim()).filter(Boolean)) {
    const colon = line.indexOf(":");
    if (colon < 1) throw new Error(texts.badHeaders);
    headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
  }
  return headers;
}

function parseVariables(text) {
  if (!text.trim()) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(texts.badVariables);
  }
}

async function send(query, variables) {
  const started = performance.now();
  const answer = await fetch("/graphql", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json, application/json;q=0.9",
      "Accept-Language": document.documentElement.lang,
      ...parseHeaders(byId("headers").value),
    },
    body: JSON.stringify({ query, variables }),
  });
  const text = await answer.text();
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    // shown as it came
  }
  return { answer, text, body, milliseconds: Math.round(performance.now() - started) };
}

function show({ answer, text, body, milliseconds }) {
  const status = byId("status");
  status.textContent = `${answer.status} · ${milliseconds} ms`;
  status.className = `status ${answer.ok && !body?.errors ? "good" : "bad"}`;
  byId("answer").textContent = body ? JSON.stringify(body, null, 2) : text;
  byId("answer-headers").textContent = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
}

function showFailure(message) {
  byId("status").textContent = "";
  byId("answer").textContent = message;
}

function generationIn(body) {
  return Object.values(body?.data ?? {}).find((value) => value?.id && value?.status);
}

async function run() {
  byId("run").disabled = true;
  byId("watch").hidden = true;
  try {
    const result = await send(byId("query").value, parseVariables(byId("variables").value));
    show(result);
    const generation = generationIn(result.body);
    byId("watch").hidden = generation?.status !== "processing";
    byId("watch").dataset.id = generation?.id ?? "";
    showFilm(generation);
  } catch (error) {
    showFailure(error instanceof TypeError ? texts.failed : error.message);
  } finally {
    byId("run").disabled = false;
  }
}

function showFilm(generation) {
  const film = byId("film");
  const address = generation?.status === "completed" ? generation.url : null;
  film.hidden = !address;
  if (address) film.src = address;
  else film.removeAttribute("src");
}

async function watch() {
  if (isWatching) return;
  isWatching = true;
  byId("watch").disabled = true;
  try {
    for (let poll = 0; poll < POLLS_MAXIMUM; poll += 1) {
      const result = await send(FOLLOW, { id: byId("watch").dataset.id });
      show(result);
      const generation = result.body?.data?.generation;
      if (generation?.status !== "processing") {
        showFilm(generation);
        break;
      }
      byId("progress").textContent = `${texts.watching} · ${generation.stage} · ${Math.round(generation.progress * 100)} %`;
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    }
  } catch (error) {
    showFailure(error instanceof TypeError ? texts.failed : error.message);
  } finally {
    isWatching = false;
    byId("watch").disabled = false;
    byId("watch").hidden = true;
    byId("progress").textContent = "";
  }
}

function find() {
  const wanted = byId("find").value.trim().toLowerCase();
  const target = byId("schema");
  if (!wanted) {
    target.textContent = schemaText;
    return;
  }
  const blocks = schemaText.split("\n\n").filter((block) => block.toLowerCase().includes(wanted));
  target.textContent = blocks.join("\n\n");
}

byId("run").addEventListener("click", run);
byId("watch").addEventListener("click", watch);
byId("find").addEventListener("input", find);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});
