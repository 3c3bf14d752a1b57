// Waits that count on by themselves, in the words and at the thresholds of templatetags/inbox.py.

const SOON = 3 * 60;
const LATE = 10 * 60;

const inbox = document.getElementById("inbox");
const ahead = Date.parse(inbox.dataset.now) - Date.now(); // how far the desk's clock is ahead of this machine's

export function startTicking() {
  setInterval(() => document.visibilityState === "visible" && tick(), 1000);
}

export function tick() {
  for (const wait of document.querySelectorAll(".wait[data-since]")) {
    const seconds = Math.max(0, Math.floor((Date.now() + ahead - Date.parse(wait.dataset.since)) / 1000));
    const time = wait.querySelector(".wait-time");
    const words = waited(seconds);
    if (time.textContent !== words) time.textContent = words;
    const level = seconds >= LATE || "overdue" in wait.dataset ? "late" : seconds >= SOON ? "soon" : "calm";
    if (wait.dataset.level !== level) wait.dataset.level = level;
  }
}

function waited(seconds) {
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit));
  const two = (number) => String(number).padStart(2, "0");
  if (days) return `${days} d ${hours % 24} h`;
  return hours ? `${hours} h ${two(minutes % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
