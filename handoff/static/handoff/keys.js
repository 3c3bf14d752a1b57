// The inbox by keyboard. Letters count only while no field has the focus; the action's button says which letter it has.

const FIELDS = "input:not([type=radio]), textarea, select, [contenteditable]";

export function startKeys({ write }) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (event.key === "Escape") leave();
    else if (!event.target.closest?.(FIELDS) && !document.querySelector("dialog[open]") && pressed(event, write)) event.preventDefault();
  });
}

function pressed(event, write) {
  const key = event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase(); // whatever Caps Lock says
  if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
  if (key === "r" || key === "n") return write(key === "r" ? "reply" : "note");
  if (key === "/") return focus(document.getElementById("q"));
  if (key === "?") return show(document.getElementById("keys"));
  if (/^[1-5]$/.test(key)) return click(document.querySelectorAll(".view")[key - 1]);
  return /^[a-z]$/i.test(key) && !event.repeat && click(document.querySelector(`[data-key="${key}"]`));
}

// To the next row of the list, or the one before; it opens, and keeps the focus.
function step(by) {
  const rows = [...document.querySelectorAll(".entry-link")];
  const at = rows.findIndex((row) => row.hasAttribute("aria-current"));
  const row = rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + by))];
  if (!row || row.hasAttribute("aria-current")) return true;
  focus(row);
  return click(row);
}

function leave() {
  const field = document.activeElement;
  if (!field?.closest(FIELDS)) return;
  if (field.id === "q" && field.value) {
    field.value = "";
    field.dispatchEvent(new Event("search"));
  } else {
    field.blur();
  }
}

function click(element) {
  if (!element || element.disabled) return false;
  element.click();
  return true;
}

function focus(element) {
  element.focus();
  element.select?.();
  return true;
}

function show(dialog) {
  dialog.showModal();
  return true;
}
