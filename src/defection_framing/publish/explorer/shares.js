// Shares of codes with intervals clustered on events: what stats.stacked_contrasts computes of one
// cell. An article's claims share its weight, an event's articles share the event's.

import { jStat } from "jstat";
import { about, articles, claims, each, facets } from "./data.js";

/**
 * Shares of the codes of a facet among claims, or among their articles where these are coded.
 *
 * Returns `codes` (a value with `low` and `high`, NaN in fewer than the least effective events),
 * and of how many `claims`, `articles` and `events` they are.
 */
export function shares(name, rows) {
  const { codes, values, of } = facets[name];
  const units = of === "claims" ? rows : [...new Set(rows.map((i) => claims.article[i]))];
  const perArticle = new Map();
  for (const unit of units) {
    const given = each(values[unit]);
    if (!given.length) continue;
    const article = of === "claims" ? claims.article[unit] : unit;
    if (!perArticle.has(article)) perArticle.set(article, new Float64Array(codes.length + 1));
    const sums = perArticle.get(article);
    for (const k of given) sums[k]++;
    sums[codes.length]++;
  }
  const perEvent = new Map();
  for (const [article, sums] of perArticle) {
    const event = articles.cluster[article];
    if (!perEvent.has(event)) perEvent.set(event, new Float64Array(codes.length + 1));
    const mean = perEvent.get(event);
    for (let k = 0; k < codes.length; k++) mean[k] += sums[k] / sums[codes.length];
    mean[codes.length]++;
  }
  const events = [...perEvent.values()].map((s) => s.map((v) => v / s[codes.length]));
  const n = { claims: units.length, articles: perArticle.size, events: events.length };
  const of_codes = codes.map((_, k) => interval(events.map((e) => e[k]), n.articles));
  return { ...n, codes: of_codes };
}

/** Mean of the events' shares and its interval (Korn & Graubard 1998), as stats.share_interval. */
function interval(given, nArticles) {
  const n = given.length;
  const value = given.reduce((a, b) => a + b, 0) / n;
  if (!(n >= about.min_events)) return { value, low: NaN, high: NaN };
  const squares = given.reduce((a, b) => a + (b - value) ** 2, 0);
  const varied = squares / n > 1e-12;
  const worth = varied ? Math.max((value * (1 - value)) / (squares / n), 1) : 1;
  const shrink = (jStat.normal.inv(0.025, 0, 1) / jStat.studentt.inv(0.025, n - 1)) ** 2;
  const variance = squares / (n * (n - 1));
  const independent = Math.min((value * (1 - value)) / variance, nArticles * worth) * shrink;
  const size = Math.max(varied && value > 0 && value < 1 ? independent : n * worth, 1);
  const hits = value * size;
  const low = hits > 0 ? jStat.ibetainv(0.025, hits, size - hits + 1) : 0;
  const high = hits < size ? jStat.ibetainv(0.975, hits + 1, size - hits) : 1;
  return { value, low, high };
}
