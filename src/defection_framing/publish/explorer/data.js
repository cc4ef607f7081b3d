// The corpus in the page, what is selected of it, and how that is written in the address.

export const data = JSON.parse(document.getElementById("data").textContent);
export const { about, articles, claims, facets, labels, looks } = data;
export const size = claims.text.length;
export const range = (n) => Array.from({ length: n }, (_, i) => i);

// Only what these names list is read from an address; the rest of it is ignored.
const LISTS = Object.keys(facets);
const SINGLE = ["view", "case", "q", "order", "page", "area", "zoom", "claim"];

const languages = new Intl.DisplayNames(["en"], { type: "language" });

/** Readable name of a code of a facet. */
export function label(code, facet) {
  if (facet === "lang" && code !== "not coded") return languages.of(code);
  if (facet === "event" && labels[code] === code) return code.replaceAll("-", " ");
  return facet === "outlet" ? code : (labels[code] ?? code);
}

/** Code of a claim in a facet, whether it is coded itself or its article; undefined for none. */
export const code = (name, claim) => facets[name]?.codes[position(name, claim)];

/** Code of an article. */
export const articleCode = (name, article) => facets[name]?.codes[facets[name].values[article]];

/** Codes of a claim in a facet: a list, also where it can have but one. */
export const codes = (name, claim) =>
  facets[name] ? each(position(name, claim)).map((k) => facets[name].codes[k]) : [];

/** Positions of what a row is coded: of motives it has several. */
export const each = (value) => (Array.isArray(value) ? value : value < 0 ? [] : [value]);

function position(name, claim) {
  const facet = facets[name];
  return facet.values[facet.of === "claims" ? claim : claims.article[claim]];
}

export const claimId = (claim) => `${articles.id[claims.article[claim]]}-${claims.n[claim]}`;
export const secondFrame = (claim) => claims.frame_2.codes[claims.frame_2.values[claim]];

/** A text as the search compares it: small letters without marks. */
export const plain = (text) =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

const searched = range(size).map((i) => {
  const a = claims.article[i];
  return plain(`${claims.text[i]} ${articleCode("outlet", a)} ${articles.outlet_name[a]} ${claimId(i)}`);
});

/** What an address says: `view`, `case`, `q`, ... as text, and for each facet a list of codes. */
export function read(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const state = {};
  for (const name of SINGLE) state[name] = given.get(name) ?? "";
  for (const name of LISTS) state[name] = given.getAll(name);
  return state;
}

/** The address of a state, as `read` reads it. */
export function write(state) {
  const out = new URLSearchParams();
  for (const name of SINGLE) if (state[name]) out.append(name, state[name]);
  for (const name of LISTS) for (const value of state[name]) out.append(name, value);
  return `#${out}`;
}

/** The claims that a state selects, and how many would be left by each code of each facet. */
export function select(state) {
  const words = plain(state.q).split(/\s+/).filter(Boolean);
  const [left, top, right, bottom] = state.area ? state.area.split(",").map(Number) : [];
  const counts = {};
  for (const name of LISTS) counts[name] = new Int32Array(facets[name].codes.length);
  const tests = LISTS.map((name) => {
    const wanted = new Set(state[name].map((value) => facets[name].codes.indexOf(value)));
    const { values, of } = facets[name];
    return { values, of, wanted: state[name].length ? wanted : null, count: counts[name] };
  });
  const used = tests.filter(({ wanted }) => wanted);
  const rows = [];
  for (let i = 0; i < size; i++) {
    if (!words.every((word) => searched[i].includes(word))) continue;
    const x = claims.x[i], y = claims.y[i];
    if (state.area && !(x >= left && x <= right && y >= top && y <= bottom)) continue;
    const at = ({ values, of }) => values[of === "claims" ? i : claims.article[i]];
    const failed = used.filter((test) => !each(at(test)).some((k) => test.wanted.has(k)));
    if (!failed.length) rows.push(i);
    // A code's count ignores its own facet's filter: what it would add.
    for (const test of failed.length ? (failed.length === 1 ? failed : []) : tests) {
      const value = at(test);
      if (Array.isArray(value)) for (const k of value) test.count[k]++;
      else if (value >= 0) test.count[value]++;  // without a list for each: they take time
    }
  }
  return { rows, counts };
}

const DATE = (i) => articles.date[claims.article[i]];
const by = (key) => (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a - b);

/** Orders of the table; those of a date end with what has none. */
export const ORDERS = {
  "": ["as in the data", null],
  newest: ["newest first", (a, b) => by(DATE)(b, a) || a - b],
  oldest: ["oldest first", by((i) => DATE(i) || "9")],
  outlet: ["by outlet", by((i) => code("outlet", i))],
  event: ["by event", by((i) => code("event", i))],
  frame: ["by frame", by((i) => code("frame", i) ?? "~")],
};

export const ordered = (rows, order) =>
  Object.hasOwn(ORDERS, order) && ORDERS[order][1] ? [...rows].sort(ORDERS[order][1]) : rows;

/** The claims as a table in CSV (RFC 4180). */
export function csv(rows) {
  const cells = [
    ["claim_id", claimId],
    ["article_id", (i) => articles.id[claims.article[i]]],
    ["url", (i) => articles.url[claims.article[i]]],
    ["date", DATE],
    ...LISTS.map((name) => [name, (i) => codes(name, i).join("; ")]),
    ["frame_2", (i) => secondFrame(i) ?? ""],
    ["text", (i) => claims.text[i]],
  ];
  const quoted = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const lines = [cells.map(([name]) => name), ...rows.map((i) => cells.map(([, of]) => of(i)))];
  return lines.map((line) => line.map(quoted).join(",") + "\r\n").join("");
}
