// The desk's REST calls a customer's page makes, and what can go wrong with them.

export class Refusal extends Error {
  constructor(status, detail, retryAfter) {
    super(detail);
    Object.assign(this, { status, detail, retryAfter });
  }
}

// Resolves to the answer; rejects with a Refusal the desk gave, or a TypeError where there was no desk to give one.
export async function call(path, { token = "", method = "POST", body } = {}) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body), credentials: "omit" });
  const answer = await response.json().catch(() => ({})); // a proxy's error page is no JSON
  if (response.ok) return answer;
  const detail = answer.detail ?? Object.values(answer).flat()[0] ?? "The desk could not do that.";
  throw new Refusal(response.status, String(detail), Number(response.headers.get("Retry-After")) || 0);
}

// Whether asking again later may help.
export const passing = (error) => !(error instanceof Refusal) || error.status === 429 || error.status >= 500;

// Calls `work` until it succeeds or is refused for good; tells `onWait(seconds, error)` before each pause.
export async function persist(work, onWait) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!passing(error)) throw error;
      const wait = error.retryAfter || Math.min(15, 2 ** attempt) * (0.5 + Math.random() / 2);
      onWait(wait, error);
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    }
  }
}
