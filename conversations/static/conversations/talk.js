// Which conversation is hers: its id and token, kept in this browser and shared by its tabs.

import { call, persist } from "./desk.js";

const KEY = "supportdesk.talk";
const API = "/api/v1/conversations/";

export class Talk {
  #known = null; // where storage is refused, it lives as long as the page

  // `onElsewhere()`: another tab opened or ended one.
  constructor({ onElsewhere }) {
    addEventListener("storage", ({ key }) => {
      if (key !== KEY) return;
      this.#known = this.#read();
      onElsewhere();
    });
    this.#known = this.#read();
  }

  get id() {
    return this.#known?.id ?? "";
  }

  get token() {
    return this.#known?.token ?? "";
  }

  url(action = "") {
    return `${API}${this.id}/${action}`;
  }

  do(action, body, method = "POST") {
    return call(this.url(action && `${action}/`), { token: this.token, method, body });
  }

  look() {
    return this.do("", undefined, "GET");
  }

  // Opens one if there is none. Two tabs that write at once wait for each other, and share.
  async open(customer, context, onWait) {
    const once = async () => {
      this.#known = this.#read() ?? this.#known;
      if (this.#known) return;
      const { id, token } = await persist(() => this.#start(customer, context), onWait);
      this.#keep({ id, token });
    };
    await alone(once);
  }

  forget() {
    this.#keep(null);
  }

  async #start(customer, context) {
    try {
      return await call(API, { body: { customer, context } });
    } catch (error) {
      if (error.status !== 400) throw error;
      // The site vouched wrongly for her, or sent what we cannot read. That is not her fault: she comes as a guest.
      console.warn(`Supportdesk: the customer's details were not taken. ${error.detail}`);
      return call(API, { body: {} });
    }
  }

  #read() {
    try {
      return JSON.parse(localStorage.getItem(KEY));
    } catch {
      return this.#known;
    }
  }

  #keep(known) {
    this.#known = known;
    try {
      if (known) localStorage.setItem(KEY, JSON.stringify(known));
      else localStorage.removeItem(KEY);
    } catch (error) {
      console.warn("Supportdesk: this browser keeps nothing, so a reload starts anew.", error.name);
    }
  }
}

// One tab at a time. A browser that keeps a frame's storage from us (or plain http) has no locks either: there each tab
// is on its own anyway.
async function alone(work) {
  const lock = async () => navigator.locks?.request(`${KEY}.probe`, () => true);
  if (await lock().catch(() => false)) await navigator.locks.request(KEY, work);
  else await work();
}
