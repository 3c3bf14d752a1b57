// Elements, made without innerHTML: whatever a person wrote can only ever become text.

export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  assistant: "M10 2.8c.6 3.9 3.3 6.6 7.2 7.2-3.9.6-6.6 3.3-7.2 7.2-.6-3.9-3.3-6.6-7.2-7.2 3.9-.6 6.6-3.3 7.2-7.2Z",
  down: "M10 4v11.5M5 10.8l5 5 5-5",
  alert: "M10 6.5v4M10 13.5h.01M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4Z",
  lock: "M5 9.2h10v7H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  clock: "M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4ZM10 6v4l2.6 1.7",
  check: "m4 10.5 4 4 8-9",
  page: "M5 2.8h6.5L15 6.3v10.9H5zM11.2 3v3.6H15",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export function initials(name) {
  const words = (name || "").trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return letters.map((word) => [...word][0] ?? "").join("").toUpperCase();
}
