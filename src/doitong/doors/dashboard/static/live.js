// Watching one generation until it ends: long polls that back off on errors and go on after the laptop slept.

const WAIT_SECONDS = 25;
const PAUSES = [1, 2, 4, 8, 15]; // seconds after errors in a row
const STALE_SECONDS = WAIT_SECONDS + 15; // an answer that has not come by then never will

const sleep = (seconds, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    for (const [where, name] of [[window, "online"], [document, "visibilitychange"]]) {
      where.addEventListener(name, () => (clearTimeout(timer), resolve()), { once: true, signal });
    }
  });

// Tells `onState` of each change; ends with the last state, or null when the generation is gone.
export async function watch(address, onState, onTrouble = () => {}, stop = new AbortController()) {
  let seen = "";
  let failures = 0;
  while (!stop.signal.aborted) {
    const one = new AbortController();
    const cut = setTimeout(() => one.abort(), STALE_SECONDS * 1000);
    const halt = () => one.abort();
    stop.signal.addEventListener("abort", halt, { once: true });
    const woken = () => document.visibilityState === "visible" && performance.now() - begun > 3000 && one.abort();
    const begun = performance.now();
    addEventListener("online", halt, { once: true });
    document.addEventListener("visibilitychange", woken);
    try {
      const query = new URLSearchParams({ wait: seen ? WAIT_SECONDS : 0, seen });
      const answer = await fetch(`${address}?${query}`, { headers: { Accept: "application/json" }, signal: one.signal });
      if (answer.status === 404 || answer.status === 401) return null;
      if (!answer.ok) throw new Error(String(answer.status));
      const told = await answer.json();
      seen = told.seen;
      if (failures) onTrouble(false);
      failures = 0;
      onState(told.generation);
      if (told.generation.status !== "processing") return told.generation;
    } catch {
      if (stop.signal.aborted) return null;
      if (one.signal.aborted && failures === 0) { failures = 1; continue; } // cut by us: ask at once
      onTrouble(true);
      await sleep(PAUSES[Math.min(failures++, PAUSES.length - 1)], stop.signal);
    } finally {
      clearTimeout(cut);
      removeEventListener("online", halt);
      document.removeEventListener("visibilitychange", woken);
      stop.signal.removeEventListener("abort", halt);
    }
  }
  return null;
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

export const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

// The panel that shows a state: stage, progress, place in the queue, time so far.
export class LivePanel {
  constructor(root, texts) {
    this.root = root;
    this.texts = texts;
    this.part = (name) => root.querySelector(`[data-live-${name}]`);
    this.language = document.documentElement.lang;
  }

  begin(createdAt) {
    this.createdAt = createdAt ? Date.parse(createdAt) : Date.now();
    this.note = "";
    this.root.hidden = false;
    clearInterval(this.timer);
    this.timer = setInterval(() => this.tick(), 1000);
  }

  show(generation) {
    const { words, stages, statuses } = this.texts;
    const percent = Math.round(generation.progress * 100);
    this.part("stage").textContent =
      generation.status === "processing" ? stages[generation.stage] ?? generation.stage : statuses[generation.status];
    this.part("progress").value = generation.progress;
    this.part("percent").textContent = generation.stage === "rendering" ? say(words.percent, { percent }) : "";
    const notes = [];
    if (generation.queuePosition) notes.push(say(words.queuePlace, { place: generation.queuePosition }));
    if (generation.queuePosition && generation.expectedStartAt) {
      const time = new Intl.DateTimeFormat(this.language, { timeStyle: "medium" }).format(new Date(generation.expectedStartAt));
      notes.push(say(words.startsAbout, { time }));
    }
    this.note = notes.join(", ");
    this.tick();
  }

  trouble(isOn) {
    this.isOffline = isOn;
    this.tick();
  }

  tick() {
    const { words } = this.texts;
    const elapsed = say(words.elapsed, { time: clock(Math.max(0, (Date.now() - this.createdAt) / 1000)) });
    this.part("note").textContent = this.isOffline ? words.offline : [this.note, elapsed].filter(Boolean).join(" · ");
  }

  end() {
    clearInterval(this.timer);
    this.root.hidden = true;
  }
}
