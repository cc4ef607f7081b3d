// Shares of the selection as tables, with the corpus's beside them.

import { facets, label, range, size } from "./data.js";
import { counted, element } from "./parts.js";
import { shares } from "./shares.js";

/** All claims: the same list wherever nothing is selected. */
export const everything = range(size);

/** Facets whose codes are counted. */
export const compared = ["portrayal", "frame", "motives"].filter((name) => facets[name]);

const corpus = Object.fromEntries(compared.map((name) => [name, shares(name, everything)]));
const whole = (share) => Math.round(100 * share);

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** Intervals on one line, the corpus's in grey; the numbers stand beside it. */
function interval(given, most) {
  const picture = shape("svg", { viewBox: "0 0 100 16", "aria-hidden": "true" });
  const x = (share) => 2 + (96 * share) / most;
  for (const [{ value, low, high }, kind] of given) {
    if (Number.isNaN(value)) continue;
    const y = kind === "whole" ? 11 : 5;
    if (!Number.isNaN(low))
      picture.append(shape("line", { x1: x(low), x2: x(high), y1: y, y2: y, class: kind }));
    picture.append(shape("circle", { cx: x(value), cy: y, r: 2.2, class: kind }));
  }
  return picture;
}

function told({ value, low, high }) {
  if (Number.isNaN(value)) return "none";
  return `${whole(value)}%` +
    (Number.isNaN(low) ? " (too few events)" : ` [${whole(low)}\u00a0to\u00a0${whole(high)}]`);
}

/** Shares of a facet's codes among claims, or among their articles. */
export function shareTable(name, rows) {
  const all = corpus[name], now = rows === everything ? all : shares(name, rows);
  const columns = now === all ? [["Corpus", all, "whole"]]
    : [["Selected", now, "selected"], ["Corpus", all, "whole"]];
  const order = range(all.codes.length).sort((a, b) => all.codes[b].value - all.codes[a].value);
  const ends = [...now.codes, ...all.codes].flatMap(({ value, high }) => [value, high]);
  const most = Math.max(...ends.filter((end) => !Number.isNaN(end)));
  const n = (s) => `${facets[name].of === "claims" ? counted(s.claims, "claim") + ", " : ""}` +
    `${counted(s.articles, "article")}, ${counted(s.events, "event")}`;
  const head = element("thead", {}, element("tr", {},
    element("th", { scope: "col" }, facets[name].title),
    element("td", { className: "picture", "aria-hidden": "true" }),
    columns.map(([head, , kind]) => element("th", { scope: "col" },
      element("span", { className: `key ${kind}` }), head))));
  const lines = order.map((k) => element("tr", { "data-code": facets[name].codes[k] },
    element("th", { scope: "row" }, label(facets[name].codes[k], name)),
    element("td", { className: "picture", "aria-hidden": "true" },
      interval(columns.map(([, { codes }, kind]) => [codes[k], kind]), most)),
    columns.map(([, { codes }]) => element("td", { "data-exact":
      [codes[k].value, codes[k].low, codes[k].high].join(" ") }, told(codes[k])))));
  return element("table", { id: `shares-${name}` },
    element("caption", {}, "Share [95% interval], each event counted once. ",
      now === all ? "" : `Selected: ${n(now)}. `, `Corpus: ${n(all)}.`),
    head, element("tbody", {}, lines));
}
