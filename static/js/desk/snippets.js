// @ts-check
/** Code snippets that show one of this page's panels in another page. Pure. */

/**
 * @typedef {object} Shown
 * @property {string} stream absolute URL of the stream; all other URLs are relative to its folder
 * @property {string} panel
 * @property {string} title
 * @property {string} event family of the panel
 * @property {string | null} field numeric field of the family; null: a list
 * @property {string} window as in the address: 5m
 * @property {string | null} host null: the machine of the server
 */
/** @typedef {{name: string, about: string, code: string}} Snippet */

/**
 * @param {Shown} shown
 * @returns {Snippet[]} simplest first
 */
export function snippets({ stream, panel, title, event, field, window, host }) {
  const base = new URL(".", stream).href;
  const events = new URL(stream);
  events.search = query({ events: event, host });
  const frame = new URL(`embed/${panel}`, base);
  frame.search = query({ window, theme: "auto", host });
  const figure = field === null ? "JSON.parse(event.data)" : `JSON.parse(event.data).${field}`;
  const component = attributes({ src: base.slice(0, -1), panel, window, theme: "auto", host });
  const iframe = attributes({ src: frame.href, width: "640", height: "360", title, loading: "lazy" });
  return [
    {
      name: "Frame",
      about: "The panel as it is here, in a frame of any size. It follows the size of its frame.",
      code: `<iframe ${iframe} style="border: 0"></iframe>`,
    },
    {
      name: "Web component",
      about: "An element of your page, styled by custom properties. All on a page share one stream.",
      code: `<script ${attributes({ src: `${base}static/embed.js` })} async></script>\n<vitals-chart ${component}></vitals-chart>`,
    },
    {
      name: "Stream",
      about: "The figures, for a script of your own.",
      code: [
        `const stream = new EventSource(${JSON.stringify(events.href)});`,
        `stream.addEventListener(${JSON.stringify(event)}, (event) => {`,
        `  console.log(${figure});`,
        "});",
      ].join("\n"),
    },
  ];
}

/** @param {Record<string, string | null>} pairs */
function query(pairs) {
  return new URLSearchParams(given(pairs)).toString();
}

/** @param {Record<string, string | null>} pairs */
function attributes(pairs) {
  return given(pairs)
    .map(([name, value]) => `${name}="${value.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"`)
    .join(" ");
}

/**
 * @param {Record<string, string | null>} pairs
 * @returns {[string, string][]}
 */
function given(pairs) {
  return /** @type {[string, string][]} */ (Object.entries(pairs).filter(([, value]) => value !== null));
}
