// Small parts that several views are put together from.

import { articles, claimId, code, label, looks } from "./data.js";

export const $ = (id) => document.getElementById(id);
export const number = (n) => n.toLocaleString("en");
export const counted = (n, thing) => `${number(n)} ${thing}${n === 1 ? "" : "s"}`;

/** An element with properties and children; text is only ever put in as text. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role" || key === "scope") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== ""));
  return made;
}

/** A link to an article, only ever to the web; hosts in `.invalid` stand for no address. */
export function articleLink(article, text) {
  const url = articles.url[article];
  return /^https?:\/\/(?![^/]*\.invalid(?:\/|$))/.test(url)
    ? element("a", { href: url, rel: "noopener noreferrer", target: "_blank" }, text) : text;
}

export const campMark = (camp) => {
  const { colour, square } = looks[camp];
  const mark = element("span", { className: square ? "dot square" : "dot", "aria-hidden": "true" });
  mark.style.background = colour;
  return mark;
};

export const named = (name, claim) => label(code(name, claim) ?? "not coded", name);

export function eventLink(event) {
  return event === "general" ? "no single case"
    : element("a", { href: `#${new URLSearchParams({ case: event })}` }, label(event, "event"));
}

/** The button that opens a claim's record. */
export const wrongCode = (claim, onRecord) => element("button", { type: "button",
  onclick: () => onRecord(claim), "aria-label": `Wrong code? Claim ${claimId(claim)}` },
"Wrong code?");
