// The loader a site puts on its pages: a launcher, and the chat in an iframe once somebody asks for it.
//
//   <script src="https://desk.example/widget.js" async data-accent="#7a3b2e" data-side="left"
//           data-name data-email data-external-id data-identity-hash data-theme="light|dark"></script>
//
// Only the launcher is loaded before the first click. Supportdesk.open() and Supportdesk.close() do what a click does.
(() => {
  const script = document.currentScript;
  const origin = new URL(script.src).origin;
  const { accent = "", side, theme, name, email, externalId, identityHash } = script.dataset;
  const brand = CSS.supports("color", accent) ? accent : "oklch(0.47 0.09 222)";
  const STATE = "supportdesk.widget"; // "open" or "used", for the tab
  const OPEN_ICON = "M6.5 4h11A3.5 3.5 0 0 1 21 7.5v6a3.5 3.5 0 0 1-3.5 3.5H12l-5.5 4v-4A3.5 3.5 0 0 1 3 13.5v-6A3.5 3.5 0 0 1 6.5 4Z";
  const CLOSE_ICON = "m6 9 6 6 6-6";

  // The lightness is ours, so white on the site's colour always holds its contrast.
  const styles = new CSSStyleSheet();
  styles.replaceSync(`
    :host { all: initial; }
    .launcher { position: fixed; z-index: 2147483000; inset-block-end: 20px; inset-inline-end: 20px; display: grid;
      place-items: center; width: 56px; height: 56px; padding: 0; border: 0; border-radius: 50%; cursor: pointer;
      background: ${brand}; background: oklch(from ${brand} 0.47 min(c, 0.17) h); color: #fff;
      box-shadow: 0 1px 2px rgb(10 20 25 / .2), 0 8px 24px -6px rgb(10 20 25 / .35); transition: filter .12s; }
    .launcher:hover { filter: brightness(1.12); }
    .launcher:focus-visible { outline: 3px solid #fff; box-shadow: 0 0 0 5px #16202a; }
    svg { width: 26px; height: 26px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linejoin: round;
      stroke-linecap: round; }
    .badge { position: absolute; inset-block-start: -4px; inset-inline-end: -4px; min-width: 22px; padding: 0 5px;
      box-sizing: border-box; border-radius: 11px; background: #b3261e; color: #fff; font: 600 12px/22px system-ui, sans-serif;
      text-align: center; }
    .panel { position: fixed; z-index: 2147483000; inset-block-end: 88px; inset-inline-end: 20px; width: 400px;
      height: min(700px, calc(100dvh - 108px)); overflow: hidden; border-radius: 14px; background: canvas;
      box-shadow: 0 1px 2px rgb(10 20 25 / .2), 0 16px 48px -10px rgb(10 20 25 / .4); }
    .left, .left.panel { inset-inline: 20px auto; }
    iframe { display: block; width: 100%; height: 100%; border: 0; }
    [hidden] { display: none; }
    @media (max-width: 600px) {
      .panel, .left.panel { inset: 0; width: auto; height: 100dvh; border-radius: 0; }
      .panel:not([hidden]) ~ .launcher { display: none; }
    }
    @media (prefers-reduced-motion: reduce) { .launcher { transition: none; } }`);

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [styles];
  const panel = make("div", { class: "panel", hidden: "" });
  const launcher = make("button", { class: "launcher", type: "button", "aria-expanded": "false" });
  const badge = make("span", { class: "badge", hidden: "" });
  if (side === "left") for (const element of [panel, launcher]) element.classList.add("left");
  launcher.append(drawing(OPEN_ICON), badge);
  root.append(panel, launcher);
  let frame = null;
  let ready = false; // the chat inside has said so; before that there is nobody to tell
  let unread = 0;

  launcher.addEventListener("click", () => show(panel.hidden));
  addEventListener("keydown", (event) => event.key === "Escape" && !panel.hidden && show(false));
  addEventListener("message", ({ source, origin: from, data }) => {
    if (!frame || source !== frame.contentWindow || from !== origin || data?.desk !== "chat") return;
    if (data.ready) {
      ready = true;
      tell({ details: details(), open: !panel.hidden });
    }
    if (data.shut) show(false);
    if ("unread" in data) label(data.unread);
  });
  label(0);
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
  window.Supportdesk = { open: () => show(true), close: () => show(false) };

  function begin() {
    document.body.append(host);
    const state = remembered();
    if (state === "open") show(true, false);
    else if (state) (window.requestIdleCallback ?? setTimeout)(load); // somebody who talks here hears of answers
  }

  function show(open, focus = true) {
    load();
    panel.hidden = !open;
    launcher.setAttribute("aria-expanded", String(open));
    launcher.firstChild.replaceWith(drawing(open ? CLOSE_ICON : OPEN_ICON));
    label(open ? 0 : unread);
    tell({ open });
    remember(open ? "open" : "used");
    if (focus) (open ? frame : launcher).focus();
  }

  function load() {
    if (frame) return;
    frame = make("iframe", { src: `${origin}/chat/embed/`, title: "Chat" });
    panel.append(frame);
  }

  function details() {
    const customer = { name, email, external_id: externalId, identity_hash: identityHash };
    return { customer: JSON.parse(JSON.stringify(customer)), page: location.origin + location.pathname, accent, theme };
  }

  function tell(what) {
    if (ready) frame.contentWindow.postMessage({ desk: "host", ...what }, origin);
  }

  function label(count) {
    unread = count;
    badge.hidden = !count;
    badge.textContent = count > 99 ? "99+" : count;
    const news = count ? `, ${count} unread` : "";
    launcher.setAttribute("aria-label", panel.hidden ? `Open the chat${news}` : "Close the chat");
  }

  function remembered() {
    try {
      return sessionStorage.getItem(STATE);
    } catch {
      return null; // storage is refused: then every page starts with the launcher alone
    }
  }

  function remember(state) {
    try {
      sessionStorage.setItem(STATE, state);
    } catch {
      // as above
    }
  }

  function make(tag, attributes) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  function drawing(path) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.append(document.createElementNS("http://www.w3.org/2000/svg", "path"));
    svg.firstChild.setAttribute("d", path);
    return svg;
  }
})();
