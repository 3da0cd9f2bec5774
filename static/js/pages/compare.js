// @ts-check
/** Entry point of the page that compares one figure of several machines. Composition only. */
import { DEFAULTS, readAddress } from "../config/page_url.js";
import { covering } from "../config/scope.js";
import { readSettings } from "../config/server_config.js";
import { MOST } from "../fleet/comparechart.js";
import { Comparison } from "../fleet/comparison.js";
import { FIGURES } from "../fleet/figures.js";
import { wrongHosts } from "../fleet/fleet_url.js";
import { Kiosk } from "../kiosk/kiosk.js";
import { valueOf } from "../panels/named_values.js";
import { connectToSharedBroker } from "../streaming/transport.js";
import { applyAppearance, watchAppearance } from "../ui/appearance.js";
import { find, write } from "../ui/dom.js";
import { clock } from "../ui/format.js";
import { PageLinkStatus } from "../ui/link_status.js";
import { Notes } from "../ui/notes.js";
import { Theme } from "../ui/theme.js";

/** Most lines that can be told apart from a distance. */
const MOST_FROM = { "2m": 6, "4m": 4, "8m": 2 };

const FIRST = "cpu.percent";

const root = document.documentElement;
const settings = readSettings(root);

const query = new URLSearchParams(location.search);
const [asked, named] = [query.get("metric"), query.get("host")];
query.delete("metric");
query.delete("host");
const { display, problems } = readAddress(query.toString(), { tiles: [], panels: [] });

applyAppearance(root, display);

const notes = new Notes(find(root, "[data-notes]"));
problems.forEach((problem, index) => notes.say(`address-${index}`, problem));
const wrong = named === null ? "machines are named in the address: host=web-1,web-2 or host=web-*" : wrongHosts(named);
if (wrong) notes.say("address-host", named === null ? wrong : `host="${named.slice(0, 40)}": ${wrong}`);
const hosts = named === null || wrong ? [] : named.split(",");
const known = asked === null ? null : valueOf(asked);
if (asked !== null && !known) notes.say("address-metric", `metric="${asked.slice(0, 40)}": wanted is a figure such as cpu.percent or network.sent_bytes_per_second`);
const name = known && asked ? asked : FIRST;
const value = /** @type {import("../panels/named_values.js").Value} */ (known ?? valueOf(FIRST));

const may = covering(settings.may)(value.event);
if (!may) notes.say("rights", `the link that you came by does not show ${value.event}`);

const most = display.distance ? MOST_FROM[display.distance] : MOST;
const link = new PageLinkStatus(root);
const kiosk = new Kiosk({ root, settings, display, notes });
const field = name.slice(value.event.length + 1);
const columns = name === "filesystem.percent" ? /^mounts\..*\.percent$/ : new RegExp(`^${field.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`);
write(find(root, "[data-metric]"), FIGURES[name]?.title ?? name);
const comparison = new Comparison({
  settings,
  display: { ...DEFAULTS, ...display },
  metric: { name, value, columns },
  hosts,
  most,
  theme: new Theme(root),
  box: find(root, "[data-plot]"),
  signals: kiosk.signals,
  connect: (connect) => connectToSharedBroker(settings.build, connect),
  listener: {
    link: (facts) => link.show(facts),
    draw: (now) => write(find(root, "[data-clock]"), clock(now)),
    chosen: (_chosen, all) => notes.say("most", all > most ? `${all} machines are asked for; shown are the first ${most}, which can be told apart` : ""),
    hello: (hello) => kiosk.hello(hello),
    signal: (_name, data) => kiosk.signal(data),
  },
});

watchAppearance(root, display, comparison);
if (hosts.length && may) {
  comparison.start();
  kiosk.start(comparison);
}

const { store, stream } = comparison;

/** State of the page, for the browser's console and for tests. */
export { comparison, store, stream };
