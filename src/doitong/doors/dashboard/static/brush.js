// Brushes painted on the picture: areas with a direction, a speed and a way of moving.

const MASK_SIDE = 640;
const UNDO_STEPS = 20;
const COLOURS = ["#35d0a5", "#ffb347", "#6aa9ff", "#ff7d9c", "#c59bff", "#e8e35a", "#67e0f0", "#ff9a6b"];
const THIRD = 1 / 3;
const AREAS = {
  top: [[0, 0], [1, 0], [1, THIRD], [0, THIRD]],
  bottom: [[0, 2 * THIRD], [1, 2 * THIRD], [1, 1], [0, 1]],
  all: [[0, 0], [1, 0], [1, 1], [0, 1]],
};

export class BrushBoard {
  constructor(card, options, upload, onChange) {
    Object.assign(this, { card, options, upload, onChange, brushes: [], place: 0, tool: "paint", picture: null });
    this.board = card.querySelector("[data-board]");
    this.list = card.querySelector("[data-brushes]");
    this.context = this.board.getContext("2d");
    this.size = card.querySelector("[data-brush-size]");
    card.addEventListener("click", (event) => this.click(event.target.closest("button")));
    this.list.addEventListener("input", (event) => this.change(event.target));
    this.list.addEventListener("focusin", (event) => this.choose(Number(event.target.closest("li")?.dataset.place ?? this.place)));
    this.board.addEventListener("pointerdown", (event) => this.begin(event));
    this.board.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) this.board.addEventListener(name, () => this.end());
    new ResizeObserver(() => this.draw()).observe(this.board);
  }

  // another picture, and the brushes of a request that is used again
  async show(picture, brushes = [], addressOf = () => null) {
    this.picture = picture;
    this.card.hidden = !picture;
    this.brushes = [];
    if (!picture) return this.onChange();
    const side = Math.max(picture.naturalWidth, picture.naturalHeight);
    this.width = Math.max(1, Math.round((picture.naturalWidth / side) * MASK_SIDE));
    this.height = Math.max(1, Math.round((picture.naturalHeight / side) * MASK_SIDE));
    for (const given of brushes) {
      const brush = this.fresh(given);
      this.brushes.push(brush);
      if (given.polygon) { brush.polygon = given.polygon; this.fill(brush, given.polygon); }
      else if (given.mask) {
        brush.upload = given.mask;
        brush.isEmpty = false;
        const mask = new Image();
        mask.onload = () => { this.takeMask(brush, mask); this.draw(); };
        mask.src = addressOf(given.mask);
      }
    }
    this.place = 0;
    this.render();
    this.onChange();
  }

  fresh(given = {}) {
    const mask = Object.assign(document.createElement("canvas"), { width: this.width, height: this.height });
    return { mask, context: mask.getContext("2d", { willReadFrequently: true }), undo: [], isEmpty: true, upload: null, polygon: null,
      direction: given.direction ?? 0, speed: given.speed ?? 0.5, mode: given.mode ?? "flow" };
  }

  // white moves: what a mask shows in white is what is painted here
  takeMask(brush, picture) {
    brush.context.drawImage(picture, 0, 0, this.width, this.height);
    const data = brush.context.getImageData(0, 0, this.width, this.height);
    for (let i = 0; i < data.data.length; i += 4) {
      data.data[i + 3] = data.data[i];
      data.data[i] = data.data[i + 1] = data.data[i + 2] = 255;
    }
    brush.context.putImageData(data, 0, 0);
  }

  fill(brush, polygon) {
    const c = brush.context;
    c.globalCompositeOperation = "source-over";
    c.fillStyle = "#fff";
    c.beginPath();
    for (const [x, y] of polygon) c.lineTo(x * this.width, y * this.height);
    c.fill();
    brush.isEmpty = false;
  }

  get brush() {
    if (!this.brushes.length) { this.brushes.push(this.fresh()); this.place = 0; this.render(); }
    return this.brushes[this.place];
  }

  remember(brush) {
    brush.undo.push({ data: brush.context.getImageData(0, 0, this.width, this.height), polygon: brush.polygon, isEmpty: brush.isEmpty, upload: brush.upload });
    if (brush.undo.length > UNDO_STEPS) brush.undo.shift();
  }

  click(button) {
    if (!button) return;
    const { tool, area, what } = { ...button.dataset, what: button.dataset.do };
    if (tool) {
      this.tool = tool;
      for (const item of this.card.querySelectorAll("[data-tool]")) item.setAttribute("aria-pressed", String(item === button));
    } else if (area) {
      const { brush } = this;
      this.remember(brush);
      brush.context.clearRect(0, 0, this.width, this.height);
      this.fill(brush, AREAS[area]);
      Object.assign(brush, { polygon: AREAS[area], upload: null });
      this.changed();
    } else if ("undo" in button.dataset) {
      const before = this.brush.undo.pop();
      if (!before) return;
      this.brush.context.putImageData(before.data, 0, 0);
      Object.assign(this.brush, { polygon: before.polygon, isEmpty: before.isEmpty, upload: before.upload });
      this.changed();
    } else if ("addBrush" in button.dataset) {
      if (this.brushes.length >= this.options.maximum) return;
      this.brushes.push(this.fresh());
      this.place = this.brushes.length - 1;
      this.render();
    } else if (what === "remove") {
      this.brushes.splice(Number(button.closest("li").dataset.place), 1);
      this.place = Math.max(0, Math.min(this.place, this.brushes.length - 1));
      this.render();
      this.changed();
    }
  }

  choose(place) {
    if (place === this.place || !this.brushes[place]) return;
    this.place = place;
    for (const item of this.list.children) item.classList.toggle("is-chosen", Number(item.dataset.place) === place);
    this.draw();
  }

  change(control) {
    const brush = this.brushes[Number(control.closest("li").dataset.place)];
    const name = control.dataset.name;
    brush[name] = name === "mode" ? control.value : Number(control.value) / (name === "speed" ? 100 : 1);
    this.label(control.closest("li"), brush);
    this.draw();
    this.onChange();
  }

  at(event) {
    const box = this.board.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * this.width, ((event.clientY - box.top) / box.height) * this.height];
  }

  begin(event) {
    if (!this.picture) return;
    event.preventDefault();
    this.board.setPointerCapture(event.pointerId);
    const { brush } = this;
    this.isDown = true;
    this.last = this.start = this.at(event);
    if (this.tool !== "arrow") this.remember(brush);
    this.move(event);
  }

  move(event) {
    if (!this.isDown) return;
    const [x, y] = this.at(event);
    const { brush } = this;
    if (this.tool === "arrow") {
      const [dx, dy] = [x - this.start[0], y - this.start[1]];
      if (Math.hypot(dx, dy) > 6) brush.direction = Math.round((Math.atan2(-dy, dx) * 180) / Math.PI + 360) % 360;
      this.label(this.list.children[this.place], brush);
    } else {
      const c = brush.context;
      c.globalCompositeOperation = this.tool === "erase" ? "destination-out" : "source-over";
      c.strokeStyle = "#fff";
      c.lineWidth = (Number(this.size.value) / 100) * this.width;
      c.lineCap = c.lineJoin = "round";
      c.beginPath();
      c.moveTo(...this.last);
      c.lineTo(x, y + 0.01);
      c.stroke();
      Object.assign(brush, { polygon: null, upload: null, isEmpty: false });
    }
    this.last = [x, y];
    this.draw();
  }

  end() {
    if (!this.isDown) return;
    this.isDown = false;
    this.changed();
  }

  changed() {
    this.draw();
    this.onChange();
  }

  centre(brush) {
    const data = brush.context.getImageData(0, 0, this.width, this.height).data;
    let [sumX, sumY, count] = [0, 0, 0];
    for (let i = 3; i < data.length; i += 4 * 37) {
      if (data[i] < 128) continue;
      const pixel = (i - 3) / 4;
      sumX += pixel % this.width; sumY += Math.floor(pixel / this.width); count++;
    }
    return count ? [sumX / count, sumY / count] : null;
  }

  draw() {
    if (!this.picture || !this.board.clientWidth) return;
    Object.assign(this.board, { width: this.width, height: this.height });
    const c = this.context;
    c.drawImage(this.picture, 0, 0, this.width, this.height);
    c.fillStyle = "rgb(0 0 0 / 25%)";
    c.fillRect(0, 0, this.width, this.height);
    const layer = (this.layer ??= document.createElement("canvas"));
    this.brushes.forEach((brush, i) => {
      Object.assign(layer, { width: this.width, height: this.height });
      const l = layer.getContext("2d");
      l.drawImage(brush.mask, 0, 0);
      l.globalCompositeOperation = "source-in";
      l.fillStyle = COLOURS[i % COLOURS.length];
      l.fillRect(0, 0, this.width, this.height);
      c.globalAlpha = i === this.place ? 0.62 : 0.35;
      c.drawImage(layer, 0, 0);
      c.globalAlpha = 1;
      const middle = this.centre(brush);
      if (middle) this.arrow(c, middle, brush, i);
    });
  }

  arrow(c, [x, y], brush, i) {
    const length = this.width * (0.07 + brush.speed * 0.13);
    const angle = (-brush.direction * Math.PI) / 180;
    c.save();
    c.translate(x, y);
    c.rotate(angle);
    for (const [colour, width] of [["rgb(0 0 0 / 70%)", 9], ["#fff", 4]]) {
      c.strokeStyle = colour;
      c.lineWidth = width;
      c.lineCap = c.lineJoin = "round";
      c.beginPath();
      c.moveTo(-length / 2, 0); c.lineTo(length / 2, 0);
      c.moveTo(length / 2 - 12, -10); c.lineTo(length / 2, 0); c.lineTo(length / 2 - 12, 10);
      c.stroke();
    }
    c.restore();
    c.fillStyle = "#10201b";
    c.strokeStyle = COLOURS[i % COLOURS.length];
    c.lineWidth = 3;
    c.beginPath();
    c.arc(x, y, 13, 0, 7);
    c.fill();
    c.stroke();
    c.fillStyle = "#fff";
    c.font = "600 15px system-ui";
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillText(i + 1, x, y + 1);
  }

  label(item, brush) {
    if (!item) return;
    item.querySelector('[data-out="direction"]').textContent = `${brush.direction}°`;
    item.querySelector('[data-out="speed"]').textContent = `${Math.round(brush.speed * 100)} %`;
    item.querySelector('[data-name="direction"]').value = brush.direction;
  }

  render() {
    const { words, modes } = this.options;
    const ways = (chosen) => Object.entries(modes).map(([value, label]) => `<option value="${value}"${value === chosen ? " selected" : ""}>${label}</option>`).join("");
    this.list.innerHTML = this.brushes.map((brush, i) => {
      const name = words.brush.replace("{number}", i + 1);
      return `<li class="move${i === this.place ? " is-chosen" : ""}" data-place="${i}" role="group" aria-label="${name}">
        <div class="move-head"><b class="move-number b${i}" aria-hidden="true">${i + 1}</b><select data-name="mode" aria-label="${words.mode}">${ways(brush.mode)}</select>
        <button type="button" class="round" data-do="remove" aria-label="${words.remove}" title="${words.remove}">×</button></div>
        <div class="move-way two-ways"><label>${words.direction} <output data-out="direction">${brush.direction}°</output><input type="range" min="0" max="359" step="1" value="${brush.direction}" data-name="direction"></label>
        <label>${words.speed} <output data-out="speed">${Math.round(brush.speed * 100)} %</output><input type="range" min="0" max="100" step="5" value="${Math.round(brush.speed * 100)}" data-name="speed"></label></div></li>`;
    }).join("");
    this.draw();
  }

  // what the API is told; masks that changed are uploaded first
  async settle() {
    const told = [];
    for (const brush of this.brushes) {
      if (brush.isEmpty) continue;
      const way = { direction: brush.direction, speed: brush.speed, mode: brush.mode };
      if (brush.polygon) { told.push({ polygon: brush.polygon, ...way }); continue; }
      if (!brush.upload) {
        const flat = Object.assign(document.createElement("canvas"), { width: this.width, height: this.height });
        const c = flat.getContext("2d");
        c.fillRect(0, 0, this.width, this.height);
        c.drawImage(brush.mask, 0, 0);
        const blob = await new Promise((resolve) => flat.toBlob(resolve, "image/png"));
        brush.upload = await this.upload(blob, "mask.png");
      }
      told.push({ mask: brush.upload, ...way });
    }
    return told;
  }
}
