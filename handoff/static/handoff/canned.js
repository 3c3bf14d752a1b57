// Canned replies: "/" at the start of a reply opens them, what is typed on filters, Enter or Tab takes one.

import { el } from "../conversations/chat.js";

const MOST = 8;
const QUERY = /^\/(\S*)$/;

export class Canned {
  #shown = [];
  #at = 0;

  // `list` is the listbox; `take(body)` puts the words into the field.
  constructor({ field, list, replies, take }) {
    Object.assign(this, { field, list, replies, take });
    field.addEventListener("input", () => this.look());
    field.addEventListener("blur", () => this.close());
    // Before the composer hears it: Enter takes a reply here, and doesn't send.
    field.addEventListener("keydown", (event) => this.open && this.#key(event), { capture: true });
  }

  get open() {
    return !this.list.hidden;
  }

  look() {
    const query = QUERY.exec(this.field.value)?.[1]?.toLowerCase();
    if (query === undefined || this.field.form.dataset.mode !== "reply") {
      this.close();
      return;
    }
    const fits = ({ shortcut, title, body }) => [shortcut, title, body].some((text) => text.toLowerCase().includes(query));
    const first = ({ shortcut }) => (shortcut.startsWith(query) ? 0 : 1);
    this.#shown = this.replies.filter(fits).sort((a, b) => first(a) - first(b)).slice(0, MOST);
    this.#at = 0;
    this.#draw();
  }

  close() {
    this.list.hidden = true;
    this.field.removeAttribute("aria-activedescendant");
  }

  #draw() {
    this.list.replaceChildren(...this.#shown.map((reply, place) => this.#option(reply, place)));
    if (!this.#shown.length) this.list.append(el("li", { class: "none", role: "option", "aria-disabled": "true" }, "No canned reply with these letters"));
    this.list.hidden = false;
    if (this.#shown.length) this.field.setAttribute("aria-activedescendant", `canned-${this.#at}`);
    this.list.children[this.#at]?.scrollIntoView({ block: "nearest" });
  }

  #option({ shortcut, title, body }, place) {
    const take = (event) => {
      event.preventDefault(); // the field keeps the focus
      this.#choose(place);
    };
    return el(
      "li",
      { id: `canned-${place}`, role: "option", "aria-selected": String(place === this.#at), onmousedown: take },
      el("b", {}, `/${shortcut}`),
      el("span", {}, title),
      el("span", { class: "muted" }, body),
    );
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.#shown.length) {
      this.#at = (this.#at + step + this.#shown.length) % this.#shown.length;
      this.#draw();
    } else if (event.key === "Escape") this.close();
    else if ((event.key === "Enter" || event.key === "Tab") && this.#shown.length) this.#choose(this.#at);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #choose(place) {
    this.close();
    this.take(this.#shown[place].body);
  }
}
