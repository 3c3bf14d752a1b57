// The conversation that is open: its thread and its composer, and what was sent from here and is not acknowledged yet.

import { Composer, Feed, Outbox, Thread, el, pages } from "../conversations/chat.js";
import { Canned } from "./canned.js";
import { placeLines } from "./lines.js";

const OUTBOX_KEY = "inbox:outbox";
const REPLYING_TO = {
  mine: (name) => `Reply to ${name}`,
  waiting: (name) => `Reply to ${name}, and the conversation is yours`,
  assistant: (name) => `Reply to ${name}, and the assistant steps back`,
};
const CANNOT_REPLY = {
  other: "A colleague has this conversation. Take it over, or leave a note",
  closed: "This conversation has ended. You can still leave a note",
};

export class Opened {
  id = "";
  #feed = null;
  #batch = null; // messages that arrived together are drawn together
  #pending = new Map(); // client_id → Outbox item, of every conversation
  #written = new Set(); // client_ids of what was written here
  #viewers = [];
  #rival = null; // who replied while she was writing: {name, asked}, where asked says that her Enter has met the question

  // `send(frame)` returns whether it left; `canned` are the replies that "/" offers.
  constructor({ me, send, canned }) {
    Object.assign(this, { me, send, canned });
    this.root = el("div", { class: "scroller" });
    this.thread = new Thread(this.root, {
      me: "agent",
      onRetry: (id) => this.outbox.retry(id),
      onDiscard: (id) => this.#discard(id),
      onRead: (seq) => this.hold === "mine" && this.send({ type: "read", conversation: this.id, seq }),
    });
    this.outbox = new Outbox({
      send: ({ client_id, body, conversation, role }) =>
        this.send({ type: "message", conversation, client_id, body, ...(role === "note" && { note: true }) }),
      onChange: (item) => this.#changed(item),
      key: OUTBOX_KEY,
    });
    this.outbox.restore();
  }

  get hold() {
    return document.getElementById("talk-head")?.dataset.hold ?? "";
  }

  // The desk put another conversation (or none) on the page.
  show() {
    const place = document.getElementById("opened");
    if (place?.contains(this.root)) return; // htmx may tell of one swap twice
    if (this.id) this.send({ type: "unwatch", conversation: this.id });
    this.id = place?.dataset.id ?? "";
    this.#viewers = [];
    this.#rival = null;
    this.thread.clear();
    if (!this.id) return;
    this.thread.names.customer = document.getElementById("talk-name").firstChild.textContent.trim();
    this.root.classList.add("loading");
    document.getElementById("scroller").replaceWith(this.root);
    this.#feed = new Feed({
      fetchAfter: pages(`/api/v1/conversations/${this.id}/messages/`),
      show: (message) => (this.#batch ? this.#batch.push(message) : this.#add(message)),
    });
    this.#compose();
    this.watch();
  }

  // Asks for what is not here yet; the answer is a `messages` frame.
  watch() {
    if (this.id) this.send({ type: "watch", conversation: this.id, after: this.#feed.seq });
  }

  hear(frame) {
    if (frame.type === "ack") this.outbox.ack(frame.client_id);
    if (frame.type === "error") this.outbox.refuse(frame);
    if (frame.type === "pong" && this.id) this.#feed.heard(frame.last_seq?.[this.id]);
    if (!this.id || frame.conversation !== this.id) return;
    if (frame.type === "messages") this.#addAll(frame.messages);
    else if (frame.type === "message") this.#feed.take(frame.message);
    else if (frame.type === "delta") this.thread.delta(frame.turn, frame.text);
    else if (frame.type === "delta_end") this.thread.deltaEnd(frame.turn);
    else if (frame.type === "typing") this.#typing(frame);
    else if (frame.type === "read" && frame.role === "customer") this.thread.seen(frame.seq);
    else if (frame.type === "viewers") this.#viewed(frame.agents);
  }

  // The desk renewed what stands around the thread.
  refreshed() {
    if (!this.id) return;
    placeLines(this.thread.log);
    this.#viewed(this.#viewers);
    this.mode(this.form.dataset.mode);
  }

  // Write a "reply" or a "note". Returns whether there is a field for it.
  write(mode) {
    if (!this.id) return false;
    this.mode(mode);
    this.composer.focus();
    return true;
  }

  mode(mode) {
    this.form.dataset.mode = mode;
    for (const tab of this.form.querySelectorAll("[role=tab]")) tab.setAttribute("aria-selected", String(tab.dataset.mode === mode));
    const { field } = this.composer;
    const why = mode === "note" ? "" : (CANNOT_REPLY[this.hold] ?? "");
    field.disabled = Boolean(why);
    const { customer } = this.thread.names;
    const open = mode === "note" ? "A note for colleagues. The customer never sees it" : REPLYING_TO[this.hold]?.(customer);
    field.placeholder = why || open;
    this.composer.button.textContent = mode === "note" ? "Add note" : "Send";
    this.composer.draft(`inbox:draft:${this.id}:${mode}`);
    this.#guard();
  }

  jump(seq) {
    const row = this.thread.log.querySelector(`[data-seq="${seq}"]`);
    row?.scrollIntoView({ block: "center", behavior: "smooth" });
    row?.classList.add("pointed");
    setTimeout(() => row?.classList.remove("pointed"), 2000);
  }

  // --- writing --------------------------------------------------------------------------------------------------------

  #compose() {
    this.form = document.getElementById("composer");
    this.composer = new Composer(this.form, {
      onSend: (text) => this.#put(text),
      onTyping: () => this.send({ type: "typing", conversation: this.id, note: this.form.dataset.mode === "note" }),
    });
    new Canned({
      field: this.composer.field,
      list: document.getElementById("canned"),
      replies: this.canned,
      take: (body) => this.composer.set(body),
    });
    for (const tab of this.form.querySelectorAll("[role=tab]")) tab.onclick = () => this.write(tab.dataset.mode);
    const started = sessionStorage.getItem(`inbox:draft:${this.id}:note`) && !sessionStorage.getItem(`inbox:draft:${this.id}:reply`);
    this.mode(started ? "note" : "reply");
  }

  #put(text) {
    const { mode } = this.form.dataset;
    const asks = mode === "reply" && this.#rival && !this.#rival.asked;
    if (asks) this.#rival.asked = true;
    else if (mode === "reply") this.#rival = null;
    this.#guard();
    if (asks) return false;
    this.outbox.put(text, { conversation: this.id, role: mode === "note" ? "note" : "agent", author: this.me });
    return true;
  }

  // Somebody else answered while she was writing: her next Enter asks first.
  #rivalled({ role, author, client_id: clientId }) {
    if (role !== "agent" || this.#written.has(clientId) || !this.composer.text || this.form.dataset.mode !== "reply") return;
    this.#rival = { name: author || "A colleague", asked: false };
    this.#guard();
  }

  // Stands until she has sent, however often the desk renews what is around it.
  #guard() {
    const guard = document.getElementById("guard");
    const { name, asked } = this.#rival ?? {};
    guard.hidden = !name || this.form.dataset.mode !== "reply";
    const next = asked ? "Press Enter once more to send your words anyway." : "Your words are kept.";
    const words = guard.hidden ? "" : `${name} replied meanwhile. ${next}`;
    if (guard.textContent !== words) guard.textContent = words; // an alert is read out whenever it is written
  }

  // --- what was said --------------------------------------------------------------------------------------------------

  #addAll(messages) {
    this.root.classList.remove("loading");
    this.#batch = [];
    this.#feed.settle(messages);
    const batch = this.#batch;
    this.#batch = null;
    this.thread.addAll(batch);
    for (const { client_id } of batch) this.#stored(client_id);
    for (const item of this.#pending.values()) if (item.conversation === this.id) this.thread.pend(item);
    placeLines(this.thread.log);
    this.thread.toEnd();
  }

  #add(message) {
    this.#stored(message.client_id);
    this.thread.add(message);
    this.#rivalled(message);
  }

  // A message of ours is in the thread, so it needs no acknowledgement any more.
  #stored(clientId) {
    if (this.#pending.has(clientId)) this.outbox.ack(clientId);
  }

  #changed(item) {
    if (item.state === "sent") {
      this.#pending.delete(item.client_id);
      return;
    }
    this.#written.add(item.client_id);
    this.#pending.set(item.client_id, item);
    if (item.conversation === this.id) this.thread.pend(item);
  }

  #discard(clientId) {
    this.outbox.discard(clientId);
    this.#pending.delete(clientId);
    this.thread.discard(clientId);
  }

  // --- who else is there ----------------------------------------------------------------------------------------------

  #typing({ role, name }) {
    if (role === "customer" || name !== this.me) this.thread.typing(role, name);
  }

  #viewed(names) {
    this.#viewers = names;
    const place = document.getElementById("viewers");
    if (!place) return;
    const first = names.map((name) => name.split(" ")[0]);
    place.textContent = first.length ? ` · ${first.join(", ")} ${first.length > 1 ? "are" : "is"} here too` : "";
    place.title = names.join(", ");
  }
}
