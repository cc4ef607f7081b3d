// What is on the screen. The address holds the state: every change of it is drawn from the address,
// so that the back button, a bookmark and a link do what they do elsewhere.

import "./licences.js";
import { about, articleCode, articles, claimId, claims, code, codes, csv, data, each, facets, label,
  ordered, ORDERS, plain, range, read, secondFrame, select, size, write } from "./data.js";
import { drawCase, drawEvents, EVENT_ORDERS, tellings } from "./events.js";
import { claimMap } from "./map.js";
import { $, articleLink, campMark, counted, element, eventLink, named, number, wrongCode } from
  "./parts.js";
import { compared, everything, shareTable } from "./sharetable.js";

const PER_PAGE = 25;
const PER_FACET = 30;

let state = read(location.hash);

/** Change the state; `replace` where one entry of the history stands for many changes. */
function go(changes, replace = false) {
  const address = write({ ...state, page: "", ...changes });
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  draw();
}

// ---- Filters

const drawFacet = {};

function facetBox(name) {
  const { title, codes, values, of } = facets[name];
  const total = new Int32Array(codes.length);
  for (const value of values) for (const k of each(value)) total[k]++;
  const order = codes.length > 20 || name === "topic"
    ? range(codes.length).sort((a, b) => total[b] - total[a]) : range(codes.length);
  const long = codes.length > PER_FACET;
  const summary = element("summary");
  const find = element("input", { type: "search", placeholder: `Find (${number(codes.length)})`,
    "aria-label": `Find in ${title}`, autocomplete: "off" });
  const list = element("fieldset", {}, element("legend", { className: "unseen" }, title));
  const more = element("p", { className: "note" });
  const box = element("details", { className: "facet" }, summary, long ? find : "", list, more);
  let rows;

  function build() {
    rows = order.map((k) => {
      const tick = element("input", { type: "checkbox", value: codes[k] });
      const n = element("span", { className: "count" });
      const text = label(codes[k], name);
      const row = element("label", {}, tick, element("span", {}, text), n);
      return { k, tick, n, row, found: plain(text) };
    });
    list.append(...rows.map(({ row }) => row));
  }

  drawFacet[name] = (counts) => {
    const wanted = new Set(state[name]);
    summary.textContent = title + (wanted.size ? ` (${wanted.size})` : "");
    if (!box.open) return;
    if (!rows) build();
    const word = plain(find.value);
    const least = [...counts].sort((a, b) => b - a)[PER_FACET] ?? 0;
    let left = 0;
    for (const { k, tick, n, row, found } of rows) {
      tick.checked = wanted.has(codes[k]);
      n.textContent = number(counts[k]);
      row.hidden = !tick.checked &&
        (long && !word ? counts[k] <= least : !found.includes(word) || (word && !counts[k]));
      left += row.hidden && counts[k] > 0 && found.includes(word);
    }
    more.textContent = left ? `${counted(left, "other")} with fewer claims: find by name` : "";
  };
  list.addEventListener("change", () => {
    const ticked = rows.filter(({ tick }) => tick.checked).map(({ tick }) => tick.value);
    go({ [name]: ticked });
  });
  for (const [on, event] of [[box, "toggle"], [find, "input"]])
    on.addEventListener(event, () => drawFacet[name](selection.counts[name]));
  return box;
}

function drawChips() {
  const used = Object.keys(facets).flatMap((name) => state[name].map((value) => ({
    text: `${facets[name].title}: ${label(value, name)}`,
    without: { [name]: state[name].filter((other) => other !== value) },
  })));
  if (state.q) used.push({ text: `Search: ${state.q}`, without: { q: "" } });
  if (state.area) used.push({ text: "An area of the map", without: { area: "" } });
  const none = Object.fromEntries(Object.keys(facets).map((name) => [name, []]));
  if (used.length > 1) used.push({ text: "All filters", without: { ...none, q: "", area: "" } });
  $("chips").replaceChildren(...used.map(({ text, without }) => element("li", {},
    element("button", { type: "button", "aria-label": `Remove ${text}`, onclick: () => {
      go(without);
      $("status").focus();
    } }, text, element("span", { "aria-hidden": "true" }, " ×")))));
}

// ---- The table of claims

const HEADS = ["Claim", "Frame", "Said by", "Told by", "Article portrays", "Case"];

function claimRow(i) {
  const article = claims.article[i];
  const cell = (at, ...children) => element("td", { "data-head": HEADS[at] ?? "" }, ...children);
  const second = secondFrame(i);
  return element("tr", { "data-claim": claimId(i) },
    cell(0, claims.text[i]),
    cell(1, named("frame", i), second ? `, also ${label(second, "frame")}` : ""),
    cell(2, named("voice", i)),
    cell(3, campMark(code("camp", i)), articleLink(article, articleCode("outlet", article)),
      ` (${named("camp", i)}), `, element("span", { className: "date" },
        articles.date[article] || "undated"), `, ${named("lang", i)}`),
    cell(4, named("portrayal", i)),
    cell(5, eventLink(code("event", i)), ...directionUnlessNamed(i)),
    cell(6, wrongCode(i, openRecord)));
}

/** A direction; an event's name may hold it already. */
function directionUnlessNamed(i) {
  const direction = named("direction", i);
  return label(code("event", i), "event").endsWith(`(${direction})`) ? [] : [", ", direction];
}

function drawTable(rows) {
  const last = Math.max(Math.ceil(rows.length / PER_PAGE) - 1, 0);
  const page = Math.min(Math.max(parseInt(state.page || "1", 10) - 1 || 0, 0), last);
  const shown = ordered(rows, state.order).slice(page * PER_PAGE, (page + 1) * PER_PAGE);
  $("table").replaceChildren(rows.length ? element("table", { className: "claims" },
    element("caption", { className: "unseen" }, "The selected claims"),
    element("thead", {}, element("tr", {},
      HEADS.map((head) => element("th", { scope: "col" }, head)), element("td"))),
    element("tbody", {}, shown.map(claimRow)))
    : element("p", {}, "No claim fits all of these filters. Remove one."));
  const turn = (text, to) => element("button", { type: "button", disabled: to < 0 || to > last,
    onclick: () => {
      go({ page: to ? String(to + 1) : "" });
      $("table-title").focus();
    } }, text);
  $("pages").replaceChildren(turn("First", page ? 0 : -1), turn("Back", page - 1),
    element("span", {}, `Page ${number(page + 1)} of ${number(last + 1)}`), turn("Next", page + 1));
}

// ---- One record, and how to correct it

function facts(pairs) {
  return element("dl", { className: "facts" }, pairs.flatMap(([what, ...said]) => [
    element("dt", {}, what), element("dd", {}, ...said)]));
}

/** What each pass gave, as `0: treason, A: collapse`. */
function passes(table, row, column) {
  return Object.entries(data.passes[table][column] ?? {}).flatMap(([pass, { codes, values }]) =>
    each(values[row]).length
      ? [`${pass}: ${each(values[row]).map((k) => label(codes[k])).join(" and ")}`] : []).join(", ");
}

const openRecord = (i) => go({ claim: claimId(i), page: state.page });
const byId = new Map(everything.map((i) => [claimId(i), i]));

/** Show the record that the address names, or none. */
function drawRecord() {
  const i = byId.get(state.claim);
  if (i === undefined) return $("record").close();
  const article = claims.article[i];
  const said = (table, row, column) => {
    const given = passes(table, row, column);
    return given && ` (by pass ${given})`;
  };
  const id = claimId(i);
  $("record-title").textContent = `Wrong code? Claim ${id}`;
  $("record-body").replaceChildren(
    element("blockquote", {}, claims.text[i]),
    facts([
      ["claim_id", element("code", {}, id)],
      ["frame", named("frame", i), said("claims", i, "frame")],
      ["frame_2", label(secondFrame(i) ?? "none"), said("claims", i, "frame_2")],
      ["voice", named("voice", i)],
      ["article_id", element("code", {}, articles.id[article])],
      ["article", articleLink(article, articles.url[article])],
      ["gist", articles.gist[article]],
      ...["direction", "event", "portrayal", "occasion"].map((name) =>
        [name, named(name, i), said("articles", article, name)]),
      ["motives", codes("motives", i).map((motive) => label(motive)).join(", ") || "not coded",
        said("articles", article, "motives")],
      ["outlet", articleCode("outlet", article), ` (${named("camp", i)})`],
    ]));
  hover.hidden = true;
  if (!$("record").open) $("record").showModal();
  $("record-title").focus();
}

// ---- The whole page

const hover = $("hover");
const map = claimMap($("map"), {
  onPoint: openRecord,
  onMove(area) {
    state.zoom = area.join(",");
    history.replaceState(null, "", write(state));
  },
  onHover(i, event) {
    hover.hidden = i === undefined;
    if (hover.hidden) return;
    hover.replaceChildren(claims.text[i], element("br"), element("span", { className: "note" },
      `${code("outlet", i)} (${named("camp", i)}), ${named("frame", i)}`));
    hover.style.left = `${Math.min(event.clientX + 14, innerWidth - 290)}px`;
    hover.style.top = `${Math.min(event.clientY + 14, innerHeight - 120)}px`;
  },
});

let selection = { rows: everything, counts: {} };

/** Selections to start from, where nothing is selected yet. */
function starts() {
  const has = (name, value) => facets[name]?.codes.includes(value);
  const cells = about.compared.flatMap((camp) => Object.values(about.toward).map((direction) =>
    ({ camp, direction }))).filter((c) => has("camp", c.camp) && has("direction", c.direction));
  const links = cells.map(({ camp, direction }) => [`${camp} outlets on crossings ` +
    label(direction), { camp: [camp], direction: [direction] }]);
  const [event] = [...data.shared].sort((a, b) => tellings.get(b).length - tellings.get(a).length);
  if (event) links.push([`One act, two tellings: ${label(event, "event")}`, { case: event }]);
  return links.map(([text, changes]) => element("li", {},
    element("a", { href: write({ ...read(""), ...changes }) }, text)));
}

function drawClaims() {
  selection = select(state);
  if (selection.rows.length === size) selection.rows = everything;
  const { rows, counts } = selection;
  $("start").hidden = rows !== everything || Boolean(state.page);
  if (document.activeElement !== $("q")) $("q").value = state.q;
  $("order").value = Object.hasOwn(ORDERS, state.order) ? state.order : "";
  const those = new Set(rows.map((i) => claims.article[i]));
  const events = new Set([...those].map((article) => articles.cluster[article]));
  $("status").textContent = `${number(rows.length)} of ${counted(size, "claim")} selected, in ` +
    `${counted(those.size, "article")} on ${counted(events.size, "event")}`;
  $("map").setAttribute("aria-label",
    `Map of ${counted(size, "claim")}, ${number(rows.length)} of them selected`);
  for (const name of Object.keys(facets)) drawFacet[name](counts[name]);
  drawChips();
  map.show(rows);
  map.look(state.zoom ? state.zoom.split(",").map(Number) : []);
  for (const name of compared) $(`shares-of-${name}`).replaceChildren(shareTable(name, rows));
  drawTable(rows);
}

const VIEWS = {
  claims: drawClaims,
  events: () => drawEvents(state),
  case: () => drawCase(state, openRecord),
  about() {},
};
let shown, drawn;

function draw() {
  state = read(location.hash);
  const below = write({ ...state, claim: "" });
  if (below !== drawn) drawView();
  drawn = below;
  drawRecord();
}

function drawView() {
  const view = state.case ? "case" : Object.hasOwn(VIEWS, state.view) ? state.view : "claims";
  for (const name of Object.keys(VIEWS)) $(name).hidden = name !== view;
  for (const link of document.querySelectorAll("nav a[data-view]")) {
    const current = link.dataset.view === ({ claims: "", case: "events" }[view] ?? view);
    if (current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  VIEWS[view]();
  document.title = `${$(`${view}-title`).textContent} | Claims explorer`;
  const now = view + state.case;
  if (shown !== undefined && shown !== now) {
    scrollTo(0, 0);
    $("main").focus({ preventScroll: true });
  }
  shown = now;
}

for (const part of document.querySelectorAll("[data-of]"))
  part.hidden = part.dataset.of !== (about.own ? "own" : "study");
$("coder").textContent = about.coder;
$("least").textContent = about.min_events;
const wide = matchMedia("(min-width: 60rem)").matches;
$("facets").append(...Object.keys(facets).map(facetBox));
$("facets").open = wide;
$("order").append(...Object.entries(ORDERS).map(([value, [text]]) =>
  element("option", { value }, text)));
$("events-order").append(...Object.entries(EVENT_ORDERS).map(([value, [text]]) =>
  element("option", { value }, text)));
$("size").textContent = `${counted(articles.id.length, "article")} in ` +
  `${counted(facets.lang.codes.length, "language")}, ${counted(size, "claim")}`;
$("starts").append(...starts());
$("shares").append(...compared.map((name) => element("details",
  { open: wide && name !== "motives" },
  element("summary", {}, `${facets[name].title}: share of ${facets[name].of}`),
  element("div", { id: `shares-of-${name}` }))));
$("legend").append(...facets.camp.codes.map((camp) =>
  element("li", {}, campMark(camp), label(camp, "camp"))));

// The event of closing comes late: by then a step forward may have opened the record again.
$("record").addEventListener("close", () => {
  if (state.claim && !$("record").open) go({ claim: "", page: state.page }, true);
});
let typing = false;
$("q").addEventListener("input", () => {
  go({ q: $("q").value.trim() }, typing);
  typing = true;
});
$("q").addEventListener("blur", () => (typing = false));
$("filters").addEventListener("submit", (event) => event.preventDefault());
for (const id of ["order", "events-order"])
  $(id).addEventListener("change", () => go({ order: $(id).value }));
$("zoom-in").addEventListener("click", () => map.zoomBy(1.5));
$("zoom-out").addEventListener("click", () => map.zoomBy(1 / 1.5));
$("zoom-reset").addEventListener("click", map.reset);
$("area").addEventListener("click", () => go({ area: map.area().join(",") }));
$("csv").addEventListener("click", () => {
  const file = new Blob(["\ufeff", csv(ordered(selection.rows, state.order))], { type: "text/csv" });
  const link = element("a", { href: URL.createObjectURL(file), download: "claims.csv" });
  link.click();
  URL.revokeObjectURL(link.href);
});
$("skip").addEventListener("click", (event) => {
  event.preventDefault();
  $("main").focus();
});
addEventListener("popstate", draw);
draw();
