// @ts-check
/*
 * Defines <vitals-chart src="https://wall.example" panel="cpu"> and
 * <vitals-number src="https://wall.example" value="cpu.percent"> for any page; see docs/embedding.md.
 *
 * A classic script, so that every page may load it. The content of the elements comes from modules of the
 * server named by `src`, which only origins in its ALLOWED_ORIGINS may import. While a server cannot be
 * read, the element shows the reason, and the request is repeated.
 */
(() => {
  "use strict";
  if (customElements.get("vitals-chart")) return;

  const script = document.currentScript ?? document.querySelector('script[src*="/static/embed.js"]');
  const home = script instanceof HTMLScriptElement ? script.src.replace(/\/static\/embed\.js.*$/, "") : "";

  /** Milliseconds for an answer; before a second try; most before any further one. */
  const PATIENCE = 10_000;
  const FIRST_PAUSE = 1000;
  const LONGEST_PAUSE = 20_000;

  /** @typedef {{build: string, host: string, interval: number, events?: string[]}} Facts answer of GET /embed */
  /** @typedef {{change: () => void, destroy: () => void}} Shown content of an element, made by a module of the server */

  const styles = {
    chart: sheet(`
      :host { display: block; position: relative; aspect-ratio: 16 / 9; overflow: hidden; }
      @supports not (aspect-ratio: 1) { :host::before { content: ""; display: block; padding-top: 56.25%; } }
      .message { position: absolute; inset: 0; display: grid; place-content: center; padding: 1em;
        overflow: auto; font: 14px/1.4 system-ui, sans-serif; text-align: center; }`),
    number: sheet(`
      :host { display: inline-block; }
      .message { display: inline-block; padding: 0 0.4em; font: 13px/1.4 system-ui, sans-serif; }`),
  };

  /**
   * @param {string} text
   * @returns {(root: ShadowRoot) => HTMLElement[]} gives a root the style sheet, and returns what of that is content
   */
  function sheet(text) {
    const whole = `.message { all: initial; box-sizing: border-box; color: #4a3000; background: #fff0cc;
      overflow-wrap: anywhere; } ${text} :host([hidden]) { display: none; }`;
    try {
      const made = new CSSStyleSheet();
      made.replaceSync(whole);
      return (root) => {
        root.adoptedStyleSheets = [made];
        return [];
      };
    } catch {
      // Firefox of before 2022, Safari of before 2023. A Content-Security-Policy may forbid it.
      return (root) => {
        const style = document.createElement("style");
        style.textContent = whole;
        root.append(style);
        return [style];
      };
    }
  }

  /**
   * @param {string} address
   * @param {string} [base]
   * @returns {URL | null}
   */
  function parsed(address, base) {
    try {
      return new URL(address, base);
    } catch {
      return null;
    }
  }

  /** Directives of the page's Content-Security-Policy that blocked a server, by origin. @type {Map<string, string>} */
  const blocked = new Map();
  document.addEventListener("securitypolicyviolation", ({ blockedURI, effectiveDirective }) => {
    const url = parsed(blockedURI);
    if (url && /^(connect|script|style)-src/.test(effectiveDirective)) blocked.set(url.origin, effectiveDirective);
  });

  /**
   * @param {string} url
   * @param {RequestInit} [options]
   */
  function get(url, options) {
    const patience = new AbortController();
    setTimeout(() => patience.abort(), PATIENCE);
    return fetch(url, { cache: "no-store", signal: patience.signal, ...options });
  }

  /**
   * @param {string} address
   * @param {string} query with the key, or empty
   * @returns {Promise<Facts>} throws an Error with a message for the reader of the page
   */
  async function question(address, query) {
    const answer = await get(`${address}/embed${query}`).catch(() => null);
    if (!answer) throw new Error(await whyNot(address));
    if (answer.status === 401 && !query) throw new Error(wantsToken(address));
    const facts = await answer.json().catch(() => null);
    if (!answer.ok) throw new Error(`${address} answered ${answer.status}${facts?.detail ? `: ${facts.detail}` : ""}`);
    if (!facts?.build) throw new Error(`what answers at ${address} is not Vitals`);
    return facts;
  }

  /**
   * @param {string} address of a server that could not be read
   * @returns {Promise<string>}
   */
  async function whyNot(address) {
    // A request that every page may send to every server; it shows only that there is an answer.
    const there = await get(`${address}/healthz`, { mode: "no-cors" }).catch(() => null);
    await new Promise((resolve) => setTimeout(resolve)); // violations are reported a little later
    const { origin: its } = new URL(address);
    if (blocked.has(its)) return `this page's Content-Security-Policy (${blocked.get(its)}) does not let in ${its}`;
    if (!there) {
      const mixed = location.protocol === "https:" && address.startsWith("http:");
      return `${address} cannot be reached${mixed ? "; a page with HTTPS can read only servers with HTTPS" : ""}`;
    }
    // It may have come back between the two requests.
    if (await get(`${address}/embed`).catch(() => null)) return `${address} was away for a moment`;
    if (origin === "null") return `a page that is a file has no origin that ${address} could let in`;
    return `${origin} is not in ALLOWED_ORIGINS of ${address}`;
  }

  /** @param {string} address */
  function wantsToken(address) {
    if (new URL(address).origin === origin) return `reading needs the token: sign in at ${address}/sign-in`;
    return `${address} wants its read token, and browsers do not send its sign-in from pages of other origins: give the element a key, of flask sign`;
  }

  /** Server, asked once for all elements that name it. */
  class Server {
    /**
     * @param {string} address without a slash at its end
     * @param {string} query "?key=…", or nothing
     */
    constructor(address, query) {
      this.address = address;
      this.query = query;
      /** @type {Set<Holder>} */
      this.holders = new Set();
      /** @type {Facts | null} */
      this.facts = null;
      this.trouble = "";
      this.attempts = 0;
      this.asking = false;
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      this.timer = undefined;
    }

    /** @param {Holder} holder */
    join(holder) {
      this.holders.add(holder);
      if (this.facts) holder.begin(this.facts);
      else {
        holder.say(this.trouble);
        this.#ask();
      }
    }

    /** @param {Holder} holder */
    leave(holder) {
      this.holders.delete(holder);
      if (this.holders.size === 0) this.#stopWaiting();
    }

    /** Tries again at once. */
    hurry() {
      if (this.timer === undefined) return;
      this.#stopWaiting();
      this.#ask();
    }

    /** @param {string} trouble reason why nothing can be shown */
    fail(trouble) {
      this.facts = null;
      this.trouble = `${trouble}; trying again`;
      for (const holder of this.holders) {
        holder.end();
        holder.say(this.trouble);
      }
      if (this.timer !== undefined || this.holders.size === 0) return;
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.attempts);
      this.attempts += 1;
      this.timer = setTimeout(() => this.hurry(), pause * (0.5 + Math.random() / 2));
    }

    async #ask() {
      if (this.asking || this.timer !== undefined) return;
      this.asking = true;
      const answer = await question(this.address, this.query).catch((/** @type {Error} */ error) => error.message);
      this.asking = false;
      if (typeof answer === "string") this.fail(answer);
      else {
        this.facts = answer;
        for (const holder of this.holders) holder.begin(answer);
      }
    }

    #stopWaiting() {
      clearTimeout(this.timer);
      this.timer = undefined;
    }
  }

  /** @type {Map<string, Server>} */
  const servers = new Map();
  addEventListener("online", () => servers.forEach((server) => server.hurry()));

  /** State of one element. */
  class Holder {
    /**
     * @param {HTMLElement} element
     * @param {ReturnType<typeof sheet>} style
     */
    constructor(element, style) {
      this.element = element;
      this.root = element.attachShadow({ mode: "open" });
      this.style = style(this.root);
      /** @type {Server | null} */
      this.server = null;
      /** @type {Shown | null} */
      this.shown = null;
      /** Number of the current `begin`; results of earlier ones are discarded. */
      this.turn = 0;
      this.changing = false;
    }

    join() {
      this.leave();
      const given = this.element.getAttribute("src") ?? home;
      const url = given && parsed(given, document.baseURI);
      if (!url) {
        this.say("src is not there: the address of a Vitals server, such as https://wall.example");
        return;
      }
      const address = url.href.replace(/\/+$/, "");
      const key = this.element.getAttribute("key");
      const query = key ? `?key=${encodeURIComponent(key)}` : "";
      this.server = servers.get(address + query) ?? new Server(address, query);
      servers.set(address + query, this.server);
      this.server.join(this);
    }

    leave() {
      this.server?.leave(this);
      this.server = null;
      this.end();
    }

    /** @param {Facts} facts */
    async begin(facts) {
      const { element, root, server } = this;
      if (!server) return;
      this.end();
      const { turn } = this;
      const { address, query, attempts } = server;
      const refused = () => server.fail(query ? `${address} does not take the key any more` : wantsToken(address));
      try {
        // By the standard a module that failed to load is not requested again under its URL.
        const { show } = await import(`${address}/static/js/embed/${element.localName}.js${attempts ? `?${attempts}` : ""}`);
        const shown = await show({ element, root, address, query, facts, refused, say: (/** @type {string} */ text) => this.say(text) });
        if (turn !== this.turn) return shown.destroy();
        this.shown = shown;
        shown.change();
        Object.assign(server, { attempts: 0, trouble: "" });
      } catch {
        if (turn === this.turn) server.fail(await whyNot(address));
      }
    }

    end() {
      this.turn += 1;
      this.shown?.destroy();
      this.shown = null;
      this.root.replaceChildren(...this.style);
    }

    /** @param {string} name of the changed attribute */
    change(name) {
      if (!this.element.isConnected) return;
      if (name === "src" || name === "key") this.join();
      else if (!this.changing) {
        // Several attributes are often changed at once.
        this.changing = true;
        queueMicrotask(() => {
          this.changing = false;
          this.shown?.change();
        });
      }
    }

    /** @param {string} text for the reader of the page; empty removes it */
    say(text) {
      this.root.querySelector(".message")?.remove();
      if (!text) return;
      const message = document.createElement("p");
      message.className = "message";
      message.setAttribute("role", "status");
      message.textContent = text;
      this.root.append(message);
    }
  }

  /**
   * @param {ReturnType<typeof sheet>} style
   * @param {string[]} attributes
   */
  function elementWith(style, attributes) {
    return class extends HTMLElement {
      static observedAttributes = ["src", "key", "host", ...attributes];

      #holder = new Holder(this, style);

      connectedCallback() {
        this.#holder.join();
      }

      disconnectedCallback() {
        this.#holder.leave();
      }

      /**
       * @param {string} name
       * @param {string | null} before
       * @param {string | null} now
       */
      attributeChangedCallback(name, before, now) {
        if (before !== now) this.#holder.change(name);
      }
    };
  }

  customElements.define("vitals-chart", elementWith(styles.chart, ["panel", "window", "theme", "distance"]));
  customElements.define(
    "vitals-number",
    class extends elementWith(styles.number, ["value"]) {
      /** @returns {number | null} current figure; null while there is none to show */
      get number() {
        const text = this.getAttribute("data-number");
        return text === null ? null : Number(text);
      }
    },
  );
})();
