"use strict";
// One text at a time. Whatever comes from the data is put in as text, never as HTML.
const data = JSON.parse(document.getElementById("data").textContent);
const KEYS = "123456789abcdefghijklmoqstvwxyz"; // without n, p, r and u, which do other things
const at = id => document.getElementById(id);
let coder = "", given = {}, order = data.units, place = 0, active = 0;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    key in made ? (made[key] = value) : made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const idOf = unit => `${unit.unit}/${unit.id}`;
const fieldsOf = unit => data.fields[unit.unit].filter(f => !unit.asked || unit.asked.includes(f.name));
const codesOf = (unit, field) => given[idOf(unit)]?.codes[field] ?? [];
const mine = unit => (given[idOf(unit)] ??= { codes: {}, unsure: false, note: "" });
const isDone = unit => fieldsOf(unit).every(f => f.optional || codesOf(unit, f.name).length);

// ---- What is kept in the browser

const storedAs = name => `defection-framing/${data.sheet}/${name.toLowerCase()}`;

function warn(text) {
  at("warning").textContent = text;
  at("warning").hidden = !text;
}

function save() {
  try {
    localStorage.setItem(storedAs(coder), JSON.stringify({ given, place: idOf(order[place]) }));
  } catch {
    warn("This browser does not keep your codes: download them before you close the page.");
  }
}

function kept(name) {
  try {
    return JSON.parse(localStorage.getItem(storedAs(name))) ?? {};
  } catch {
    return {};
  }
}

// ---- What is asked

// Claims of an article that this coder found to be on something else are not asked.
function arrange() {
  const here = order[place];
  const off = new Set(data.units.filter(u => codesOf(u, "direction")[0] === "not_about").map(u => u.id));
  order = data.units.filter(u => !off.has(u.article));
  place = Math.max(0, order.indexOf(here));
}

function options(unit, field, number) {
  const box = element("div");
  field.options.forEach(([code, means], i) => {
    const input = element("input", {
      type: field.several ? "checkbox" : "radio",
      name: field.name,
      value: code,
      checked: codesOf(unit, field.name).includes(code),
    });
    input.addEventListener("change", () => choose(unit, field, number));
    const label = element("label", {}, input, element("kbd", { "aria-hidden": "true" }, KEYS[i]),
      element("span", {}, element("b", {}, code), means ? element("span", { className: "means" }, ` ${means}`) : ""));
    box.append(label);
  });
  return box;
}

function choose(unit, field, number) {
  const picked = [...document.querySelectorAll(`#codes [name=${field.name}]:checked`)];
  mine(unit).codes[field.name] = picked.map(input => input.value);
  if (field.name === "direction") arrange();
  const fields = fieldsOf(unit);
  const left = fields.findIndex(f => !f.optional && !codesOf(unit, f.name).length);
  activate(field.several || left < 0 ? number : left);
  save();
  report();
}

function activate(number) {
  active = number;
  document.querySelectorAll("fieldset").forEach((box, i) => box.classList.toggle("active", i === number));
}

function show() {
  const unit = order[place], fields = fieldsOf(unit);
  at("unit-title").textContent = `${unit.unit[0].toUpperCase()}${unit.unit.slice(1)} ${place + 1} of ${order.length}`;
  at("text").textContent = unit.text ?? "Open the page and read headline and lead, about 2,000 characters.";
  at("link").replaceChildren();
  // The words of an address would tell the outlet; one at a host ".invalid" names an article without any.
  if (/^https?:\/\/(?![^/]*\.invalid(\/|$))/.test(unit.url ?? ""))
    at("link").append(element("a", { href: unit.url, target: "_blank", rel: "noopener noreferrer" }, "The article\u2019s page"));
  at("fields").replaceChildren(...fields.map((field, i) => {
    const box = element("fieldset", { className: field.plain ? "plain" : "" }, element("legend", {}, field.label));
    if (unit.given) box.append(element("p", {}, `Given: ${unit.given[field.name].join(" | ")}`));
    if (field.help) box.append(element("p", {}, field.help));
    box.append(options(unit, field, i));
    box.addEventListener("focusin", () => activate(i));
    return box;
  }));
  at("unsure").checked = mine(unit).unsure;
  at("note").value = mine(unit).note;
  const left = fields.findIndex(f => !f.optional && !codesOf(unit, f.name).length);
  activate(Math.max(0, left));
  report();
}

function report() {
  const done = order.filter(isDone).length, unsure = order.filter(u => given[idOf(u)]?.unsure).length;
  at("status").textContent = `${done} of ${order.length} coded` + (unsure ? `, ${unsure} unsure` : "");
  at("progress").max = order.length;
  at("progress").value = done;
}

function go(to) {
  place = Math.min(Math.max(to, 0), order.length - 1);
  save();
  show();
  scrollTo(0, 0);
  at("unit-title").focus();
}

function nextOpen() {
  const after = [...order.slice(place + 1), ...order.slice(0, place + 1)];
  const found = after.find(unit => !isDone(unit));
  if (found) go(order.indexOf(found));
  else at("status").textContent = `All ${order.length} coded: download your codes`;
}

// ---- The file

function file() {
  const rows = [["coder", "unit", "id", "code", "value"]];
  for (const unit of data.units) {
    const one = given[idOf(unit)];
    if (!one) continue;
    for (const field of fieldsOf(unit)) {
      const codes = one.codes[field.name] ?? [];
      if (codes.length) rows.push([coder, unit.unit, unit.id, field.name, codes.join("; ")]);
    }
    if (one.unsure) rows.push([coder, unit.unit, unit.id, "unsure", "yes"]);
    if (one.note.trim()) rows.push([coder, unit.unit, unit.id, "note", one.note.trim()]);
  }
  // A cell that a spreadsheet program would compute begins with a space.
  const cell = text => `"${text.replace(/^(?=[=+\-@])/, " ").replaceAll('"', '""')}"`;
  return "\ufeff" + rows.map(row => row.map(cell).join(",") + "\r\n").join("");
}

function download() {
  const link = element("a", {
    href: URL.createObjectURL(new Blob([file()], { type: "text/csv" })),
    download: `${data.file}-${coder.replace(/[^\p{L}\p{N}]+/gu, "-")}.csv`,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// ---- Keys and buttons

function begin(event) {
  event.preventDefault();
  coder = at("coder").value.trim();
  if (!coder) return;
  const before = kept(coder);
  given = before.given ?? {};
  order = data.units;
  place = Math.max(0, order.findIndex(unit => idOf(unit) === before.place));
  arrange();
  at("name").textContent = `Coder: ${coder}`;
  at("start").hidden = true;
  at("who").hidden = at("work").hidden = false;
  warn("");
  show();
  at("unit-title").focus();
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || at("work").hidden || !at("keys").checked) return;
  const target = event.target, writes = target.matches("input:not([type=radio], [type=checkbox])");
  const acts = target.matches("button, a, summary");
  if (writes || (event.key === "Enter" && acts)) return;
  const unit = order[place], field = fieldsOf(unit)[active], key = event.key.toLowerCase();
  const input = document.querySelectorAll("fieldset.active input")[key.length === 1 ? KEYS.indexOf(key) : -1];
  if (key === "enter" || key === "n") go(place + 1);
  else if (key === "p") go(place - 1);
  else if (key === "u") at("unsure").click();
  else if (key === "r") {
    mine(unit).codes[field.name] = [];
    const here = active;
    if (field.name === "direction") arrange();
    show();
    activate(here);
    save();
  } else if (input) input.click();
  else return;
  event.preventDefault();
}

at("about").textContent = data.about;
at("rules").textContent = data.rules;
at("enter").addEventListener("submit", begin);
at("codes").addEventListener("submit", event => event.preventDefault());
at("change").addEventListener("click", () => {
  at("start").hidden = false;
  at("who").hidden = at("work").hidden = true;
  at("coder").focus();
});
at("unsure").addEventListener("change", () => { mine(order[place]).unsure = at("unsure").checked; save(); report(); });
at("note").addEventListener("input", () => { mine(order[place]).note = at("note").value; save(); });
at("previous").addEventListener("click", () => go(place - 1));
at("next").addEventListener("click", () => go(place + 1));
at("open").addEventListener("click", nextOpen);
at("download").addEventListener("click", download);
document.addEventListener("keydown", pressed);
