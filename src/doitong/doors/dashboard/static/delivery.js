// A delivery that is on its way: looked at again until it has ended, or for two minutes.

import { showMoments } from "./dashboard.js";

const PAUSE_MS = 1500;
const LOOKS_MAXIMUM = 80;

async function look() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-delivery]");
  const shown = document.querySelector("[data-delivery]");
  if (!fresh || !shown || fresh.innerHTML === before) return;
  before = fresh.innerHTML;
  shown.replaceChildren(...fresh.children);
  shown.dataset.delivery = fresh.dataset.delivery;
  showMoments(shown);
}

let before = "";
for (let looks = 0; looks < LOOKS_MAXIMUM; looks += 1) {
  if (document.querySelector("[data-delivery]")?.dataset.delivery !== "pending") break;
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  if (!document.hidden) await look();
}
