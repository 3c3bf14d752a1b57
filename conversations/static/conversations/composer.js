// The field and its button: grows to six lines, Enter sends, and what is half written survives a reload.

const TYPING_EVERY = 3000;

export class Composer {
  #typedAt = 0;

  // `form` holds a textarea and a submit button. onSend(text) returns false to keep the text; onTyping() is called at
  // most every three seconds. Under `draftKey` the draft is kept for the tab.
  constructor(form, { onSend, onTyping = () => {}, draftKey = "", maxLength = 10_000 }) {
    Object.assign(this, { form, onSend, onTyping, draftKey, maxLength });
    this.field = form.querySelector("textarea");
    this.button = form.querySelector("[type=submit]");
    this.note = form.querySelector("[data-note]");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.field.addEventListener("input", () => this.#changed(true));
    if (this.field.value) this.#changed(false); // she was quicker than this script
    else this.draft();
  }

  // Shows another conversation's draft.
  draft(key = this.draftKey) {
    this.draftKey = key;
    this.set((key && kept(key)) || "");
  }

  set(text) {
    this.field.value = text;
    this.#changed(false);
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  get text() {
    return this.field.value.trim();
  }

  #key(event) {
    // While an input method composes, Enter accepts its suggestion (keyCode 229 where Safari has ended it already).
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#send();
  }

  #send() {
    const text = this.text;
    if (!text || text.length > this.maxLength || this.onSend(text) === false) return;
    this.set("");
    this.#typedAt = 0;
    this.focus();
  }

  #changed(typed) {
    const { field, text } = this;
    const tooLong = [...text].length > this.maxLength;
    this.form.classList.toggle("ready", Boolean(text) && !tooLong);
    if (this.button) this.button.disabled = !text || tooLong;
    if (this.note) {
      const count = [...text].length.toLocaleString("en");
      this.note.textContent = tooLong
        ? `A message may have ${this.maxLength.toLocaleString("en")} characters; this one has ${count}.`
        : "";
      field.setAttribute("aria-invalid", tooLong);
    }
    this.#grow();
    if (this.draftKey) keep(this.draftKey, field.value);
    if (typed && text && Date.now() - this.#typedAt > TYPING_EVERY) {
      this.#typedAt = Date.now();
      this.onTyping();
    }
  }

  // The height comes from what is written; the stylesheet's max-height ends it at six lines.
  #grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }
}

function kept(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return ""; // a private window may refuse storage; then a draft lives as long as its page
  }
}

function keep(key, text) {
  try {
    if (text) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  } catch {
    // as above
  }
}
