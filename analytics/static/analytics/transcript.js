// A conversation to read, drawn by the one renderer of messages.

import { Thread } from "../conversations/thread.js";

const thread = new Thread(document.getElementById("thread"), { me: "agent" });
thread.addAll(JSON.parse(document.getElementById("messages").textContent));
