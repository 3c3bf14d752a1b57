// The customer's page: one conversation, from her first word to its rating.

import { Composer, Connection, Feed, Outbox, Thread, pages } from "./chat.js";
import { passing, persist } from "./desk.js";
import { Host } from "./embed.js";
import { Talk } from "./talk.js";
import { $, View } from "./view.js";

const LINE_AFTER = 1200; // a shorter break of the line is nobody's business

let conversation = null; // as the desk last told it
let connection = null;
let feed = null;
let opening = null;
let asking = false; // for a person
let leaving = false; // the card asks whether to end
let problem = ""; // with what was asked of the desk last
let lineTimer = 0;
let details = {}; // about her, from the site around the widget

const talk = new Talk({ onElsewhere: follow });
const host = new Host({
  onDetails: (told) => {
    details = told;
    if (["light", "dark"].includes(told.theme)) document.documentElement.dataset.theme = told.theme;
    if (CSS.supports("color", told.accent ?? "")) document.documentElement.style.setProperty("--brand", told.accent);
  },
  onShown: (open) => {
    view.show(open);
    if (open) composer.focus();
  },
});
const view = new View({
  onUnread: (count) => host.unread(count),
  onRate: (score, comment) => ask(() => talk.do("rating", { score, comment })),
  onReopen: () => ask(() => talk.do("reopen")).then(() => composer.focus()),
  onNew: startAnew,
  onEnd: () => ask(() => talk.do("close")),
  onStay: () => {
    leaving = false;
    render();
    composer.focus();
  },
});
const thread = new Thread($("thread"), {
  onRetry: (id) => outbox.retry(id),
  onDiscard: (id) => {
    outbox.discard(id);
    thread.discard(id);
    render();
  },
  onRead: (seq) => {
    view.count(0);
    connection?.send({ type: "read", seq });
  },
});
const outbox = new Outbox({
  key: "supportdesk.outbox",
  send: ({ client_id, body }) => connection?.send({ type: "message", client_id, body }) ?? false,
  onChange: (item) => thread.pend(item),
});
const composer = new Composer($("composer"), {
  draftKey: "supportdesk.draft",
  onSend: say,
  onTyping: () => connection?.send({ type: "typing" }),
});

$("suggestions").addEventListener("click", ({ target }) => {
  if (!target.matches(".suggestion")) return;
  say(target.textContent);
  composer.focus();
});
$("person").addEventListener("click", askForPerson);
$("end").addEventListener("click", () => {
  leaving = true;
  render();
  $("card").querySelector("button").focus();
});
$("shut")?.addEventListener("click", () => host.shut());

if (outbox.restore()) open();
follow();
render();
if (!host.embedded) composer.focus(); // a site's own page keeps its focus until the chat is opened

// --- what she does ------------------------------------------------------------------------------------------------------

function say(text) {
  leaving = false;
  outbox.put(text);
  render();
  open();
}

async function open() {
  if (connection) return;
  opening ??= talk.open(details.customer ?? {}, details.page ? { page: details.page } : {}, tellWaiting);
  try {
    await opening;
    view.line("");
    follow();
  } catch (error) {
    view.line(`The chat can't be opened. ${error.detail ?? "Please load this page again."}`, "late");
    if (!error.detail) throw error; // not the desk's refusal but our own mistake: let it be seen
  } finally {
    opening = null;
  }
}

async function askForPerson() {
  asking = true;
  problem = "";
  render();
  await open();
  if (talk.id) {
    await ask(() => persist(() => talk.do("escalate"), tellWaiting));
    view.line("");
  }
  asking = false;
  render();
  composer.focus();
}

// Asks the desk for something that answers with the conversation, and says what is in the way.
async function ask(work) {
  problem = "";
  try {
    conversation = await work();
  } catch (error) {
    problem = passing(error) ? "The desk can't be reached right now. Please try again." : error.detail;
  }
  leaving = false;
  render();
}

function startAnew() {
  const unsent = outbox.takeAll();
  talk.forget();
  follow();
  if (unsent.length) composer.set(unsent.map(({ body }) => body).join("\n\n"));
  composer.focus();
}

// --- the conversation on this page ---------------------------------------------------------------------------------------

// Shows the conversation this browser holds now: hers from before, one just opened here or in another tab, or none.
function follow() {
  if (connection?.talkId === talk.id) return;
  connection?.stop();
  feed?.stop();
  connection = conversation = feed = null;
  leaving = false;
  thread.clear();
  outbox.tell(); // what is still to be sent stays on the page
  render();
  if (!talk.id) return;
  feed = new Feed({ fetchAfter: pages(talk.url("messages/"), { Authorization: `Bearer ${talk.token}` }), show });
  connection = new Connection({
    path: `/ws/chat/${talk.id}/`,
    hello: () => ({ token: talk.token, after: feed.seq }),
    onFrame: (frame) => HEAR[frame.type]?.(frame),
    onState: lineChanged,
  });
  connection.talkId = talk.id;
  connection.start();
}

const HEAR = {
  welcome(frame) {
    conversation = frame.conversation;
    thread.quietly(() => feed.settle(frame.messages));
    thread.seen(conversation.agent_seen_seq);
    render();
  },
  message: ({ message }) => feed.take(message),
  ack: ({ client_id }) => {
    view.note("");
    outbox.ack(client_id);
  },
  pong: ({ last_seq }) => feed.heard(last_seq),
  delta: ({ turn, text }) => thread.delta(turn, text),
  delta_end: ({ turn }) => thread.deltaEnd(turn),
  typing: ({ role }) => thread.typing(role, role === "agent" ? view.who : undefined),
  read: ({ role, seq }) => role === "agent" && thread.seen(seq),
  async status({ status, reason, handoff }) {
    Object.assign(conversation, { status, handoff: handoff ?? conversation.handoff, close_reason: reason });
    render();
    // Only the desk knows whether a closed one may go on.
    if (status === "closed") await ask(() => talk.look());
  },
  error(frame) {
    outbox.refuse(frame);
    if (frame.code === "rate_limited") view.countDown(frame.retry_after);
    else if (frame.code === "unavailable") view.note("The desk can't store this right now. Trying again…");
  },
};

function show(message) {
  if (message.client_id) outbox.ack(message.client_id); // its own acknowledgement may have been lost
  thread.add(message);
  if (message.role !== "customer" && message.seq > conversation.customer_seen_seq) view.missed();
}

function lineChanged(state) {
  clearTimeout(lineTimer);
  if (state === "online") {
    view.line("");
    outbox.resend();
  } else if (state === "refused") {
    talk.forget();
    follow();
    if (outbox.size) open();
    view.line("Your earlier conversation is no longer here. You can start a new one.");
  } else if (state === "offline") {
    view.line("You are offline. What you write is sent when you are back.");
  } else if (state === "reconnecting") {
    lineTimer = setTimeout(() => view.line("Reconnecting… You can keep writing."), LINE_AFTER);
  }
  render();
}

function tellWaiting(seconds, error) {
  const what = error.status === 429 ? "Too many requests at once." : "The desk can't be reached.";
  view.line(`${what} Trying again in ${Math.ceil(seconds)} s.`);
}

function render() {
  const begun = Boolean(conversation) || !thread.empty;
  const resuming = Boolean(connection) && !conversation && !connection.online;
  thread.working(conversation?.status === "processing");
  view.render({ conversation, begun, resuming, asking, leaving, problem, silentSince: thread.at });
}
