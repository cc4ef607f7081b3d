// What is on the screen. The address holds the state: every change of it is drawn from the address,
// so that the back button, a bookmark and a link do what they do elsewhere.

import "./licences.js";
import { about, articleCode, articles, claimId, claims, code, colours, csv, data, facets, label,
  ordered, ORDERS, plain, range, read, secondFrame, select, size, write } from "./data.js";
import { claimMap } from "./map.js";
import { shares } from "./shares.js";

const PER_PAGE = 25;
const PER_FACET = 30;
const OPEN_ARTICLES = 6;
const $ = (id) => document.getElementById(id);
const number = (n) => n.toLocaleString("en");
const counted = (n, thing) => `${number(n)} ${thing}${n === 1 ? "" : "s"}`;
const whole = (share) => Math.round(100 * share);

/** An element with properties and children; text is only ever put in as text. */
function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role" || key === "scope") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== ""));
  return made;
}

let state = read(location.hash);
const everything = range(size);
const compared = ["frame", "portrayal"].filter((name) => facets[name]);
const corpus = Object.fromEntries(compared.map((name) => [name, shares(name, everything)]));

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
  for (const value of values) if (value >= 0) total[value]++;
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

// ---- Shares

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** Both intervals on one line, the corpus's in grey; the numbers stand beside it. */
function interval(selected, all, most) {
  const picture = shape("svg", { viewBox: "0 0 100 16", "aria-hidden": "true" });
  const x = (share) => 2 + (96 * share) / most;
  for (const [{ value, low, high }, y, kind] of [[selected, 5, "selected"], [all, 11, "whole"]]) {
    if (Number.isNaN(value)) continue;
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

function shareTable(name, rows) {
  const now = shares(name, rows), all = corpus[name];
  const order = range(all.codes.length).sort((a, b) => all.codes[b].value - all.codes[a].value);
  const ends = [...now.codes, ...all.codes].flatMap(({ value, high }) => [value, high]);
  const most = Math.max(...ends.filter((end) => !Number.isNaN(end)));
  const n = (s) => `${facets[name].of === "claims" ? counted(s.claims, "claim") + ", " : ""}` +
    `${counted(s.articles, "article")}, ${counted(s.events, "event")}`;
  const head = element("thead", {}, element("tr", {},
    element("th", { scope: "col" }, facets[name].title),
    element("td", { className: "picture", "aria-hidden": "true" }),
    element("th", { scope: "col" }, element("span", { className: "key selected" }), "Selected"),
    element("th", { scope: "col" }, element("span", { className: "key whole" }), "Corpus")));
  const lines = order.map((k) => element("tr", { "data-code": facets[name].codes[k] },
    element("th", { scope: "row" }, label(facets[name].codes[k], name)),
    element("td", { className: "picture", "aria-hidden": "true" },
      interval(now.codes[k], all.codes[k], most)),
    [now, all].map(({ codes }) => element("td", { "data-exact":
      [codes[k].value, codes[k].low, codes[k].high].join(" ") }, told(codes[k])))));
  return element("table", { id: `shares-${name}` },
    element("caption", {}, `${facets[name].title}s, share [95% interval], each event counted once. `,
      `Selected: ${n(now)}. Whole corpus: ${n(all)}.`),
    head, element("tbody", {}, lines));
}

// ---- The table of claims

/** A link to an article, only ever to the web. */
function articleLink(article, text) {
  const url = articles.url[article];
  return /^https?:\/\//.test(url)
    ? element("a", { href: url, rel: "noopener noreferrer", target: "_blank" }, text) : text;
}

const campMark = (camp) => {
  const mark = element("span", { className: "dot", "aria-hidden": "true" });
  mark.style.background = colours[camp];
  return mark;
};

const named = (name, claim) => label(code(name, claim) ?? "not coded", name);

function eventLink(event) {
  return event === "general" ? "no single case"
    : element("a", { href: `#${new URLSearchParams({ case: event })}` }, label(event, "event"));
}

function claimRow(i) {
  const article = claims.article[i];
  const cell = (head, ...children) => element("td", { "data-head": head }, ...children);
  const second = secondFrame(i);
  return element("tr", { "data-claim": claimId(i) },
    cell("Claim", claims.text[i]),
    cell("Frame", named("frame", i), second ? `, also ${label(second, "frame")}` : ""),
    cell("Voice", named("voice", i)),
    cell("Article", articleLink(article, articleCode("outlet", article)), " ",
      element("span", { className: "date" }, articles.date[article] || "undated"),
      `, ${named("lang", i)}`),
    cell("Camp", campMark(code("camp", i)), named("camp", i)),
    cell("Direction", named("direction", i)),
    cell("Portrayal", named("portrayal", i)),
    cell("Event", eventLink(code("event", i))),
    cell("", element("button", { type: "button", onclick: () => openRecord(i),
      "aria-label": `Wrong code? Claim ${claimId(i)}` }, "Wrong code?")));
}

function drawTable(rows) {
  const last = Math.max(Math.ceil(rows.length / PER_PAGE) - 1, 0);
  const page = Math.min(Math.max(parseInt(state.page || "1", 10) - 1 || 0, 0), last);
  const heads = ["Claim", "Frame", "Voice", "Article", "Camp", "Direction", "Portrayal", "Event"];
  const shown = ordered(rows, state.order).slice(page * PER_PAGE, (page + 1) * PER_PAGE);
  $("table").replaceChildren(rows.length ? element("table", { className: "claims" },
    element("caption", { className: "unseen" }, "The selected claims"),
    element("thead", {}, element("tr", {},
      heads.map((head) => element("th", { scope: "col" }, head)), element("td"))),
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
    values[row] < 0 ? [] : [`${pass}: ${label(codes[values[row]])}`]).join(", ");
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
      ["outlet", articleCode("outlet", article), ` (${named("camp", i)})`],
    ]));
  hover.hidden = true;
  if (!$("record").open) $("record").showModal();
  $("record-title").focus();
}

// ---- Events

const tellings = new Map();
for (const article of range(articles.id.length)) {
  const event = articleCode("event", article);
  if (!tellings.has(event)) tellings.set(event, []);
  tellings.get(event).push(article);
}
const claimsOf = range(articles.id.length).map(() => []);
for (const i of everything) claimsOf[claims.article[i]].push(i);

const from = (camp) => (article) => articleCode("camp", article) === camp;
const traitors = (those) => those.filter((a) => articleCode("portrayal", a) === "traitor").length;

function drawEvents() {
  const [first, second] = about.compared;
  const told = data.shared.map((event) => ({ event, those: tellings.get(event) }))
    .sort((a, b) => b.those.length - a.those.length);
  const cells = (those, camp) => {
    const own = those.filter(from(camp));
    return [element("td", { "data-head": `${camp} outlets` }, counted(own.length, "article")),
      element("td", { "data-head": "of a traitor" }, `${traitors(own)} of ${own.length}`)];
  };
  const heads = ["Event", "Direction", ...[first, second].flatMap((camp) =>
    [`${camp} outlets`, "that portray a traitor"]), "Other outlets"];
  $("events-list").replaceChildren(element("table", { className: "claims" },
    element("caption", { className: "unseen" }, "Events that both camps told"),
    element("thead", {}, element("tr", {}, heads.map((h) => element("th", { scope: "col" }, h)))),
    element("tbody", {}, told.map(({ event, those }) => element("tr", {},
      element("th", { scope: "row" }, eventLink(event)),
      element("td", { "data-head": "Direction" }, directionsOf(those)),
      cells(those, first), cells(those, second),
      element("td", { "data-head": "Other outlets" },
        counted(those.filter((a) => !from(first)(a) && !from(second)(a)).length, "article")))))));
}

const directionsOf = (those) => [...new Set(those.map((a) => articleCode("direction", a)))]
  .map((d) => label(d, "direction")).join("; ");

/** Counts of a code, as a list with bars. */
function bars(title, given, facet, colour) {
  const counts = new Map();
  for (const value of given) counts.set(value, (counts.get(value) ?? 0) + 1);
  const order = [...counts].sort((a, b) => b[1] - a[1]);
  return [element("h3", {}, title), element("ul", { className: "bars" }, order.map(([value, n]) => {
    const bar = element("span", { className: "bar", "aria-hidden": "true" });
    bar.style.width = `${(100 * n) / given.length}%`;
    bar.style.background = colour;
    return element("li", {}, element("span", {}, label(value ?? "not coded", facet)),
      element("span", { className: "count" }, `${n} of ${given.length}`), bar);
  }))];
}

function articleBox(article, open) {
  return element("details", { open, className: "article" },
    element("summary", {}, `${articleCode("outlet", article)}, `,
      `${articles.date[article] || "undated"}, ${label(articleCode("lang", article), "lang")}: `,
      element("strong", {}, label(articleCode("portrayal", article) ?? "not coded"))),
    element("p", {}, articleLink(article, "Open the article"),
      ` (${label(articleCode("camp", article))}, `,
      `${label(articleCode("direction", article))})`),
    element("ul", {}, claimsOf[article].map((i) => element("li", {}, `${claims.text[i]} `,
      element("span", { className: "tag" }, named("frame", i)), " ",
      element("button", { type: "button", onclick: () => openRecord(i),
        "aria-label": `Wrong code? Claim ${claimId(i)}` }, "Wrong code?")))));
}

function telling(title, those, colour) {
  const own = those.flatMap((article) => claimsOf[article]);
  const head = element("h2", {}, title);
  head.style.borderColor = colour;
  if (!those.length) return element("section", {}, head, element("p", {}, "No article."));
  return element("section", {}, head,
    element("p", {}, `${counted(those.length, "article")}, ${counted(own.length, "claim")}`),
    bars("Portrayals", those.map((a) => articleCode("portrayal", a)), "portrayal", colour),
    bars("Frames of claims", own.map((i) => code("frame", i)), "frame", colour),
    element("h3", {}, "Articles"),
    those.map((article) => articleBox(article, those.length <= OPEN_ARTICLES)));
}

function drawCase() {
  const those = tellings.get(state.case);
  $("case-title").textContent = those ? label(state.case, "event") : "No such event";
  if (!those) {
    $("case-body").replaceChildren(element("p", {}, "No event has this name."));
    return;
  }
  const [first, second] = about.compared;
  const others = those.filter((a) => !from(first)(a) && !from(second)(a));
  $("case-body").replaceChildren(
    element("p", {}, `Direction: ${directionsOf(those)}. Counts of what was found, not of how `,
      "common it is; articles on one event copy each other. ",
      element("a", { href: write({ ...read(""), event: [state.case] }) },
        "Its claims on the map and in the table")),
    element("div", { className: "tellings" }, [first, second].map((camp) =>
      telling(`${camp} outlets`, those.filter(from(camp)), colours[camp] ?? "#444"))),
    others.length ? element("details", { className: "others" },
      element("summary", {}, `Other outlets: ${counted(others.length, "article")}`),
      others.map((article) => articleBox(article, false))) : "");
}

// ---- The whole page

const hover = $("hover");
const map = claimMap($("map"), {
  onPoint: openRecord,
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

function drawClaims() {
  selection = select(state);
  const { rows, counts } = selection;
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
  $("shares").replaceChildren(...compared.map((name) => shareTable(name, rows)));
  drawTable(rows);
}

const VIEWS = { claims: drawClaims, events: drawEvents, case: drawCase, about() {} };
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
$("facets").append(...Object.keys(facets).map(facetBox));
$("facets").open = matchMedia("(min-width: 60rem)").matches;
$("order").append(...Object.entries(ORDERS).map(([value, [text]]) =>
  element("option", { value }, text)));
$("legend").append(...facets.camp.codes.map((camp) =>
  element("li", {}, campMark(camp), label(camp, "camp"))));

$("record").addEventListener("close", () => {
  if (state.claim) go({ claim: "", page: state.page }, true);
});
let typing = false;
$("q").addEventListener("input", () => {
  go({ q: $("q").value.trim() }, typing);
  typing = true;
});
$("q").addEventListener("blur", () => (typing = false));
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("order").addEventListener("change", () => go({ order: $("order").value }));
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
