// The inbox's wiring, top to bottom: one socket, the list it keeps fresh, the conversation that is open, the keys.
// The list and what stands around a thread are the desk's partials, renewed by htmx; the thread is drawn by chat.js.

import { Connection } from "../conversations/chat.js";
import { startTips, toast } from "./hints.js";
import { startKeys } from "./keys.js";
import { Opened } from "./opened.js";
import { startTicking, tick } from "./waits.js";

const NARROW = matchMedia("(max-width: 1023px)"); // as in inbox.css: one pane at a time
const AROUND = new Set(["status", "handoff", "message"]); // these change what stands around the thread
const RENEW_EVERY = 1000; // at most, however much happens

const inbox = document.getElementById("inbox");
const canned = JSON.parse(document.getElementById("canned-replies").textContent);
const opened = new Opened({ me: inbox.dataset.me, send: (frame) => connection.send(frame), canned });
const connection = new Connection({ path: "/ws/inbox/", hello: () => ({}), onFrame: hear, onState: say });

let queueVersion = "";

function hear(frame) {
  opened.hear(frame);
  if (frame.type === "welcome") {
    renew("list", "state");
  } else if (frame.type === "queue" || (frame.type === "pong" && frame.queue_version !== queueVersion)) {
    renew("list"); // a pong heals what the announcement lost
  } else if (frame.type === "assigned") {
    greet(frame.handoff);
  }
  queueVersion = frame.queue_version ?? queueVersion;
  if (AROUND.has(frame.type) && frame.conversation === opened.id) renew("list", "state");
}

// A broken line says so; the thread asks for what it missed as soon as the line is back.
function say(state) {
  const words = {
    reconnecting: "The line broke. Reconnecting… What you write is kept and sent when it is back.",
    offline: "You are offline. What you write is kept and sent when you are back.",
    refused: "You are signed out, or may not answer customers any more. Reload to sign in.",
  }[state];
  inbox.dataset.line = state;
  const banner = document.getElementById("connection");
  banner.hidden = !words;
  banner.textContent = words ?? "";
  banner.dataset.tone = state === "refused" ? "late" : "waiting";
  if (state !== "online") return;
  opened.watch();
  opened.outbox.resend();
}

// Work arrived. What she has just taken herself is on her screen a moment later, and needs no word.
function greet({ conversation, context }) {
  renew("list");
  setTimeout(() => {
    if (conversation === opened.id) return;
    toast(`${context?.customer?.name || "A customer"} is yours now.`, { action: { label: "Open", run: () => visit(conversation) } });
  }, 1500);
}

// --- keeping the page fresh -------------------------------------------------------------------------------------------

const due = new Set();
let renewedAt = 0;
let renewal = 0;

// Asks for the "list" or the open conversation's "state" again: soon, but not at every word somebody says.
function renew(...parts) {
  for (const part of parts) due.add(part);
  if (renewal || document.visibilityState !== "visible") return;
  renewal = setTimeout(() => {
    renewal = 0;
    renewedAt = Date.now();
    if (due.delete("list")) htmx.trigger("#list", "inbox:refresh");
    // Never behind a request under way: htmx would queue it, and drop from that queue the key pressed meanwhile.
    if (due.has("state") && document.querySelector("#talk-head.htmx-request, #talk-head .htmx-request")) renew();
    else if (due.delete("state") && opened.id) htmx.trigger("#talk-head", "inbox:changed");
  }, Math.max(60, renewedAt + RENEW_EVERY - Date.now()));
}

document.addEventListener("visibilitychange", () => due.size && renew());

function visit(id) {
  const link = document.getElementById(`row-${id}`);
  if (link) link.click();
  else htmx.ajax("GET", `/inbox/${id}/`, { target: "#conversation" }).then(() => history.pushState({}, "", `/inbox/${id}/`));
}

// --- what htmx put on the page ----------------------------------------------------------------------------------------

let chosen = ""; // the conversation that is open, or on its way

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (!detail.elt.matches(".entry-link")) return;
  chosen = detail.elt.closest(".entry").dataset.id;
  mark();
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  // Signed out meanwhile: the answer is the sign-in page, which belongs on the whole page.
  if (detail.xhr.responseURL.includes("/accounts/login/")) {
    detail.shouldSwap = false;
    location.reload();
  }
});

// The card stays as she left it, open or shut, until the first reply shuts it.
document.addEventListener("htmx:oobBeforeSwap", ({ detail: { target, fragment } }) => {
  const card = target.id === "card" && fragment.querySelector("#card");
  if (card && "fresh" in card.dataset === "fresh" in target.dataset) card.open = target.open;
});

// At once, and not when it has settled: J asks the rows which of them is chosen.
document.addEventListener("htmx:afterSwap", ({ detail }) => detail.target.id === "list" && mark());

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const { target } = detail;
  if (target.id === "conversation") turnTo(detail.requestConfig?.elt.closest(".entry")?.dataset.id);
  if (target.id === "list") document.getElementById("tip").hidden = true;
  if (target.id === "talk-head" || detail.elt.id === "talk-head") opened.refreshed();
  if (target.id === "pass" && !target.open) target.showModal();
  mark();
  tick();
});

document.addEventListener("htmx:responseError", () => failed("That did not work. Try again."));
document.addEventListener("htmx:sendError", () => failed("The desk cannot be reached. Try again in a moment."));
document.addEventListener("inbox:notice", ({ detail }) => toast(detail.text, { tone: detail.tone }));
document.addEventListener("inbox:taken", () => opened.write("reply"));
document.addEventListener("inbox:passed", () => document.getElementById("pass").close());

function failed(words) {
  chosen = opened.id;
  mark();
  toast(words, { tone: "late" });
}

// Shows what was opened, from the row of `asked` if from one. She may have gone on to another row meanwhile.
function turnTo(asked = chosen) {
  opened.show();
  if (asked === chosen) chosen = opened.id;
  inbox.dataset.pane = opened.id ? "thread" : "list";
  delete inbox.dataset.side;
  if (opened.id && NARROW.matches) document.getElementById("card").open = false;
}

// Which row and which view are the chosen ones, and how many people wait, in the tab's title too.
function mark() {
  const point = (element, yes, value) => (yes ? element.setAttribute("aria-current", value) : element.removeAttribute("aria-current"));
  const rows = [...document.querySelectorAll(".entry-link")];
  for (const row of rows) point(row, row.id === `row-${chosen}`, "true");
  const [view, count] = ["view", "count"].map((name) => document.querySelector(`#list [name=${name}]`));
  count.value = rows.length; // with the pages she asked for, so that renewing keeps them
  for (const link of document.querySelectorAll(".view")) point(link, link.id === `view-${view.value}`, "page");
  const { queue, unanswered } = document.getElementById("views").dataset;
  const waiting = Number(queue) + Number(unanswered);
  document.title = waiting ? `(${waiting}) Inbox` : "Inbox";
}

document.addEventListener("click", ({ target }) => {
  const on = (what) => target.closest(`[data-${what}]`);
  if (on("side")) inbox.toggleAttribute("data-side");
  if (on("jump")) opened.jump(on("jump").dataset.jump);
  if (on("close")) target.closest("dialog").close();
  if (on("open")) document.getElementById(on("open").dataset.open).showModal();
  if (target.closest(".view")) document.getElementById("q").value = "";
});

startTicking();
startTips();
startKeys({ write: (mode) => opened.write(mode) });
turnTo();
mark();
connection.start();
