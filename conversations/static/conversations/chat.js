// The one client: everything a page needs to hold a conversation. Chat page, widget and inbox take it from here.
//
// Modules name each other by relative path, in double quotes and with a semicolon: that is what supportdesk/storage.py
// finds and rewrites to the hashed name. (It finds the word before "from" in prose as well, so no comment may hold it.)
// A page loads its own entry with <script type="module" src="{% static 'app/entry.js' %}">.
//
// What they are for:
//   Connection  the socket: hello, heartbeat, reconnecting with full jitter, the words for its state
//   Feed        each message of one conversation once and in order, whatever arrives how
//   Outbox      what was written and is not acknowledged yet; sent again with the same client_id until it is
//   Thread      draws messages, pieces of a reply, typing; keeps its place; says what has been seen
//   Composer    the field and its button
//
// One conversation's wiring is in page.js, readable top to bottom.

export { Connection, socketUrl } from "./connection.js";
export { Feed, pages } from "./feed.js";
export { Outbox, newId } from "./outbox.js";
export { Thread } from "./thread.js";
export { Composer } from "./composer.js";
export { richText, plainText } from "./text.js";
export { clock, dayName, waitRange } from "./time.js";
export { el, icon } from "./dom.js";
