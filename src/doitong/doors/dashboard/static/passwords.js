// Passwords can be looked at, and one sees when a new one is long enough. Its strength is its length, nothing else.

for (const form of document.querySelectorAll("form[data-passwords]")) {
  for (const input of form.querySelectorAll("input[type=password]")) {
    const box = Object.assign(document.createElement("div"), { className: "secret" });
    input.before(box);
    const button = Object.assign(document.createElement("button"), {
      type: "button",
      className: "reveal",
      textContent: form.dataset.show,
    });
    button.setAttribute("aria-controls", input.id);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const isShown = input.type === "password";
      input.type = isShown ? "text" : "password";
      button.textContent = isShown ? form.dataset.hide : form.dataset.show;
      button.setAttribute("aria-pressed", String(isShown));
      input.focus();
    });
    form.addEventListener("submit", () => (input.type = "password"));
    box.append(input, button);
    if (input.autofocus) input.focus();
    if (input.minLength > 0) measure(box, input);
  }
}

function measure(box, input) {
  const meter = document.createElement("meter");
  Object.assign(meter, { className: "bar-meter", min: 0, max: 24, low: input.minLength, high: 20, optimum: 24, value: 0 });
  meter.setAttribute("aria-hidden", "true"); // the hint says the same
  box.after(meter);
  input.addEventListener("input", () => (meter.value = [...input.value].length));
}
