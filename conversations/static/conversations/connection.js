// One socket to the desk that stays: says hello, keeps its heart beating, comes back when it breaks.

const PING_EVERY = 10_000;
const SILENCE = 25_000; // nothing for so long, not even a pong: the line is dead though nobody said so
const WELCOME_WITHIN = 10_000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const REFUSED = 4404; // not yours, or not any more: coming back would change nothing
const FULL = 1013;

export const socketUrl = (path) => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;

export class Connection {
  #socket = null;
  #timers = {};
  #attempts = 0;
  #heardAt = 0;
  #running = false;
  state = "idle"; // connecting · online · reconnecting · offline · refused

  // `hello` returns the first frame, asked anew at each opening; `onFrame` gets every frame, the welcome too.
  constructor({ path, hello, onFrame, onState = () => {} }) {
    Object.assign(this, { path, hello, onFrame, onState });
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    addEventListener("online", this.#hurry);
    addEventListener("offline", this.#cutOff);
    document.addEventListener("visibilitychange", this.#lookedAt);
    this.#open();
  }

  stop() {
    this.#running = false;
    removeEventListener("online", this.#hurry);
    removeEventListener("offline", this.#cutOff);
    document.removeEventListener("visibilitychange", this.#lookedAt);
    this.#drop();
    this.#become("idle");
  }

  get online() {
    return this.state === "online";
  }

  // Whether the frame left; what must arrive is kept by whoever sent it (see Outbox).
  send(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN || (!this.online && frame.type !== "hello")) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  // Asks at once what was missed, instead of at the next heartbeat.
  ping() {
    this.send({ type: "ping" });
  }

  #open() {
    this.#drop();
    if (this.state !== "reconnecting" && this.state !== "offline") this.#become("connecting");
    const socket = (this.#socket = new WebSocket(socketUrl(this.path)));
    socket.onopen = () => this.send({ type: "hello", ...this.hello() });
    socket.onmessage = ({ data }) => socket === this.#socket && this.#hear(JSON.parse(data));
    socket.onclose = ({ code }) => socket === this.#socket && this.#lost(code);
    this.#timers.welcome = setTimeout(() => this.#lost(), WELCOME_WITHIN);
  }

  #hear(frame) {
    this.#heardAt = Date.now();
    if (frame.type === "welcome") this.#welcomed();
    if (frame.type === "resync") this.#timers.resync = setTimeout(() => this.#open(), frame.in * 1000);
    this.onFrame(frame);
    if (frame.type === "welcome") this.#become("online");
  }

  #welcomed() {
    clearTimeout(this.#timers.welcome);
    this.#attempts = 0;
    this.#timers.ping = setInterval(() => {
      if (Date.now() - this.#heardAt > SILENCE) this.#lost();
      else this.ping();
    }, PING_EVERY);
  }

  #lost(code) {
    this.#drop();
    if (!this.#running) return;
    if (code === REFUSED) {
      this.stop();
      this.#become("refused");
      return;
    }
    this.#become(navigator.onLine ? "reconnecting" : "offline");
    // Full jitter: after a restart a thousand clients come back spread out, not in waves.
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#attempts++);
    const wait = Math.random() * longest + (code === FULL ? 2000 : 0);
    this.#timers.again = setTimeout(() => this.#open(), wait);
  }

  #drop() {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#timers = {};
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.onState(state);
  }

  #hurry = () => {
    this.#attempts = 0;
    if (!this.online) this.#open();
  };

  #cutOff = () => this.#lost();

  // A tab that slept has missed timers and frames alike.
  #lookedAt = () => {
    if (document.visibilityState !== "visible") return;
    if (this.online) this.ping();
    else if (this.#running) this.#hurry();
  };
}
