// Everything works without this file. With it: the line of a slider, a word on what is not saved yet, typed answers that
// come back with a page that could not be sent.
"use strict";

const digits = (text) =>
  text.replace(/[\u06f0-\u06f9\u0660-\u0669]/g, (sign) => String(sign.charCodeAt(0) & 15)).replace(/\u2212/g, "-").trim();
const shown = (text) =>
  document.documentElement.lang.startsWith("fa") ? text.replace(/\d/g, (sign) => "۰۱۲۳۴۵۶۷۸۹"[sign]) : text;

// What was typed comes back with the page when it was sent and did not arrive; all else the browser brings back itself.
const form = document.querySelector("form[data-watch]");
if (form) {
  const [typed, whose] = [[...form.querySelectorAll("input[type=text]")], form.querySelector("[name^='of.']")?.name];
  const before = history.state;
  if (whose && before?.whose === whose) typed.forEach((one, nth) => { one.value ||= before.said[nth] || ""; });
  if (whose) form.addEventListener("submit", () => history.replaceState({ whose, said: typed.map((one) => one.value) }, ""));
}

for (const line of document.querySelectorAll("input[type=range][data-for]")) {
  const number = document.getElementById(line.dataset.for);
  const follow = () => {
    const said = digits(number.value);
    const fits = /^-?\d+$/.test(said);
    line.classList.toggle("untouched", !fits);
    if (fits) line.value = said;
  };
  line.hidden = false;
  line.addEventListener("input", () => {
    number.value = shown(line.value);
    line.classList.remove("untouched");
  });
  number.addEventListener("input", follow);
  follow();
}

// A box beside a typed number ("prefer not to answer") and the number: the last one touched counts.
for (const group of document.querySelectorAll("fieldset.q")) {
  const typed = group.querySelector("input.short");
  const boxes = [...group.querySelectorAll("input[type=checkbox]")];
  if (!typed || !boxes.length) continue;
  const line = group.querySelector("input[type=range]");
  const clear = () => boxes.forEach((box) => { box.checked = false; });
  typed.addEventListener("input", clear);
  if (line) line.addEventListener("input", clear);
  for (const box of boxes) {
    box.addEventListener("change", () => {
      if (!box.checked) return;
      boxes.forEach((other) => { other.checked = other === box; });
      typed.value = "";
      if (line) line.classList.add("untouched");
    });
  }
}

if (form) {
  const line = form.querySelector("[data-unsaved]");
  const said = form.querySelector("[data-said]");
  form.addEventListener("change", () => { line.textContent = said.content.textContent; }, { once: true });
}
