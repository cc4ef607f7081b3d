// Cases that both camps told: all of them, and one in both tellings side by side.

import { about, articleCode, articles, claims, code, data, facets, label, looks, range, read, size,
  write } from "./data.js";
import { $, articleLink, campMark, counted, element, eventLink, named, wrongCode } from "./parts.js";

const OPEN_ARTICLES = 6;

/** Articles of each event. */
export const tellings = new Map();
for (const article of range(articles.id.length)) {
  const event = articleCode("event", article);
  if (!tellings.has(event)) tellings.set(event, []);
  tellings.get(event).push(article);
}
const claimsOf = range(articles.id.length).map(() => []);
for (const i of range(size)) claimsOf[claims.article[i]].push(i);

const from = (camp) => (article) => articleCode("camp", article) === camp;
const traitors = (those) => those.filter((a) => articleCode("portrayal", a) === "traitor").length;
const hasTraitors = facets.portrayal?.codes.includes("traitor");

/** Of two camps the articles on an event, and in how many of them a traitor is portrayed. */
const tellers = (those) => about.compared.map((camp) => {
  const own = those.filter(from(camp));
  return { camp, own, n: traitors(own) };
});

export const EVENT_ORDERS = {
  "": ["most told first", (those) => those.length],
  gap: ["where the two differ most", (those) => {
    const [one, other] = tellers(those).map(({ own, n }) => n / own.length);
    return Math.abs(one - other);
  }],
};

/** The page of all cases that both camps told. */
export function drawEvents(state) {
  const [, key] = Object.hasOwn(EVENT_ORDERS, state.order)
    ? EVENT_ORDERS[state.order] : EVENT_ORDERS[""];
  $("events-order").value = Object.hasOwn(EVENT_ORDERS, state.order) ? state.order : "";
  const told = data.shared.map((event) => ({ event, those: tellings.get(event) }))
    .sort((a, b) => key(b.those) - key(a.those) || b.those.length - a.those.length);
  const heads = ["Case", ...about.compared.map((camp) => `${camp} outlets`), "Other outlets"];
  $("events-none").hidden = told.length > 0;
  $("events-list").replaceChildren(told.length ? element("table", { className: "claims" },
    element("caption", { className: "unseen" }, "Cases that both camps told"),
    element("thead", {}, element("tr", {}, heads.map((h) => element("th", { scope: "col" }, h)))),
    element("tbody", {}, told.map(({ event, those }) => element("tr", {},
      element("th", { scope: "row" }, eventLink(event)),
      tellers(those).map(({ camp, own, n }) => element("td", { "data-head": `${camp} outlets` },
        hasTraitors ? `traitor in ${n} of ` : "", counted(own.length, "article"))),
      element("td", { "data-head": "Other outlets" },
        counted(those.filter((a) => !about.compared.includes(articleCode("camp", a))).length,
          "article")))))) : "");
}

const directionsOf = (those) => [...new Set(those.map((a) => articleCode("direction", a)))]
  .map((d) => label(d ?? "not coded", "direction"));

/** Codes of each telling in one table, so that like stands beside like. */
function compare(title, sides, given, facet) {
  const counts = sides.map((side) => {
    const found = new Map();
    for (const value of given(side.own)) found.set(value, (found.get(value) ?? 0) + 1);
    return { ...side, found, all: given(side.own).length };
  });
  const most = (value) => Math.max(...counts.map(({ found, all }) => (found.get(value) ?? 0) / all));
  const order = [...new Set(counts.flatMap(({ found }) => [...found.keys()]))]
    .sort((a, b) => most(b) - most(a));
  return element("table", { className: "compare" },
    element("caption", {}, element("strong", {}, title)),
    element("thead", {}, element("tr", {}, element("td"), counts.map(({ camp }) =>
      element("th", { scope: "col" }, campMark(camp), `${camp} outlets`)))),
    element("tbody", {}, order.map((value) => element("tr", {},
      element("th", { scope: "row" }, label(value ?? "not coded", facet)),
      counts.map(({ camp, found, all }) => {
        const n = found.get(value) ?? 0;
        const bar = element("span", { className: "bar", "aria-hidden": "true" });
        bar.style.width = `${(100 * n) / all}%`;
        bar.style.background = looks[camp].colour;
        return element("td", {}, `${n} of ${all}`, bar);
      })))));
}

function articleBox(article, open, onRecord) {
  return element("details", { open, className: "article" },
    element("summary", {},
      element("strong", {}, label(articleCode("portrayal", article) ?? "not coded")),
      `: ${articleCode("outlet", article)}, ${articles.date[article] || "undated"}, `,
      label(articleCode("lang", article) ?? "not coded", "lang")),
    element("p", {}, articles.gist[article]),
    element("p", {}, articleLink(article, "Open the article"),
      ` (${label(articleCode("camp", article))}, `,
      `${label(articleCode("direction", article) ?? "not coded")})`),
    element("ul", {}, claimsOf[article].map((i) => element("li", {}, `${claims.text[i]} `,
      element("span", { className: "tag" }, named("frame", i)), " ",
      wrongCode(i, onRecord)))));
}

function telling({ camp, own }, role, onRecord) {
  const head = element("h2", {}, `${camp} outlets`);
  head.style.borderColor = looks[camp]?.colour ?? "#444";
  const n = own.flatMap((article) => claimsOf[article]).length;
  return element("section", {}, head,
    element("p", {}, role, counted(own.length, "article"), ", ", counted(n, "claim")),
    own.map((article) => articleBox(article, own.length <= OPEN_ARTICLES, onRecord)));
}

/** The page of a case: `onRecord` is called with a claim whose record is asked for. */
export function drawCase(state, onRecord) {
  const those = tellings.get(state.case);
  $("case-title").textContent = those ? label(state.case, "event") : "No such case";
  if (!those) {
    $("case-body").replaceChildren(element("p", {}, "No case has this name. ",
      element("a", { href: "#view=events" }, "All cases that both camps told")));
    return;
  }
  const directions = directionsOf(those), sides = tellers(those);
  const others = those.filter((a) => !about.compared.includes(articleCode("camp", a)));
  /** Whose side gained the person, where all articles say so. */
  const role = (camp) => {
    const [only, ...more] = new Set(those.map((a) => articleCode("direction", a)));
    if (more.length || !Object.values(about.toward).includes(only)) return "";
    return about.toward[camp] === only ? "The camp that received: " : "The camp that was left: ";
  };
  const both = sides.every(({ own }) => own.length);
  $("case-body").replaceChildren(
    both && hasTraitors ? element("p", { className: "lead" }, sides.map(({ camp, own, n }) =>
      `${camp} outlets portray a traitor in ${n} of ${counted(own.length, "article")}`).join("; "),
      ".") : "",
    element("p", {}, `Direction: ${directions.join("; ")}. These are counts of what was found, not `,
      "of how common it is, and articles on one case copy each other. ",
      element("a", { href: write({ ...read(""), event: [state.case] }) },
        "Its claims on the map and in the table")),
    both ? element("div", { className: "pair" },
      compare("What the articles portray", sides, (own) =>
        own.map((a) => articleCode("portrayal", a)), "portrayal"),
      compare("Frames of their claims", sides, (own) =>
        own.flatMap((a) => claimsOf[a].map((i) => code("frame", i))), "frame")) : "",
    element("div", { className: "tellings" }, sides.map((side) =>
      telling(side, role(side.camp), onRecord))),
    others.length ? element("details", { className: "others" },
      element("summary", {}, `Other outlets: ${counted(others.length, "article")}`),
      others.map((article) => articleBox(article, false, onRecord))) : "");
}
