// To Stripe in one step: a form's own redirect to another site is refused by our content policy.
addEventListener("submit", async (event) => {
  const form = event.target;
  if (!("buy" in form.dataset)) return;
  event.preventDefault();
  const problem = document.querySelector("[data-buy-problem]");
  const button = form.querySelector("button");
  problem.hidden = true;
  button.disabled = true;
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
  if (answer?.ok) {
    location.assign((await answer.json()).url);
    return;
  }
  button.disabled = false;
  problem.hidden = false;
});
