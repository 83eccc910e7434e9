// Tabs of code samples, by click and by arrow keys.

export function setUpCodeTabs(root = document) {
  for (const box of root.querySelectorAll("[data-code-tabs]")) {
    const tabs = [...box.querySelectorAll('[role="tab"]')];
    const panels = [...box.querySelectorAll('[role="tabpanel"]')];
    const choose = (tab) => {
      for (const item of tabs) {
        const isChosen = item === tab;
        item.setAttribute("aria-selected", String(isChosen));
        item.tabIndex = isChosen ? 0 : -1;
      }
      for (const panel of panels) panel.hidden = panel.id !== tab.getAttribute("aria-controls");
    };
    box.addEventListener("click", (event) => {
      const tab = event.target.closest('[role="tab"]');
      if (tab) choose(tab);
    });
    box.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step || !event.target.matches('[role="tab"]')) return;
      const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
      choose(next);
      next.focus();
    });
    choose(tabs[0]);
  }
}
