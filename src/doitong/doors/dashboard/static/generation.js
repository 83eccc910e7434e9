// The page of one film: watches it until it ends, then shows it.
import { LivePanel, watch } from "./live.js";
import { setUpCodeTabs } from "./code_tabs.js";

setUpCodeTabs();
const box = document.querySelector("[data-watch-one]");
if (box) {
  const panel = new LivePanel(box, JSON.parse(box.dataset.texts));
  panel.begin(box.dataset.created);
  const address = `${box.dataset.root}/generations/${box.dataset.watchOne}/state`;
  await watch(address, (state) => panel.show(state), (isOn) => panel.trouble(isOn));
  location.reload();
}
