// A conversation as it is read: bubbles in groups, days, system lines, notes, a reply being written, who is typing.

import { el, icon, initials } from "./dom.js";
import { link, plainText, richText } from "./text.js";
import { clock, dayKey, dayName } from "./time.js";

const NEAR_END = 64; // pixels from the end that still count as being there
const TYPING_LASTS = 5000;

export class Thread {
  #rows = new Map(); // client_id or seq → row
  #loose = new Map(); // not posted yet: client_id → her row, turn → a reply being written
  #ended = new Set(); // turns whose reply has come or will not
  #numbered = new Set(); // client_ids of what has a number
  #unread = 0;
  #told = 0;
  #typingTimer = 0;
  #working = false;
  seq = 0; // of the newest message drawn,
  at = ""; // and when it was said

  // `root` scrolls; what it holds already stays on top. `me` is the side that reads: "customer" or "agent".
  // onRetry(client_id), onDiscard(client_id) answer to a failed message's buttons; onRead(seq) hears what was seen.
  constructor(root, { me = "customer", names = {}, onRetry, onDiscard, onRead = () => {} } = {}) {
    Object.assign(this, { root, me, names: { assistant: "Assistant", customer: "Customer", agent: "Agent", ...names } });
    Object.assign(this, { onRetry, onDiscard, onRead });
    this.log = el("div", { class: "log", role: "log", "aria-label": "Messages", "aria-live": "polite", tabindex: 0 });
    this.dots = el("div", { class: "row typing", "data-side": "theirs", hidden: true });
    this.pill = el("button", { class: "pill", type: "button", hidden: true, onclick: () => this.toEnd(true) });
    root.classList.add("thread");
    root.append(this.log, this.dots, el("div", { class: "pill-place" }, this.pill));
    root.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    document.addEventListener("visibilitychange", () => this.#tellRead());
    addEventListener("focus", () => this.#tellRead());
    // What is drawn grows, and a composer or a phone's keyboard takes room away: whoever was at the end stays there.
    const keeper = new ResizeObserver(() => this.#pinned && this.toEnd());
    for (const element of [root, this.log, this.dots]) keeper.observe(element);
  }

  #pinned = true;

  // Many at once, as when a conversation is opened: drawn silently, without telling each aloud.
  addAll(messages) {
    this.quietly(() => messages.forEach((message) => this.add(message)));
  }

  quietly(work) {
    this.log.setAttribute("aria-busy", "true");
    work();
    this.log.removeAttribute("aria-busy");
    if (this.#pinned) this.toEnd();
  }

  add(message) {
    if (this.#rows.has(message.seq)) return;
    const mine = this.#claim(message.client_id);
    if (message.client_id) this.#numbered.add(message.client_id);
    const turn = message.data?.turn;
    const streamed = turn && this.#claim(turn);
    if (turn) this.#ended.add(turn);
    const row = mine ?? this.#row(message);
    this.#rows.set(message.seq, row);
    if (message.seq > this.seq) [this.seq, this.at] = [message.seq, message.created_at];
    if (mine) this.#posted(mine, message);
    const before = this.#loose.values().next().value ?? null;
    if (!mine || row.nextElementSibling !== before) this.#place(row, before);
    if (streamed) this.#remove(streamed);
    if (message.role !== "customer" || this.me !== "customer") this.typing(null);
    this.#receipt();
    this.#arrived(row, message);
  }

  // What was just written and has no number yet: an Outbox item.
  pend(item) {
    if (this.#numbered.has(item.client_id)) return; // an acknowledgement that comes after its message tells nothing new
    const row = this.#loose.get(item.client_id) ?? this.#row({ role: this.me, ...item });
    if (!this.#loose.has(item.client_id)) {
      this.#loose.set(item.client_id, row);
      this.#place(row, null);
      this.toEnd();
    }
    this.#mark(row, item);
  }

  discard(clientId) {
    const row = this.#claim(clientId);
    if (row) this.#remove(row);
  }

  // A piece of a reply that is being written.
  delta(turn, text) {
    if (this.#ended.has(turn)) return;
    let row = this.#loose.get(turn);
    if (!row) {
      row = this.#row({ role: "assistant", body: "", created_at: new Date().toISOString() });
      row.classList.add("streaming");
      row.setAttribute("aria-live", "off"); // the finished message is read out, not its pieces
      row.words = "";
      this.#loose.set(turn, row);
      this.#place(row, null);
      this.#showDots();
    }
    row.words += text;
    row.querySelector(".bubble").replaceChildren(richText(row.words));
  }

  deltaEnd(turn) {
    this.#ended.add(turn);
    const row = this.#claim(turn);
    if (row) this.#remove(row);
  }

  // `role` types, for the next five seconds; null: nobody does.
  typing(role, name) {
    clearTimeout(this.#typingTimer);
    this.typist = role && { role, name };
    if (role) this.#typingTimer = setTimeout(() => this.typing(null), TYPING_LASTS);
    this.#showDots();
  }

  // The assistant owes a reply: dots, until it says otherwise.
  working(on) {
    this.#working = on;
    this.#showDots();
  }

  // The other side has seen everything up to `seq`.
  seen(seq) {
    this.seenSeq = Math.max(this.seenSeq ?? 0, seq);
    this.#receipt();
  }

  clear() {
    this.#rows.clear();
    this.#loose.clear();
    this.#ended.clear();
    this.#numbered.clear();
    this.log.replaceChildren();
    Object.assign(this, { seq: 0, seenSeq: 0 });
    this.#told = 0;
    this.#count(0);
    this.typing(null);
    this.working(false);
  }

  get empty() {
    return !this.log.firstChild;
  }

  toEnd(gently = false) {
    this.#pinned = true;
    this.root.scrollTo({ top: this.root.scrollHeight, behavior: gently ? "smooth" : "instant" });
    this.#count(0);
    this.#tellRead();
  }

  // --- rows -----------------------------------------------------------------------------------------------------------

  #row(message) {
    const { role, created_at: at } = message;
    if (role === "system") {
      return this.#tag(el("div", { class: "row system" }, el("p", { dir: "auto" }, message.body)), message);
    }
    const mine = role === this.me || (role === "note" && this.me === "agent");
    const name = message.author || this.names[role === "note" ? "agent" : role];
    const words = role === "customer" ? plainText(message.body) : richText(message.body);
    const row = el(
      "div",
      { class: "row", "data-side": mine ? "mine" : "theirs" },
      el("div", { class: "by" }, role === "note" && icon("lock"), role === "note" ? `Note · ${name}` : name),
      mine ? null : face(role, name),
      el("div", { class: "bubble" }, el("span", { class: "unseen" }, `${mine ? "You" : name}: `), words),
      sources(message.data?.sources),
      el("div", { class: "meta" }, el("time", { datetime: at }, clock(at)), el("span", { class: "state" })),
    );
    return this.#tag(row, message);
  }

  #tag(row, { role, author, seq, created_at: at }) {
    if (seq) row.dataset.seq = seq;
    Object.assign(row.dataset, { role, sender: `${role}:${author ?? ""}`, day: dayKey(at), at });
    row.dataset.minute = at.slice(0, 16);
    return row;
  }

  #place(row, before) {
    const old = row.nextElementSibling;
    this.log.insertBefore(row, before);
    const previous = row.previousElementSibling;
    if (!previous?.classList.contains("day") && previous?.dataset.day !== row.dataset.day) {
      row.before(el("div", { class: "day", "data-day": row.dataset.day }, el("span", {}, dayName(row.dataset.at))));
    }
    for (const each of [row, row.nextElementSibling, old]) each && this.#join(each);
  }

  // One sender's bubbles stand together: the name on the first of a run, the time under the last of a minute.
  #join(row) {
    const previous = row.previousElementSibling;
    const run = previous?.dataset.sender !== undefined && previous.dataset.sender === row.dataset.sender;
    const minute = run && previous.dataset.minute === row.dataset.minute;
    row.classList.toggle("run", run);
    row.classList.toggle("joined", minute);
    previous?.classList.toggle("continued", minute);
    previous?.classList.toggle("ongoing", run);
  }

  #remove(row) {
    const { previousElementSibling: previous, nextElementSibling: next } = row;
    row.remove();
    previous?.classList.remove("continued", "ongoing");
    if (previous?.classList.contains("day") && !next) previous.remove();
    if (next) this.#join(next);
    this.#showDots();
  }

  #claim(key) {
    const row = key && this.#loose.get(key);
    if (row) this.#loose.delete(key);
    return row;
  }

  #posted(row, message) {
    this.#tag(row, message);
    row.querySelector("time").replaceWith(el("time", { datetime: message.created_at }, clock(message.created_at)));
    this.#mark(row, { state: "sent" });
  }

  #mark(row, { state, code, detail, client_id: id }) {
    row.dataset.state = state;
    const place = row.querySelector(".state");
    if (state === "sending") place.replaceChildren(code ? "Waiting to send…" : "Sending…");
    else if (state === "failed") place.replaceChildren(icon("alert"), ...this.#failure(id, detail));
    else place.replaceChildren();
  }

  #failure(id, detail) {
    const words = el("span", {}, `Not sent. ${detail ?? ""}`);
    const again = this.onRetry && el("button", { type: "button", class: "link", onclick: () => this.onRetry(id) }, "Try again");
    const away = this.onDiscard && el("button", { type: "button", class: "link", onclick: () => this.onDiscard(id) }, "Remove");
    return [words, el("span", { class: "ways" }, again, away)];
  }

  // Under the newest of my messages: whether it was stored, and whether it was seen.
  #receipt() {
    const mine = [...this.#rows].filter(([, row]) => row.dataset.side === "mine" && row.dataset.role !== "note");
    const [seq, row] = mine.reduce((newest, entry) => (entry[0] > newest[0] ? entry : newest), [0, null]);
    if (this.receipted !== row) this.receipted?.querySelector(".state").replaceChildren();
    this.receipted = row;
    row?.querySelector(".state").replaceChildren((this.seenSeq ?? 0) >= seq ? "Seen" : "Sent");
  }

  #showDots() {
    const replying = [...this.#loose.values()].some((row) => row.classList.contains("streaming"));
    const { role, name } = this.typist ?? (this.#working && !replying ? { role: "assistant" } : {});
    this.dots.hidden = !role;
    if (!role) return;
    const who = name || this.names[role];
    const bubble = el("div", { class: "bubble" }, el("span", { class: "unseen" }, `${who} is writing`), el("i"), el("i"), el("i"));
    if (this.dots.dataset.role !== role) this.dots.replaceChildren(face(role, who), bubble);
    this.dots.dataset.role = role;
  }

  // --- where the reader is ----------------------------------------------------------------------------------------------

  #arrived(row, message) {
    if (this.#pinned || row.dataset.side === "mine") this.toEnd();
    else if (message.role !== "system") this.#count(this.#unread + 1);
    this.#tellRead();
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.root;
    this.#pinned = scrollTop + clientHeight > scrollHeight - NEAR_END;
    if (this.#pinned) {
      this.#count(0);
      this.#tellRead();
    }
  }

  #count(unread) {
    this.#unread = unread;
    this.pill.hidden = !unread;
    this.pill.replaceChildren(icon("down"), unread === 1 ? "1 new message" : `${unread} new messages`);
  }

  #tellRead() {
    const looking = document.visibilityState === "visible" && document.hasFocus() && this.root.checkVisibility();
    if (!looking || !this.#pinned || this.seq <= this.#told) return;
    this.#told = this.seq;
    this.onRead(this.seq);
  }
}

function face(role, name) {
  return el("div", { class: "face", "data-who": role, "aria-hidden": "true" }, role === "assistant" ? icon("assistant") : initials(name));
}

function sources(list) {
  if (!list?.length) return null;
  const chips = list.map(({ title, url }) => el("li", {}, link(url, title, { class: "chip" })));
  return el("ul", { class: "sources", "aria-label": "Sources" }, ...chips);
}
