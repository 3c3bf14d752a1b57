// Short words that float: why a priority is what it is, and what became of an action.

import { el } from "../conversations/chat.js";

const TOAST_LASTS = 6000;

export function startTips() {
  const tip = document.getElementById("tip");
  const show = ({ target }) => {
    const mark = target.closest?.("[data-tip]");
    if (mark) place(tip, mark);
  };
  const hide = ({ target }) => target.closest?.("[data-tip]") && (tip.hidden = true);
  for (const event of ["mouseover", "focusin"]) document.addEventListener(event, show);
  for (const event of ["mouseout", "focusout"]) document.addEventListener(event, hide);
  document.addEventListener("scroll", () => (tip.hidden = true), { capture: true, passive: true });
}

function place(tip, mark) {
  const words = document.getElementById(mark.dataset.tip);
  if (!words) return;
  tip.replaceChildren(...[...words.cloneNode(true).childNodes]);
  tip.hidden = false;
  const at = mark.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = tip;
  const below = at.bottom + 6 + height < innerHeight;
  tip.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  tip.style.top = `${below ? at.bottom + 6 : at.top - height - 6}px`;
}

// `action`, if given, is {label, run}.
export function toast(text, { tone = "", action = null } = {}) {
  const place = document.getElementById("toasts");
  const button = action && el("button", { type: "button", class: "link", onclick: action.run }, action.label);
  const note = el("p", { class: "toast", "data-tone": tone }, text, button);
  place.replaceChildren(note);
  setTimeout(() => note.remove(), TOAST_LASTS);
}
