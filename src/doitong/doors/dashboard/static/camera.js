// The camera's way as one sees it: a little valley, or the member's own picture, through the lens as the moves go.

const D = Math.PI / 180;
const SUBJECT = 9; // how far away what the camera looks at is
const EYE = 1.6;
const INTENSITY = { low: 0.6, medium: 1, high: 1.5 };
// at strength 0.5 and at 1, as docs/studio.md has them
const EXTENT = {
  pan: [9, 45], tilt: [5, 26], roll: [4, 30], orbit: [7, 30], whip_pan: [22, 45],
  dolly: [1.6, 5.4], truck: [0.9, 2.8], pedestal: [0.9, 2.6], zoom: [1.28, 2.5], tracking: [0.9, 2.8],
  dolly_zoom: [1.6, 4.5], flyover: [3, 6.5],
};
const SECOND = ["left", "down", "out"]; // the ways that count backwards

const family = (move) => move.replace(/_(left|right|up|down|in|out)$/, "");
const sign = (move) => (SECOND.includes(move.split("_").pop()) ? -1 : 1);
const between = (pair, strength) =>
  strength <= 0.5 ? (pair[0] * strength) / 0.5 : pair[0] + ((pair[1] - pair[0]) * (strength - 0.5)) / 0.5;

const EASE = {
  linear: (p) => p,
  "ease-in": (p) => p * p,
  "ease-out": (p) => 1 - (1 - p) * (1 - p),
  "ease-in-out": (p) => p * p * (3 - 2 * p),
};

// where each move begins and how long it takes: told seconds count, the others share what is left
export function schedule(moves, duration) {
  const timed = moves.filter((move) => move.move !== "handheld");
  const told = timed.reduce((sum, move) => sum + (move.seconds || 0), 0);
  const open = timed.filter((move) => !move.seconds).length;
  const share = open ? Math.max(0.5, (duration - told) / open) : 0;
  const whole = told + share * open;
  const scale = whole > duration ? duration / whole : 1;
  let at = 0;
  return moves.map((move) => {
    if (move.move === "handheld") return { move, start: 0, length: duration };
    const length = (move.seconds || share) * scale;
    at += length;
    return { move, start: at - length, length };
  });
}

export function poseAt(moves, duration, seconds, intensity) {
  const pose = { x: 0, y: 0, z: 0, yaw: 0, pitch: 0, roll: 0, zoom: 1, orbit: 0 };
  const factor = INTENSITY[intensity] ?? 1;
  const way = moves.length ? moves : [{ move: "dolly_in", strength: 0.3 }];
  for (const { move, start, length } of schedule(way, duration)) {
    const name = family(move.move);
    const raw = Math.min(1, Math.max(0, (seconds - start) / (name === "whip_pan" ? length / 4 : length)));
    const p = (EASE[move.easing] ?? EASE["ease-in-out"])(raw) * sign(move.move);
    const strength = move.strength ?? 0.5;
    const amount = EXTENT[name] ? between(EXTENT[name], strength) * (move.degrees ? 1 : factor) : 0;
    const turn = Math.min(move.degrees ?? amount, EXTENT[name]?.[1] ?? 0);
    switch (name) {
      case "pan": case "whip_pan": pose.yaw += turn * D * p; break;
      case "tilt": pose.pitch += turn * D * p; break;
      case "roll": pose.roll += turn * D * p; break;
      case "orbit": pose.orbit += turn * D * p; break;
      case "dolly": pose.z += amount * p; break;
      case "truck": pose.x += amount * p; break;
      case "pedestal": pose.y += p < 0 ? Math.max(-1.1, amount * p) : amount * p; break;
      case "zoom": pose.zoom *= (1 + (between(EXTENT.zoom, strength) - 1) * factor) ** p; break;
      case "tracking": pose.x += amount * p; pose.yaw -= Math.atan2(amount * p, SUBJECT); break;
      case "dolly_zoom": pose.z += amount * p; pose.zoom *= Math.max(0.2, (SUBJECT - amount * p) / SUBJECT); break;
      case "flyover": pose.z += amount * p; pose.y += 1.6 * Math.min(1, Math.abs(p) * 3); pose.pitch -= 9 * D * Math.min(1, Math.abs(p) * 3); break;
      case "handheld": {
        const sway = strength * factor * 0.03;
        pose.yaw += sway * (Math.sin(seconds * 2.1) + 0.5 * Math.sin(seconds * 5.3));
        pose.pitch += sway * 0.8 * (Math.sin(seconds * 2.7 + 1) + 0.5 * Math.sin(seconds * 6.1));
        pose.roll += sway * 0.4 * Math.sin(seconds * 1.7);
      }
    }
  }
  return pose;
}

// a fixed valley: trees, stones and a cabin that stands where the subject is
const seeded = (seed) => () => ((seed = (seed * 1664525 + 1013904223) >>> 0) / 4294967296);
const random = seeded(7);
const TREES = Array.from({ length: 90 }, () => {
  const z = 3 + random() * 34;
  const x = (random() - 0.5) * (10 + z * 1.6);
  return { x: Math.abs(x) < 1.5 + z * 0.05 ? x + Math.sign(x || 1) * 2.4 : x, z, h: 0.9 + random() * 1.5, tone: random() };
}).filter((tree) => Math.hypot(tree.x, tree.z - SUBJECT) > 2.2);
const PEAKS = [0, 1].map((row) => Array.from({ length: 64 }, (_, i) => ({
  yaw: (i / 64) * 2 * Math.PI,
  height: (row ? 0.055 : 0.1) * (0.35 + Math.abs(Math.sin(i * 1.7 + row) * 0.6 + Math.sin(i * 0.61) * 0.5)),
})));
const STARS = Array.from({ length: 70 }, () => ({ yaw: random() * 2 * Math.PI, pitch: 0.12 + random() * 0.7, size: random() }));

export class CameraView {
  constructor(canvas, state) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.state = state; // () => {moves, duration, intensity, picture}
    this.seconds = 0;
    this.isPlaying = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.onTime = () => {};
    this.isSeen = true;
    new IntersectionObserver(([entry]) => { this.isSeen = entry.isIntersecting; this.wake(); }).observe(canvas);
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  wake() {
    if (this.isRunning || !this.isPlaying || !this.isSeen) return;
    this.isRunning = true;
    let last = performance.now();
    const frame = (now) => {
      if (!this.isPlaying || !this.isSeen || this.canvas.hidden) { this.isRunning = false; return; }
      const { duration } = this.state();
      this.seconds = (this.seconds + Math.min(0.1, (now - last) / 1000)) % (duration + 0.6); // a breath at the end
      last = now;
      this.draw();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  play(isOn) { this.isPlaying = isOn; this.wake(); }

  seek(seconds) { this.seconds = seconds; this.draw(); }

  draw() {
    const { canvas, context: c } = this;
    const scale = Math.min(2, devicePixelRatio || 1);
    const [w, h] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (!w || !h) return;
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    const { moves, duration, intensity, picture } = this.state();
    const seconds = Math.min(this.seconds, duration);
    const pose = poseAt(moves, duration, seconds, intensity);
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.fillStyle = "#0c1714";
    c.fillRect(0, 0, w, h);
    if (picture) this.drawPicture(c, w, h, pose, picture);
    else this.drawValley(c, w, h, pose);
    this.drawFrame(c, w, h, scale);
    this.onTime(seconds, duration);
  }

  // a picture has no depth here: it is shifted, turned and scaled as a plane
  drawPicture(c, w, h, pose, picture) {
    const cover = Math.max(w / picture.naturalWidth, h / picture.naturalHeight) * 1.16;
    const near = SUBJECT / Math.max(2, SUBJECT - pose.z);
    c.save();
    c.translate(w / 2 - (pose.x / SUBJECT + Math.tan(pose.yaw) * 0.5) * w, h / 2 + (pose.y / SUBJECT + Math.tan(pose.pitch) * 0.7) * h);
    c.rotate(-pose.roll);
    c.transform(Math.cos(pose.orbit), Math.sin(pose.orbit) * 0.12, 0, 1, Math.sin(pose.orbit) * w * 0.05, 0);
    c.scale(cover * near * pose.zoom, cover * near * pose.zoom);
    c.drawImage(picture, -picture.naturalWidth / 2, -picture.naturalHeight / 2);
    c.restore();
  }

  drawValley(c, w, h, pose) {
    const focal = Math.min(w, h * 1.4) * 0.95 * pose.zoom;
    // round the subject, looking at it
    const back = SUBJECT - pose.z;
    const eye = {
      x: pose.x + Math.sin(-pose.orbit) * back,
      y: EYE + pose.y,
      z: SUBJECT - Math.cos(pose.orbit) * back,
    };
    const yaw = pose.yaw + pose.orbit;
    const [cosYaw, sinYaw, cosPitch, sinPitch] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pose.pitch), Math.sin(pose.pitch)];
    const see = (x, y, z) => {
      const [dx, dy, dz] = [x - eye.x, y - eye.y, z - eye.z];
      const side = dx * cosYaw - dz * sinYaw;
      const along = dx * sinYaw + dz * cosYaw;
      const up = dy * cosPitch - along * sinPitch;
      return { x: side, y: up, z: dy * sinPitch + along * cosPitch };
    };
    const put = (point) => [(point.x / point.z) * focal, (-point.y / point.z) * focal];
    const far = (angle, height) => see(eye.x + Math.sin(angle) * 900, eye.y + height * 900, eye.z + Math.cos(angle) * 900);
    const reach = Math.hypot(w, h);
    c.save();
    c.translate(w / 2, h / 2);
    c.rotate(-pose.roll);

    const horizon = Math.tan(-pose.pitch) * -focal;
    const sky = c.createLinearGradient(0, horizon - h, 0, horizon);
    for (const [stop, colour] of [[0, "#0b2530"], [0.45, "#1d5360"], [0.78, "#c58a63"], [1, "#f6c98a"]]) sky.addColorStop(stop, colour);
    c.fillStyle = sky;
    c.fillRect(-reach, -reach * 2, reach * 2, reach * 2 + horizon);
    for (const star of STARS) {
      const point = far(star.yaw, star.pitch);
      if (point.z <= 0 || star.pitch < 0.3) continue;
      const [x, y] = put(point);
      c.globalAlpha = 0.25 + star.size * 0.5;
      c.fillStyle = "#fff";
      c.fillRect(x, y, w / 700 + star.size, w / 700 + star.size);
    }
    c.globalAlpha = 1;
    const sun = far(0.14, 0.06);
    if (sun.z > 0) {
      const [x, y] = put(sun);
      const glow = c.createRadialGradient(x, y, 0, x, y, focal * 0.32);
      glow.addColorStop(0, "rgb(255 240 200 / 95%)"); glow.addColorStop(0.13, "rgb(255 226 160 / 90%)"); glow.addColorStop(0.15, "rgb(255 210 140 / 35%)"); glow.addColorStop(1, "rgb(255 200 120 / 0%)");
      c.fillStyle = glow;
      c.fillRect(x - focal, y - focal, focal * 2, focal * 2);
    }
    for (const [row, colour] of [[0, "#54675f"], [1, "#2e4a45"]]) {
      c.fillStyle = colour;
      const points = PEAKS[row].map((peak) => [far(peak.yaw, peak.height), far(peak.yaw, -0.002)]);
      for (let i = 0; i < points.length; i++) {
        const [[a, b], [d, e]] = [points[i], points[(i + 1) % points.length]];
        if (a.z <= 1 || d.z <= 1) continue;
        c.beginPath();
        for (const point of [a, d, e, b]) c.lineTo(...put(point));
        c.closePath();
        c.strokeStyle = colour; // hides the seam to its neighbour
        c.stroke();
        c.fill();
      }
    }
    const ground = c.createLinearGradient(0, horizon, 0, horizon + h);
    ground.addColorStop(0, "#4d6b50"); ground.addColorStop(0.25, "#28483c"); ground.addColorStop(1, "#122620");
    c.fillStyle = ground;
    c.fillRect(-reach, horizon - 1, reach * 2, reach * 2);

    const line = (from, to) => {
      let [a, b] = [see(...from), see(...to)];
      if (a.z < 0.15 && b.z < 0.15) return;
      const cut = (p, q) => { const t = (0.15 - p.z) / (q.z - p.z); return { x: p.x + (q.x - p.x) * t, y: p.y + (q.y - p.y) * t, z: 0.15 }; };
      if (a.z < 0.15) a = cut(a, b);
      if (b.z < 0.15) b = cut(b, a);
      c.moveTo(...put(a));
      c.lineTo(...put(b));
    };
    c.strokeStyle = "rgb(180 220 190 / 16%)";
    c.lineWidth = Math.max(1, w / 900);
    c.beginPath();
    for (let x = -24; x <= 24; x += 2) line([x, 0, -8], [x, 0, 44]);
    for (let z = -8; z <= 44; z += 2) line([-24, 0, z], [24, 0, z]);
    c.stroke();

    const things = TREES.map((tree) => ({ ...see(tree.x, 0, tree.z), tree }));
    things.push({ ...see(0, 0, SUBJECT), isCabin: true });
    for (const thing of things.sort((a, b) => b.z - a.z)) {
      if (thing.z < 0.4) continue;
      if (thing.isCabin) this.drawCabin(c, see, put);
      else {
        const { tree } = thing;
        const [[x, y], [, top]] = [put(thing), put(see(tree.x, tree.h, tree.z))];
        const half = ((tree.h * 0.3) / thing.z) * focal;
        const haze = Math.min(0.75, thing.z / 55);
        c.fillStyle = `rgb(${24 + haze * 110} ${54 + tree.tone * 22 + haze * 70} ${44 + haze * 60})`;
        c.beginPath();
        c.moveTo(x, top); c.lineTo(x + half, y); c.lineTo(x - half, y);
        c.fill();
      }
    }
    c.restore();
  }

  drawCabin(c, see, put) {
    const [a, b, f, k, e, r] = [-0.9, 0.9, SUBJECT - 0.8, SUBJECT + 0.8, 1.05, 1.75];
    const faces = [
      { points: [[a, 0, f], [b, 0, f], [b, e, f], [a, e, f]], colour: "#7a4b31" },
      { points: [[a, 0, f], [a, 0, k], [a, e, k], [a, e, f]], colour: "#4f3022" },
      { points: [[b, 0, f], [b, 0, k], [b, e, k], [b, e, f]], colour: "#5d3a28" },
      { points: [[a, 0, k], [b, 0, k], [b, e, k], [a, e, k]], colour: "#3f271d" },
      { points: [[-1.1, e, f - 0.2], [1.1, e, f - 0.2], [1.1, r, SUBJECT], [-1.1, r, SUBJECT]], colour: "#b9503c" },
      { points: [[-1.1, e, k + 0.2], [1.1, e, k + 0.2], [1.1, r, SUBJECT], [-1.1, r, SUBJECT]], colour: "#7c3329" },
      { points: [[-0.25, 0.35, f - 0.01], [0.25, 0.35, f - 0.01], [0.25, 0.8, f - 0.01], [-0.25, 0.8, f - 0.01]], colour: "#ffd98a" },
    ].map((face) => ({ ...face, seen: face.points.map((point) => see(...point)) }));
    const depth = (face) => face.seen.reduce((sum, point) => sum + point.z, 0) / face.seen.length - (face.colour === "#ffd98a" ? 0.1 : 0);
    for (const face of faces.sort((p, q) => depth(q) - depth(p))) {
      if (face.seen.some((point) => point.z < 0.15)) continue;
      c.fillStyle = face.colour;
      c.beginPath();
      for (const point of face.seen) c.lineTo(...put(point));
      c.fill();
    }
  }

  // corners of a viewfinder
  drawFrame(c, w, h, scale) {
    const [inset, arm] = [10 * scale, 16 * scale];
    c.strokeStyle = "rgb(255 255 255 / 65%)";
    c.lineWidth = 1.5 * scale;
    c.beginPath();
    for (const [x, y, sx, sy] of [[inset, inset, 1, 1], [w - inset, inset, -1, 1], [inset, h - inset, 1, -1], [w - inset, h - inset, -1, -1]]) {
      c.moveTo(x + arm * sx, y); c.lineTo(x, y); c.lineTo(x, y + arm * sy);
    }
    c.stroke();
  }
}

// The list of moves, by mouse and by keyboard.
export class MoveList {
  constructor(list, options, onChange) {
    Object.assign(this, { list, options, onChange, moves: [] });
    list.addEventListener("input", (event) => this.change(event.target));
    list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) this.act(button.dataset.do, Number(button.closest("li").dataset.place));
    });
  }

  set(moves) {
    this.moves = moves.map((move) => ({ ...move }));
    this.render();
  }

  add() {
    if (this.moves.length >= this.options.maximum) return;
    this.moves.push({ move: "pan_right", strength: 0.5 });
    this.render();
    this.list.lastElementChild.querySelector("select").focus();
    this.onChange();
  }

  change(control) {
    const move = this.moves[Number(control.closest("li").dataset.place)];
    const name = control.dataset.name;
    if (name === "strength") { move.strength = Number(control.value) / 100; delete move.degrees; }
    else if (name === "seconds") {
      const value = Number(control.value);
      if (value >= this.options.secondsMinimum && value <= this.options.secondsMaximum) move.seconds = value; else delete move.seconds;
    } else if (name === "easing") { if (control.value === "ease-in-out") delete move.easing; else move.easing = control.value; }
    else { move.move = control.value; if (!this.options.turning.includes(move.move)) delete move.degrees; }
    const out = control.closest("li").querySelector("output");
    out.textContent = `${Math.round((move.strength ?? 0.5) * 100)} %`;
    this.onChange();
  }

  act(what, place) {
    const step = { earlier: -1, later: 1 }[what];
    if (what === "remove") this.moves.splice(place, 1);
    else if (this.moves[place + step]) [this.moves[place], this.moves[place + step]] = [this.moves[place + step], this.moves[place]];
    else return;
    this.render();
    const next = this.list.children[Math.min(step ? place + step : place, this.moves.length - 1)];
    (next?.querySelector(`[data-do="${what}"]:not([disabled])`) ?? next?.querySelector("select"))?.focus();
    this.onChange();
  }

  render() {
    const { words, moves, easings } = this.options;
    const option = (value, label, chosen) => `<option value="${value}"${value === chosen ? " selected" : ""}>${label}</option>`;
    const all = (table, chosen) => Object.entries(table).map(([value, label]) => option(value, label, chosen)).join("");
    this.list.innerHTML = this.moves.map((move, i) => {
      const label = words.move.replace("{number}", i + 1);
      return `<li class="move" data-place="${i}" role="group" aria-label="${label}">
        <div class="move-head"><b class="move-number" aria-hidden="true">${i + 1}</b><select data-name="move" aria-label="${label}">${all(moves, move.move)}</select>
        <button type="button" class="round" data-do="earlier" aria-label="${words.earlier}" title="${words.earlier}"${i ? "" : " disabled"}>↑</button>
        <button type="button" class="round" data-do="later" aria-label="${words.later}" title="${words.later}"${i < this.moves.length - 1 ? "" : " disabled"}>↓</button>
        <button type="button" class="round" data-do="remove" aria-label="${words.remove}" title="${words.remove}">×</button></div>
        <div class="move-way"><label>${words.strength} <output>${Math.round((move.strength ?? 0.5) * 100)} %</output><input type="range" min="5" max="100" step="5" value="${Math.round((move.strength ?? 0.5) * 100)}" data-name="strength"></label>
        <label>${words.seconds}<input type="number" min="${this.options.secondsMinimum}" max="${this.options.secondsMaximum}" step="0.1" value="${move.seconds ?? ""}" placeholder="${words.auto}" data-name="seconds"></label>
        <label>${words.easing}<select data-name="easing">${all(easings, move.easing ?? "ease-in-out")}</select></label></div></li>`;
    }).join("");
  }
}
