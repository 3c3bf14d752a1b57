// Times as people say them, in the reader's own zone and habit.

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long" });
const OLD_DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "long", year: "numeric" });
const A_DAY = 86_400_000;

export const clock = (time) => CLOCK.format(new Date(time));

export function dayKey(time) {
  const date = new Date(time);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

export function dayName(time, now = Date.now()) {
  if (dayKey(time) === dayKey(now)) return "Today";
  if (dayKey(time) === dayKey(now - A_DAY)) return "Yesterday";
  return (now - new Date(time) < 180 * A_DAY ? DAY : OLD_DAY).format(new Date(time));
}

// "about 2–4 min" out of {low, high} in seconds, unless nobody is there to keep to it; "" where nobody knows.
export function waitRange(estimate, agents) {
  if (agents === 0) return "nobody is at the desk right now";
  if (!estimate || estimate.high == null) return "";
  if (estimate.high <= 60) return "less than a minute";
  const hours = estimate.high >= 5400;
  const unit = hours ? 3600 : 60;
  const low = Math.max(1, Math.floor(estimate.low / unit));
  const high = Math.max(low, Math.ceil(estimate.high / unit));
  return `about ${low === high ? low : `${low}–${high}`} ${hours ? "h" : "min"}`;
}
