// What the customer's page says around the messages: who answers, the line above, the card and the note below, the title.

import { connecting, ended, ending, inLine, stillThere } from "./cards.js";
import { el, icon, initials } from "./dom.js";
import { clock, waitRange } from "./time.js";

export const $ = (id) => document.getElementById(id);

export class View {
  #page = $("chat");
  #title = document.title;
  #unread = 0;
  #card = "";
  #noteTimer = 0;

  // `does` names what the card's buttons do: onRate, onReopen, onNew, onEnd, onStay; and onUnread(count).
  constructor(does) {
    this.does = does;
  }

  render(state) {
    const status = state.conversation?.status ?? "new";
    this.#page.dataset.status = status;
    $("hello").classList.toggle("begun", state.begun);
    $("composer").hidden = status === "closed";
    $("person").hidden = status === "escalated" || state.asking;
    $("end").hidden = status === "new" || status === "closed";
    this.#head(state, status);
    this.#showCard(this.#cardFor(state, status));
    $("reopen")?.toggleAttribute("hidden", !state.conversation.may_reopen); // known a moment after the end
  }

  // The widget was opened or shut around us.
  show(open) {
    this.#page.dataset.shown = open;
  }

  line(words, tone = "waiting") {
    Object.assign($("line"), { textContent: words, hidden: !words });
    $("line").dataset.tone = tone;
  }

  note(words) {
    clearInterval(this.#noteTimer);
    $("composer-note").textContent = words;
  }

  countDown(seconds) {
    const tell = () => {
      const words = `Too many messages at once. Sending again in ${seconds} s.`;
      this.note(seconds > 0 ? words : "");
    };
    tell();
    this.#noteTimer = setInterval(() => ((seconds -= 1), tell()), 1000);
  }

  // A message came while nobody was looking.
  missed() {
    const looking = this.#page.dataset.shown !== "false" && document.visibilityState === "visible" && document.hasFocus();
    if (!looking) this.count(this.#unread + 1);
  }

  count(unread) {
    this.#unread = unread;
    document.title = unread ? `(${unread}) ${this.#title}` : this.#title;
    this.does.onUnread(unread);
  }

  get who() {
    return $("who").textContent;
  }

  #head({ conversation, resuming }, status) {
    const desk = this.#page.dataset.desk;
    const agent = agentOf(conversation);
    let [who, name, truth] = ["assistant", "Assistant", "Answers at once"];
    if (status === "escalated" && agent) [who, name, truth] = ["agent", agent, "Here with you"];
    else if (status === "escalated") [who, name, truth] = ["clock", "Waiting for a person", place(conversation.handoff)];
    else if (status === "closed") [who, name, truth] = ["check", desk, "This conversation has ended"];
    $("who").textContent = name;
    $("truth").textContent = resuming ? "Connecting…" : truth;
    $("face").dataset.who = who;
    $("face").replaceChildren(who === "agent" ? initials(agent) : icon(who));
  }

  // What the card shows, as a key and the way to build it: a card is built anew only when what it says has changed, so
  // that a half-written comment outlives whatever else happens.
  #cardFor({ conversation, asking, leaving, problem, silentSince }, status) {
    if (status === "closed") {
      const facts = { rating: conversation.rating, problem };
      return [facts, () => ended(facts, this.does)];
    }
    if (leaving) return ["leaving", () => ending(this.does.onEnd, this.does.onStay)];
    if (problem) return [problem, () => [el("p", { class: "problem", role: "alert" }, problem)]];
    if (status === "escalated" && agentOf(conversation)) return null;
    if (status === "escalated") return [conversation.handoff, () => inLine(conversation.handoff ?? {})];
    if (asking) return ["asking", connecting];
    if (status !== "idle") return null;
    const closesAt = clock(Date.parse(silentSince) + this.#page.dataset.idleMinutes * 60_000);
    return [closesAt, () => stillThere(closesAt)];
  }

  #showCard(wanted) {
    const key = wanted ? JSON.stringify(wanted[0] ?? {}) : "";
    if (key === this.#card) return;
    this.#card = key;
    $("card").hidden = !wanted;
    $("card").replaceChildren(...(wanted ? wanted[1]().filter(Boolean) : []));
  }
}

function agentOf(conversation) {
  const { status, agent } = conversation?.handoff ?? {};
  return status === "waiting" ? "" : (agent?.name ?? agent ?? "");
}

function place(handoff) {
  const { position, estimated_wait: estimate, agents_there: agents } = handoff ?? {};
  const words = ["In line", position && `place ${position}`, waitRange(estimate, agents)];
  return words.filter(Boolean).join(", ");
}
