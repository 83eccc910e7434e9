// The gallery: tiles of what is being made are kept up to date, previews play under the pointer, filters apply at once.
import { showMoments } from "./dashboard.js";

const LOOK_SECONDS = 2.5;
const list = document.querySelector("[data-tiles-root]");
const still = matchMedia("(prefers-reduced-motion: reduce)");

function play(tile, isOn) {
  const picture = tile.querySelector("img[data-preview]");
  if (!picture || still.matches) return;
  picture.dataset.poster ??= picture.src;
  picture.src = isOn ? picture.dataset.preview : picture.dataset.poster;
}

async function look() {
  const watched = [...document.querySelectorAll(".tile[data-watch]")];
  if (watched.length && document.visibilityState === "visible") {
    const ids = watched.slice(0, 24).map((tile) => tile.dataset.watch);
    const answer = await fetch(`${list.dataset.tilesRoot}/gallery/tiles?ids=${ids}`).catch(() => null);
    if (answer?.ok) {
      const piece = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const fresh of piece.querySelectorAll(".tile")) {
        const old = document.getElementById(fresh.id);
        if (!old || old.innerHTML === fresh.innerHTML) continue;
        const hadFocus = old.contains(document.activeElement);
        old.replaceWith(fresh);
        if (hadFocus) fresh.querySelector("a").focus();
      }
      showMoments(list);
    }
  }
  setTimeout(look, LOOK_SECONDS * 1000);
}

if (list) {
  for (const [name, isOn] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]]) {
    list.addEventListener(name, (event) => {
      const tile = event.target.closest(".tile");
      if (tile && !tile.contains(event.relatedTarget)) play(tile, isOn);
    });
  }
  look();
}
for (const control of document.querySelectorAll("[data-filters] [data-auto]")) {
  control.addEventListener("change", () => control.form.requestSubmit());
}
document.querySelector("[data-filters]")?.addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
});
