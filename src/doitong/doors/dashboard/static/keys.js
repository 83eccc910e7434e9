// A key is shown once: what would be loaded again is the list, never the page that made it.
const shown = document.querySelector("[data-shown-once]");
if (shown) history.replaceState(null, "", shown.dataset.shownOnce);
