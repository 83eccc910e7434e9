// The values of a chart: under the pointer, or with the arrow keys once the chart has the focus.

export function setUpCharts(root = document) {
  for (const chart of root.querySelectorAll("[data-chart]")) setUp(chart);
}

function setUp(chart) {
  const slots = [...chart.querySelectorAll(".slot")];
  const value = chart.closest("[data-chart-card]")?.querySelector("[data-chart-value]");
  if (!slots.length || !value) return;
  const atRest = value.textContent;
  let place = -1;
  function show(next) {
    slots[place]?.classList.remove("is-here");
    place = next;
    slots[place]?.classList.add("is-here");
    value.textContent = slots[place]?.dataset.value ?? atRest;
  }
  for (const [number, slot] of slots.entries()) slot.addEventListener("pointerenter", () => show(number));
  chart.addEventListener("pointerleave", () => show(-1));
  chart.addEventListener("blur", () => show(-1));
  chart.addEventListener("keydown", (event) => {
    const last = slots.length - 1;
    const from = place < 0 ? last + 1 : place;
    const next = { ArrowLeft: Math.max(0, from - 1), ArrowRight: Math.min(last, place + 1), Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    show(next);
  });
}

setUpCharts();
