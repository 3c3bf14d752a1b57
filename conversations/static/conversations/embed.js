// Inside a site's page: what the iframe and the loader around it tell each other.

export class Host {
  #origin = ""; // of the page that holds us; frame-ancestors has decided that it may

  // onDetails({customer, page, accent}) and onShown(open) answer to the loader.
  constructor({ onDetails, onShown }) {
    this.embedded = parent !== window;
    if (!this.embedded) return;
    addEventListener("message", ({ source, origin, data }) => {
      if (source !== parent || data?.desk !== "host") return;
      this.#origin = origin;
      if (data.details) onDetails(data.details);
      if ("open" in data) onShown(data.open);
    });
    // Tells nothing but that we are here, so anybody may hear it; all that follows goes to who answered.
    parent.postMessage({ desk: "chat", ready: true }, "*");
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.shut();
    });
  }

  shut() {
    this.#tell({ shut: true });
  }

  unread(count) {
    this.#tell({ unread: count });
  }

  #tell(what) {
    if (this.#origin) parent.postMessage({ desk: "chat", ...what }, this.#origin);
  }
}
