// What was written and is not acknowledged: sent one after the other, and again with the same client_id until it is.

const ACK_WITHIN = 8000;
const TRIES = 4; // unanswered on a line that stands; a broken line doesn't count
const LATER = 3; // seconds, where the desk names none

export class Outbox {
  #items = [];
  #timer = 0;
  #pausedUntil = 0;

  // `send(item)` returns whether it left. `onChange(item)` hears each change of item.state: sending, sent or failed,
  // with item.code and item.detail. Under `key` the items outlive a reload of the tab.
  constructor({ send, onChange, key = "" }) {
    Object.assign(this, { send, onChange, key });
  }

  // Brings back what the tab held before it was reloaded.
  restore() {
    const kept = JSON.parse((this.key && read(this.key)) || "[]");
    for (const item of kept) this.#add({ ...item, tries: 0 });
    return kept.length > 0;
  }

  put(body, more = {}) {
    const item = { client_id: newId(), body, created_at: new Date().toISOString(), state: "sending", tries: 0, ...more };
    this.#add(item);
    this.flush();
    return item;
  }

  // The first that is still to be sent, if nothing keeps it. One at a time: so what she wrote first comes first.
  flush() {
    clearTimeout(this.#timer);
    const item = this.#items.find(({ state }) => state === "sending");
    if (!item) return;
    const pause = this.#pausedUntil - Date.now();
    if (pause > 0) {
      this.#timer = setTimeout(() => this.flush(), pause);
      return;
    }
    if (!this.send(item)) return; // the next welcome flushes
    item.tries += 1;
    this.#timer = setTimeout(() => this.#unanswered(item), ACK_WITHIN);
  }

  // The line broke or came back: what was on its way may be lost, and is sent again.
  resend() {
    for (const item of this.#items) item.tries = 0;
    this.flush();
  }

  ack(clientId) {
    const item = this.#find(clientId);
    if (!item) return;
    this.#items = this.#items.filter((other) => other !== item);
    this.#set(item, { state: "sent" });
    this.flush();
  }

  // An error frame that names one of ours. Returns whether it did.
  refuse({ client_id: clientId, code, detail, retry_after: after }) {
    const item = this.#find(clientId);
    if (!item) return false;
    if (code === "rate_limited" || code === "unavailable") {
      this.#pausedUntil = Date.now() + (after ?? LATER) * 1000;
      this.#set(item, { state: "sending", code });
    } else {
      this.#set(item, { state: "failed", code, detail });
    }
    this.flush();
    return true;
  }

  retry(clientId) {
    const item = this.#find(clientId);
    if (!item) return;
    // To the end: what she wrote after it may have arrived already.
    this.#items = [...this.#items.filter((other) => other !== item), item];
    this.#set(item, { state: "sending", code: "", detail: "", tries: 0 });
    this.flush();
  }

  discard(clientId) {
    this.#items = this.#items.filter((item) => item.client_id !== clientId);
    this.#keep();
  }

  get size() {
    return this.#items.length;
  }

  // Tells of each again, for a page that draws itself anew.
  tell() {
    for (const item of this.#items) this.onChange(item);
  }

  // Gives everything back to whoever wrote it.
  takeAll() {
    clearTimeout(this.#timer);
    const items = this.#items;
    this.#items = [];
    this.#keep();
    return items;
  }

  #add(item) {
    this.#items.push(item);
    this.#set(item, {});
  }

  #unanswered(item) {
    if (item.tries < TRIES) this.flush();
    else this.refuse({ client_id: item.client_id, code: "unanswered", detail: "The desk did not answer." });
  }

  #find(clientId) {
    return this.#items.find((item) => item.client_id === clientId);
  }

  #set(item, changes) {
    Object.assign(item, changes);
    this.#keep();
    this.onChange(item);
  }

  #keep() {
    if (this.key) write(this.key, JSON.stringify(this.#items));
  }
}

// A private window or a full disk refuses storage; then the messages live as long as the page.
function read(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // as above
  }
}

export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // plain http beyond localhost has no randomUUID
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
