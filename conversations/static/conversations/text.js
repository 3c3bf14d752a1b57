// What people write, as nodes: paragraphs, lists, **bold** and http(s) links, and nothing else of Markdown.

import { el } from "./dom.js";

const BULLET = /^\s*[-*•]\s+(.*)$/;
const NUMBER = /^\s*\d{1,3}[.)]\s+(.*)$/;
const INLINE = /\*\*(?=\S)(.+?)\*\*|\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>"]+)/g;
const PLAIN = /(https?:\/\/[^\s<>"]+)/g;

// For the assistant's and the agents' words.
export function richText(body) {
  const fragment = document.createDocumentFragment();
  for (const block of blocks(body)) {
    const items = block.lines.map((line) => spans(line));
    if (block.tag === "p") fragment.append(paragraph(items));
    else fragment.append(el(block.tag, { start: block.start }, ...items.map((item) => el("li", { dir: "auto" }, ...item))));
  }
  return fragment;
}

// For customers' words: a link shows where it leads, so that nobody is led elsewhere than they read.
export function plainText(body) {
  const fragment = document.createDocumentFragment();
  for (const part of body.split(/\n{2,}/)) {
    fragment.append(paragraph(part.split("\n").map((line) => linked(line))));
  }
  return fragment;
}

function blocks(body) {
  const found = [];
  for (const line of body.replace(/\r\n?/g, "\n").split("\n")) {
    const last = found[found.length - 1];
    const [, bullet] = BULLET.exec(line) ?? [];
    const [, number] = NUMBER.exec(line) ?? [];
    const tag = bullet !== undefined ? "ul" : number !== undefined ? "ol" : "p";
    if (tag === "p" && !line.trim()) found.push({ tag: "", lines: [] });
    else if (last?.tag === tag) last.lines.push(bullet ?? number ?? line);
    else found.push({ tag, lines: [bullet ?? number ?? line], start: tag === "ol" ? parseInt(line, 10) : null });
  }
  return found.filter((block) => block.tag);
}

function paragraph(lines) {
  return el("p", { dir: "auto" }, ...lines.flatMap((line, at) => (at ? [el("br"), ...line] : line)));
}

function spans(line) {
  const nodes = [];
  let from = 0;
  for (const match of line.matchAll(INLINE)) {
    nodes.push(line.slice(from, match.index));
    const [whole, bold, label, target, bare] = match;
    if (bold) nodes.push(el("strong", {}, ...linked(bold)));
    else if (label) nodes.push(link(target, label));
    else nodes.push(...bareLink(bare));
    from = match.index + whole.length;
  }
  return [...nodes, line.slice(from)];
}

function linked(line) {
  return line.split(PLAIN).flatMap((part, at) => (at % 2 ? bareLink(part) : [part]));
}

// The full stop after an address ends the sentence, not the address.
function bareLink(address) {
  const url = address.replace(/[.,;:!?)\]'*]+$/, "");
  return [link(url, url), address.slice(url.length)];
}

export function link(target, label, attributes = {}) {
  const url = URL.canParse(target, location.origin) ? new URL(target, location.origin) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return label;
  return el("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow", ...attributes }, label);
}
