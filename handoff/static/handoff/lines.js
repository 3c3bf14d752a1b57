// What happened between the messages, put to its place in the thread: the desk lists it with the time it happened.

import { el } from "../conversations/chat.js";
import { dayKey } from "../conversations/time.js";

export function placeLines(log) {
  const known = new Set([...log.querySelectorAll(".line")].map((line) => line.dataset.line));
  for (const told of document.querySelectorAll("#lines > li")) {
    const line = `${told.dataset.at} ${told.textContent}`;
    if (!known.has(line)) place(log, row(told, line));
  }
}

function row(told, line) {
  const at = new Date(told.dataset.at).toISOString();
  const words = el("p", {}, ...[...told.childNodes].map((node) => node.cloneNode(true)));
  return el("div", { class: "row system line", "data-line": line, "data-at": at, "data-day": dayKey(at) }, words);
}

function place(log, line) {
  const at = Date.parse(line.dataset.at);
  const next = [...log.querySelectorAll(".row[data-at]")].find((row) => Date.parse(row.dataset.at) > at) ?? null;
  const previous = next?.previousElementSibling;
  // Above the heading of a day that begins later; and no run of bubbles goes on across a line.
  const heading = previous?.classList.contains("day") && previous.dataset.day !== line.dataset.day;
  log.insertBefore(line, heading ? previous : next);
  if (heading) return;
  next?.classList.remove("run", "joined");
  previous?.classList.remove("continued", "ongoing");
}
