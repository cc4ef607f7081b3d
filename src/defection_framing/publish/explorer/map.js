// The map: a point for each claim, near to claims that are told alike, in the colour of its camp.

import { select } from "d3-selection";
import { zoom, zoomIdentity } from "d3-zoom";
import { about, claims, code, facets, label, looks, range, size } from "./data.js";

const MARGIN = 12;
const FAINT = "#d4d4d4";
const STEP = 60;

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

/** Where the names of topics stand, the largest first; none where the study drew no map. */
function topicNames() {
  if (!about.placed || !facets.topic) return [];
  return facets.topic.codes.map((topic) => {
    const own = range(size).filter((i) => code("topic", i) === topic);
    const middle = (places) => median(own.map((i) => places[i]));
    const text = label(topic, "topic").replace(/^\d+: /, "");
    return { text, n: own.length, x: middle(claims.x), y: middle(claims.y) };
  }).sort((a, b) => b.n - a.n);
}

/**
 * Draw on a canvas and keep it drawn. `onPoint` is called with a claim when one is chosen, `onHover`
 * with the claim under the pointer and where it is, or without any, `onMove` with what is in view.
 */
export function claimMap(canvas, { onPoint, onHover, onMove }) {
  const context = canvas.getContext("2d");
  const camp = range(size).map((i) => code("camp", i));
  let selected = new Uint8Array(size).fill(1);
  let transform = zoomIdentity;
  const names = topicNames();
  const wide = Math.max(...claims.x, 1), high = Math.max(...claims.y, 1);
  let width = 0, height = 0, scale = 1, left = 0, top = 0, queued = false, wanted = [];

  const place = (x, y) => [
    transform.applyX(left + x * scale),
    transform.applyY(top + y * scale),
  ];
  const at = (i) => place(claims.x[i], claims.y[i]);

  function draw() {
    queued = false;
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const radius = Math.min(1.6 * Math.sqrt(transform.k), 6);
    // First what is not selected; then in the order of the data, so that no camp lies on top.
    for (const [chosen, alpha] of [[0, 1], [1, 0.8]]) {
      context.globalAlpha = alpha;
      for (let i = 0; i < size; i++) {
        if (selected[i] !== chosen) continue;
        const [x, y] = at(i);
        if (x < -9 || y < -9 || x > width + 9 || y > height + 9) continue;
        const { colour, square } = looks[camp[i]];
        context.fillStyle = chosen ? colour : FAINT;
        context.beginPath();
        if (square) context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
        else context.arc(x, y, radius, 0, 7);
        context.fill();
      }
    }
    drawNames();
  }

  /** The names of topics, each where no larger topic's is in its way. */
  function drawNames() {
    const taken = [];
    Object.assign(context, { globalAlpha: 1, font: "bold 12px system-ui, sans-serif",
      textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 4,
      strokeStyle: "#fff", fillStyle: "#1a1a1a" });
    for (const { text, x, y } of names) {
      const [cx, cy] = place(x, y), half = context.measureText(text).width / 2 + 4;
      if (cx < half || cx > width - half || cy < 9 || cy > height - 9) continue;
      const near = (t) => Math.abs(t.cx - cx) < t.half + half && Math.abs(t.cy - cy) < 18;
      if (taken.some(near)) continue;
      taken.push({ cx, cy, half });
      context.strokeText(text, cx, cy);
      context.fillText(text, cx, cy);
    }
  }

  function redraw() {
    if (!queued) requestAnimationFrame(draw);
    queued = true;
  }

  const behaviour = zoom()
    .scaleExtent([1, 40])
    // The wheel and a single finger scroll the page, as anywhere else in it.
    .filter((e) => (e.type === "wheel" ? e.ctrlKey || e.metaKey
      : e.touches ? e.touches.length > 1 : !e.button))
    .on("zoom", (event) => {
      transform = event.transform;
      redraw();
    })
    .on("end", () => onMove(transform === zoomIdentity ? [] : area()));
  const d3canvas = select(canvas).call(behaviour);

  function resize() {
    const ratio = window.devicePixelRatio || 1;
    ({ clientWidth: width, clientHeight: height } = canvas);
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    scale = Math.min((width - 2 * MARGIN) / wide, (height - 2 * MARGIN) / high);
    [left, top] = [(width - wide * scale) / 2, (height - high * scale) / 2];
    behaviour.translateExtent([[0, 0], [width, height]]).extent([[0, 0], [width, height]]);
    show();
    draw();
  }

  /** What is in view, in the coordinates of the claims: left, top, right, bottom. */
  function area() {
    const x = (at) => Math.round((transform.invertX(at) - left) / scale);
    const y = (at) => Math.round((transform.invertY(at) - top) / scale);
    return [x(0), y(0), x(width), y(height)];
  }

  /** Show the area that is wanted, the whole map where none is. */
  function show() {
    if (!width || wanted.join() === (transform === zoomIdentity ? "" : area().join())) return;
    const [x0, y0, x1, y1] = wanted;
    const k = Math.min(width / ((x1 - x0) * scale), height / ((y1 - y0) * scale));
    d3canvas.call(behaviour.transform, k >= 1 && k < Infinity
      ? zoomIdentity.translate(width / 2, height / 2).scale(k)
        .translate(-left - ((x0 + x1) / 2) * scale, -top - ((y0 + y1) / 2) * scale)
      : zoomIdentity);
  }
  new ResizeObserver(resize).observe(canvas);

  /** The selected claim nearest to the pointer, within some pixels. */
  function nearest({ offsetX, offsetY }) {
    let best, least = 10 ** 2;
    for (let i = 0; i < size; i++) {
      if (!selected[i]) continue;
      const [x, y] = at(i);
      const off = (x - offsetX) ** 2 + (y - offsetY) ** 2;
      if (off < least) [best, least] = [i, off];
    }
    return best;
  }

  canvas.addEventListener("pointermove", (event) => onHover(nearest(event), event));
  canvas.addEventListener("pointerleave", () => onHover());
  canvas.addEventListener("click", (event) => {
    const found = nearest(event);
    if (found !== undefined) onPoint(found);
  });

  const zoomBy = (factor) => d3canvas.call(behaviour.scaleBy, factor);
  const reset = () => d3canvas.call(behaviour.transform, zoomIdentity);
  const move = (x, y) => d3canvas.call(behaviour.translateBy, x / transform.k, y / transform.k);
  const keys = {
    "+": () => zoomBy(1.5), "=": () => zoomBy(1.5), "-": () => zoomBy(1 / 1.5), 0: reset,
    ArrowLeft: () => move(STEP, 0), ArrowRight: () => move(-STEP, 0),
    ArrowUp: () => move(0, STEP), ArrowDown: () => move(0, -STEP),
  };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  return {
    zoomBy,
    reset,
    show(rows) {
      selected = new Uint8Array(size);
      for (const i of rows) selected[i] = 1;
      redraw();
    },
    area,
    /** Move to an area; the whole map where it is none. */
    look(at) {
      wanted = at;
      show();
    },
  };
}
