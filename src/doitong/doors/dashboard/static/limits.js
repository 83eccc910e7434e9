// Keeps the meters fresh while somebody looks.
const EVERY = 4000;
const meters = document.querySelector("[data-limits]");

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(meters.dataset.limits, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  for (const row of (await answer.json()).meters) {
    const card = meters.querySelector(`[data-meter="${row.id}"]`);
    if (!card) continue;
    card.querySelector("[data-figure]").textContent = row.figure;
    card.querySelector("[data-of]").textContent = row.of;
    card.querySelector("[data-hint]").textContent = row.hint;
    const meter = card.querySelector("meter");
    if (meter) meter.value = row.used;
  }
}

if (meters) {
  setInterval(refresh, EVERY);
  document.addEventListener("visibilitychange", refresh);
}
