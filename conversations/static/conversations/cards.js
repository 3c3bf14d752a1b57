// The card above the composer: a place in line, the idle reminder, ending, the ended conversation and its rating.

import { el } from "./dom.js";
import { waitRange } from "./time.js";

const button = (label, onclick, kind = "") => el("button", { type: "button", class: `button ${kind}`, onclick }, label);

export function connecting() {
  return [el("h2", {}, "Finding a person for you…"), el("p", {}, "You can keep writing. Whoever answers reads all of it.")];
}

export function inLine({ ticket, position, estimated_wait: estimate, agents_there: agents }) {
  const range = waitRange(estimate, agents);
  return [
    el("div", { class: "card-top" },
      el("h2", {}, position ? `You are number ${position} in line` : "You are in line"),
      ticket && el("span", { class: "ticket" }, el("span", { class: "unseen" }, "Ticket "), ticket),
    ),
    el("p", {}, range ? el("strong", { class: "num" }, capital(range)) : "We can't say yet how long it takes", agents === 0 && ". Your place in line is kept: you can leave and come back", ". You can keep writing. Whoever answers reads all of it."),
  ];
}

export function stillThere(closesAt) {
  return [el("h2", { class: "num" }, `This conversation closes at ${closesAt}`), el("p", {}, "Write anything and it goes on.")];
}

export function ending(onEnd, onStay) {
  return [
    el("h2", {}, "End this conversation?"),
    el("div", { class: "card-actions" }, button("End it", onEnd, "primary"), button("Keep talking", onStay)),
  ];
}

export function ended({ rating, problem }, { onRate, onReopen, onNew }) {
  return [
    el("h2", {}, "This conversation has ended"),
    problem && el("p", { class: "problem", role: "alert" }, problem),
    rating ? el("p", {}, `Thank you. You gave it ${rating} of 5.`) : rate(onRate),
    el("div", { class: "card-actions" },
      button("Start a new one", onNew, "primary"),
      el("button", { type: "button", class: "button", id: "reopen", hidden: true, onclick: onReopen }, "Continue this one"),
    ),
  ];
}

const SCORES = ["Very bad", "Bad", "All right", "Good", "Very good"];

function rate(onRate) {
  const comment = el("textarea", { class: "input", id: "comment", rows: 2, maxlength: 2000, placeholder: "What went well, what didn't? (optional)", "aria-label": "Comment", dir: "auto" });
  const more = el("div", { class: "rate-more", hidden: true }, comment, el("button", { class: "button" }, "Send rating"));
  const scores = SCORES.map((word, at) =>
    el("label", {},
      el("input", { type: "radio", name: "score", value: at + 1, required: true, onchange: () => (more.hidden = false) }),
      el("span", { class: "score" }, at + 1),
      el("span", { class: at === 0 || at === 4 ? "word" : "unseen" }, word),
    ),
  );
  const form = el("form", { class: "rate" },
    el("fieldset", {}, el("legend", {}, "How was it?"), el("div", { class: "scores" }, ...scores)),
    more,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onRate(Number(new FormData(form).get("score")), comment.value.trim());
  });
  return form;
}

const capital = (words) => words[0].toUpperCase() + words.slice(1);
