// The studio: what is filled in becomes a request, its price and its code; the press of a button becomes a film.
import { BrushBoard } from "./brush.js";
import { CameraView, MoveList } from "./camera.js";
import { setUpCodeTabs } from "./code_tabs.js";
import { LivePanel, say, watch } from "./live.js";

const PICTURE_BYTES_MAXIMUM = 20 * 1024 * 1024;
const PICTURE_TYPES = ["image/jpeg", "image/png", "image/webp"];
const SAMPLES_PAUSE = 250;
const form = document.getElementById("studio");
const root = form.dataset.root;
const data = JSON.parse(form.dataset.studio);
const { words } = data;
const part = (name, within = document) => within.querySelector(`[data-${name}]`);
const number = new Intl.NumberFormat(document.documentElement.lang);
const fields = form.elements;
let [available, picture, upload] = [data.available, null, null];
let press = null; // {key, body}: one press of the button; a retry of the same is the same press
let brushTerms = data.terms.motion?.brushes ?? [];
let kept = data.terms.motion?.depth ? { depth: data.terms.motion.depth, depthInverted: data.terms.motion.depthInverted } : {};

// what is filled in, by the names of the API
function terms() {
  const motion = { ...kept };
  if (moves.moves.length) motion.camera = moves.moves;
  const image = fields.image.value.trim();
  if (image && brushTerms.length) motion.brushes = brushTerms;
  if (!image) delete motion.depth, delete motion.depthInverted;
  const told = {
    service: fields.service.value, prompt: fields.prompt.value.trim(), image,
    duration: Number(fields.duration.value), aspectRatio: fields.aspectRatio.value, version: fields.version.value,
    quality: fields.quality.value, motionIntensity: fields.motionIntensity.value,
    seed: fields.seed.value.trim() ? (/^\d+$/.test(fields.seed.value.trim()) ? Number(fields.seed.value) : fields.seed.value) : null,
    negativePrompt: fields.negativePrompt.value.trim(),
  };
  if (!fields.audio.checked) told.audio = false;
  if (Object.keys(motion).length) told.motion = motion;
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== "" && value !== null));
}

// price and balance

const service = () => data.services.find((item) => item.id === fields.service.value) ?? data.services[0];
function price() {
  const row = service().prices.find((item) => item.quality === fields.quality.value) ?? service().prices[0];
  return row.baseCredits + row.creditsPerSecond * (Number(fields.duration.value) - row.baseSeconds);
}

function showPrice(credits = price()) {
  const left = available - credits;
  part("price").textContent = say(words.price, { credits: number.format(credits) });
  part("left").textContent = left >= 0 ? say(words.left, { credits: number.format(left) }) : "";
  const missing = part("missing");
  missing.hidden = left >= 0;
  missing.textContent = say(words.missing, { credits: number.format(-left) });
  part("press").disabled = isBusy || left < 0 || part("press").hasAttribute("data-stays-disabled");
}

// errors at their fields

function showWrong(field, message) {
  const names = [field, field?.split(/[.[]/)[0]];
  const place = names.map((name) => form.querySelector(`[data-wrong="${name}"]`)).find(Boolean) ?? part("wrong-form");
  place.textContent = message;
  place.hidden = false;
  const control = fields[names[1]];
  if (control?.focus) { control.setAttribute("aria-invalid", "true"); control.focus(); }
  else place.scrollIntoView({ block: "center" });
}

function clearWrong() {
  for (const place of form.querySelectorAll("[data-wrong], [data-wrong-form]")) { place.hidden = true; place.textContent = ""; }
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

class Refused extends Error {
  constructor(error) { super(error.message); this.extensions = error.extensions ?? {}; }
}

async function ask(path, body, headers = {}) {
  const isFile = body instanceof FormData;
  const answer = await fetch(root + path, {
    method: "POST",
    headers: { Accept: "application/json", ...(isFile ? {} : { "Content-Type": "application/json" }), ...headers },
    body: isFile ? body : JSON.stringify(body),
  });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw told.errors ? new Refused(told.errors[0]) : new Error(String(answer.status));
  return told;
}

// the picture

async function sendPicture(blob, name) {
  const body = new FormData();
  body.append("image", blob, name);
  return (await ask("/uploads", body)).upload.id;
}

async function takePicture(file) {
  clearWrong();
  if (!file || !PICTURE_TYPES.includes(file.type)) return showWrong("image", words.pictureWrong);
  if (file.size > PICTURE_BYTES_MAXIMUM) return showWrong("image", words.pictureLarge);
  part("drop").setAttribute("aria-busy", "true");
  part("picture-name").textContent = file.name || "";
  try {
    await showPicture(URL.createObjectURL(file), words.uploading);
    upload = sendPicture(file, file.name || "picture");
    fields.image.value = await upload;
    part("picture-note").textContent = `${picture.naturalWidth}×${picture.naturalHeight}`;
    chooseNearestRatio();
  } catch (error) {
    removePicture();
    showWrong("image", error instanceof Refused ? error.message : words.offline);
  }
  part("drop").removeAttribute("aria-busy");
  changed();
}

async function showPicture(address, note) {
  const loaded = new Image();
  loaded.src = address;
  await loaded.decode();
  picture = loaded;
  part("thumb").src = address;
  part("picture-note").textContent = note;
  part("drop-empty").hidden = true;
  part("drop-full").hidden = false;
  part("drop").classList.add("is-full");
  await brushes.show(picture, brushTerms, (id) => `${root}/uploads/${id}`);
}

function removePicture() {
  if (picture?.src.startsWith("blob:")) URL.revokeObjectURL(picture.src);
  picture = upload = null;
  brushTerms = [];
  fields.image.value = "";
  part("thumb").removeAttribute("src");
  part("drop-empty").hidden = false;
  part("drop-full").hidden = true;
  part("drop").classList.remove("is-full");
  brushes.show(null);
}

function chooseNearestRatio() {
  const shape = picture.naturalWidth / picture.naturalHeight;
  const distance = (ratio) => { const [w, h] = ratio.split(":"); return Math.abs(Math.log(w / h / shape)); };
  const best = [...form.querySelectorAll('[name="aspectRatio"]')].sort((a, b) => distance(a.value) - distance(b.value))[0];
  best.checked = true;
}

function setUpPicture() {
  const drop = part("drop");
  const file = part("file");
  part("choose").addEventListener("click", () => file.click());
  file.addEventListener("change", () => { if (file.files[0]) takePicture(file.files[0]); file.value = ""; });
  part("picture-remove").addEventListener("click", () => { removePicture(); changed(); part("choose").focus(); });
  const mayDrop = (event) => !part("press").hasAttribute("data-stays-disabled") && event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => { if (mayDrop(event)) { event.preventDefault(); drop.classList.add("is-over"); } });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("is-over"); });
  addEventListener("drop", (event) => {
    if (!mayDrop(event)) return;
    event.preventDefault();
    drop.classList.remove("is-over");
    takePicture(event.dataTransfer.files[0]);
  });
  addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])].find((item) => item.type.startsWith("image/"));
    if (pasted && !part("press").hasAttribute("data-stays-disabled")) { event.preventDefault(); takePicture(pasted); }
  });
  fields.image.addEventListener("change", () => { const value = fields.image.value; if (picture) removePicture(); fields.image.value = value; changed(); });
  const given = fields.image.value;
  if (/^[0-9a-z]{26}$/.test(given)) showPicture(`${root}/uploads/${given}`, "").then(changed).catch(() => {});
}

// code

let samplesTimer;
let samplesAsked = 0;
function refreshSamples() {
  clearTimeout(samplesTimer);
  samplesTimer = setTimeout(async () => {
    const mine = ++samplesAsked;
    const told = await ask("/studio/samples", terms()).catch(() => null);
    if (!told || mine !== samplesAsked) return;
    for (const [name, code] of Object.entries(told.samples)) writeSample(name, code);
  }, SAMPLES_PAUSE);
}

const codes = {};
function writeSample(name, code) {
  codes[name] = code;
  const box = document.querySelector(`[data-sample="${name}"] code`);
  box.textContent = code.replaceAll("YOUR_API_KEY", key.value.trim() || "YOUR_API_KEY");
}

const key = part("key");
function setUpKey() {
  for (const box of document.querySelectorAll("[data-sample]")) codes[box.dataset.sample] = box.querySelector("code").textContent;
  const prefix = part("key-prefix");
  const use = () => {
    const value = key.value.trim();
    const isWrong = Boolean(value && prefix && !value.startsWith(prefix.value));
    part("key-wrong").hidden = !isWrong;
    if (value && !isWrong) sessionStorage.setItem("doitong-key", value); else sessionStorage.removeItem("doitong-key");
    for (const [name, code] of Object.entries(codes)) writeSample(name, code);
  };
  const stored = sessionStorage.getItem("doitong-key") ?? "";
  key.value = stored;
  if (prefix && stored) for (const option of prefix.options) if (stored.startsWith(option.value)) prefix.value = option.value;
  key.addEventListener("input", use);
  prefix?.addEventListener("change", use);
  part("key-forget").addEventListener("click", () => { key.value = ""; use(); });
  use();
}

// everything that follows from a change

function changed() {
  press = null;
  const ratio = fields.aspectRatio.value || "16:9";
  const finder = part("finder");
  for (const name of [...finder.classList]) if (/^r\d/.test(name)) finder.classList.remove(name);
  finder.classList.add(`r${ratio.replace(":", "-")}`);
  part("count").textContent = number.format([...fields.prompt.value].length);
  part("duration-out").textContent = `${fields.duration.value} s`;
  part("no-moves").hidden = moves.moves.length > 0;
  part("add-move").disabled = moves.moves.length >= data.camera.maximum;
  fields.motion.value = terms().motion ? JSON.stringify(terms().motion) : "";
  showPrice();
  refreshSamples();
  view.wake();
  view.draw();
}

// the camera

const moves = new MoveList(part("moves"), { ...data.camera, words }, () => changed());
const view = new CameraView(part("camera-view"), () => ({
  moves: moves.moves, duration: Number(fields.duration.value), intensity: fields.motionIntensity.value, picture,
}));
const brushes = new BrushBoard(part("brush-card"), { ...data.brushes, words }, sendPicture, () => {
  brushTerms = brushes.brushes.filter((brush) => !brush.isEmpty).map(({ polygon, upload: mask, direction, speed, mode }) =>
    polygon ? { polygon, direction, speed, mode } : { mask: mask ?? "", direction, speed, mode });
  clearTimeout(brushes.timer);
  if (brushes.brushes.some((brush) => !brush.isEmpty && !brush.polygon && !brush.upload)) {
    brushes.timer = setTimeout(() => settleBrushes().then(changed).catch(() => {}), 700); // the code needs the mask's id
  }
  changed();
});

async function settleBrushes() {
  brushTerms = picture ? await brushes.settle() : [];
}

function setUpCamera() {
  for (const preset of data.camera.presets) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "chip", textContent: preset.name });
    button.addEventListener("click", () => { moves.set(preset.camera); view.seconds = 0; changed(); });
    part("presets").append(button);
  }
  part("add-move").addEventListener("click", () => { moves.add(); changed(); });
  moves.set(data.terms.motion?.camera ?? []);
  const play = part("play");
  const showPlaying = () => { play.setAttribute("aria-pressed", String(view.isPlaying)); play.setAttribute("aria-label", view.isPlaying ? words.pause : words.play); };
  play.addEventListener("click", () => { view.play(!view.isPlaying); showPlaying(); });
  const scrub = part("scrub");
  scrub.addEventListener("input", () => { view.play(false); showPlaying(); view.seek((scrub.value / 1000) * Number(fields.duration.value)); });
  view.onTime = (seconds, duration) => {
    if (document.activeElement !== scrub || view.isPlaying) scrub.value = Math.round((seconds / duration) * 1000);
    part("scrub-time").textContent = `${seconds.toFixed(1)} s`;
  };
  showPlaying();
}

// the press of the button

let isBusy = false;
const live = new LivePanel(part("live"), data);
function setBusy(isOn) {
  isBusy = isOn;
  part("press-label").textContent = isOn ? words.starting : words.start;
  showPrice();
}

async function begin() {
  clearWrong();
  if (!fields.prompt.value.trim() && !fields.image.value.trim() && !upload) return showWrong("prompt", words.promptNeeded);
  setBusy(true);
  try {
    if (upload) await upload;
    await settleBrushes();
    if (!press) {
      const body = terms();
      const { quote } = await ask("/quotes", body);
      if (quote.creditCost !== price()) {
        showPrice(quote.creditCost);
        press = { key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, body: { ...body, quoteId: quote.id } };
        return showWrong(null, say(words.priceChanged, { credits: number.format(quote.creditCost) }));
      }
      press = { key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, body: { ...body, quoteId: quote.id } };
    }
    const { generation } = await ask("/studio", press.body, { "Idempotency-Key": press.key });
    press = null;
    available -= generation.creditCost;
    follow(generation);
  } catch (error) {
    if (error instanceof Refused) {
      press = null;
      if (error.extensions.creditsAvailable !== undefined) available = error.extensions.creditsAvailable;
      showWrong(error.extensions.parameter, error.message);
    } else showWrong(null, words.lost);
  } finally {
    setBusy(false);
  }
}

let following = null;
async function follow(generation) {
  following?.abort();
  const mine = (following = new AbortController());
  const box = part("result");
  box.replaceChildren();
  live.begin(generation.createdAt);
  live.show(generation);
  part("live-link").href = `${root}/gallery/${generation.id}`;
  part("live-cancel").onclick = async () => {
    part("live-cancel").disabled = true;
    await ask(`/generations/${generation.id}/cancel`, {}).catch(() => null);
    part("live-cancel").disabled = false;
  };
  part("stage").classList.add("is-making");
  if (matchMedia("(max-width: 64rem)").matches) part("stage").scrollIntoView({ block: "start", behavior: "smooth" });
  const last = await watch(`${root}/generations/${generation.id}/state`, (state) => live.show(state), (isOn) => live.trouble(isOn), mine);
  if (mine.signal.aborted) return;
  live.end();
  part("stage").classList.remove("is-making");
  if (!last) return;
  if (last.status !== "completed") available += generation.creditCost - last.creditCost;
  showPrice();
  const piece = await fetch(`${root}/generations/${generation.id}/result`).then((answer) => answer.text());
  box.replaceChildren(...new DOMParser().parseFromString(piece, "text/html").body.children);
  part("stage").hidden = last.status === "completed"; // the film stands where its preview stood
  const player = box.querySelector("video");
  if (player && !matchMedia("(prefers-reduced-motion: reduce)").matches) { player.muted = true; player.play().catch(() => {}); }
  box.focus({ preventScroll: true });
}

form.addEventListener("submit", (event) => {
  if (event.target !== form) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!isBusy) begin();
});
form.addEventListener("input", (event) => {
  if (event.target.closest("[data-moves], [data-brushes], [data-scrub-row]")) return;
  part("stage").hidden = false;
  changed();
});
form.addEventListener("click", (event) => {
  const example = event.target.closest("[data-prompt]");
  if (!example) return;
  fields.prompt.value = example.dataset.prompt;
  part("stage").hidden = false;
  changed();
  fields.prompt.focus();
});
setUpCodeTabs();
setUpKey();
setUpCamera();
setUpPicture();
changed();
