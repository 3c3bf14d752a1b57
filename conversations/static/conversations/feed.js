// Each message of one conversation once and in order, whatever the announcements do: holes are fetched, repeats dropped.

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15_000;

export class Feed {
  #early = [];
  #filling = false;
  #heard = 0;
  #wait = FIRST_WAIT;
  #timer = 0;
  #stopped = false;

  // `fetchAfter(seq)` resolves to every message above `seq`; `show(message)` is called once each, in order.
  constructor({ after = 0, fetchAfter, show }) {
    Object.assign(this, { seq: after, fetchAfter, show });
  }

  // A message as announced: perhaps again, perhaps too early.
  take(message) {
    if (message.seq <= this.seq) return;
    if (message.seq === this.seq + 1 && !this.#filling) {
      this.#show(message);
      return;
    }
    this.#early.push(message);
    this.#fill();
  }

  // Messages as the desk listed them: all there are above what was asked for. A hole in them is an agent's note.
  settle(messages) {
    for (const message of messages.toSorted((a, b) => a.seq - b.seq)) {
      if (message.seq > this.seq) this.#show(message);
    }
  }

  // The newest seq there is, as a pong tells it.
  heard(seq) {
    if (!(seq > this.seq)) return;
    this.#heard = seq;
    this.#fill();
  }

  // Nobody reads this conversation here any more.
  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #fill() {
    if (this.#filling || this.#stopped) return;
    this.#filling = true;
    try {
      const messages = await this.fetchAfter(this.seq);
      if (this.#stopped) return;
      this.settle(messages);
      // What was announced is in the database, so what is missing below it now is not for these eyes.
      this.settle(this.#early.splice(0));
      this.seq = Math.max(this.seq, this.#heard);
      this.#wait = FIRST_WAIT;
    } catch {
      // Whatever the failure, the messages are still there: ask again, a little later each time.
      this.#timer = setTimeout(() => this.#fill(), this.#wait);
      this.#wait = Math.min(LONGEST_WAIT, this.#wait * 2);
    } finally {
      this.#filling = false;
    }
  }

  #show(message) {
    this.seq = message.seq;
    this.show(message);
  }
}

// A `fetchAfter` over REST: every page of a conversation's messages above `seq`.
export function pages(url, headers = {}) {
  return async (seq) => {
    const messages = [];
    let next = `${url}?after=${seq}&limit=200`;
    while (next) {
      const response = await fetch(next, { headers });
      if (!response.ok) throw new Error(`${response.status} for ${url}`);
      const page = await response.json();
      messages.push(...page.results);
      next = page.next && `${url}${new URL(page.next).search}`;
    }
    return messages;
  };
}
