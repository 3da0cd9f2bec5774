import assert from "node:assert/strict";
import test from "node:test";
import { snippets } from "../../static/js/desk/snippets.js";

const SHOWN = { stream: "https://wall.example/stream", panel: "cpu", title: "CPU of box", event: "cpu", field: "percent", window: "5m", host: null };

/** The three by name. */
function made(changes = {}) {
  return Object.fromEntries(snippets({ ...SHOWN, ...changes }).map(({ name, code }) => [name, code]));
}

test("a frame", () => {
  assert.equal(
    made().Frame,
    '<iframe src="https://wall.example/embed/cpu?window=5m&amp;theme=auto" width="640" height="360" title="CPU of box" loading="lazy" style="border: 0"></iframe>',
  );
});

test("a web component", () => {
  assert.equal(
    made()["Web component"],
    '<script src="https://wall.example/static/embed.js" async></script>\n' +
      '<vitals-chart src="https://wall.example" panel="cpu" window="5m" theme="auto"></vitals-chart>',
  );
});

test("the stream in four lines", () => {
  const lines = made().Stream.split("\n");
  assert.equal(lines.length, 4);
  assert.equal(lines[0], 'const stream = new EventSource("https://wall.example/stream?events=cpu");');
  assert.equal(lines[1], 'stream.addEventListener("cpu", (event) => {');
  assert.match(lines[2], /JSON\.parse\(event\.data\)\.percent/);
});

test("behind a proxy, in a folder and on a port", () => {
  const found = made({ stream: "http://10.0.0.7:9000/machines/vitals/stream" });
  assert.match(found.Frame, /src="http:\/\/10\.0\.0\.7:9000\/machines\/vitals\/embed\/cpu\?/);
  assert.match(found["Web component"], /<script src="http:\/\/10\.0\.0\.7:9000\/machines\/vitals\/static\/embed\.js"/);
  assert.match(found["Web component"], /<vitals-chart src="http:\/\/10\.0\.0\.7:9000\/machines\/vitals" /);
  assert.match(found.Stream, /"http:\/\/10\.0\.0\.7:9000\/machines\/vitals\/stream\?events=cpu"/);
});

test("another machine than the server's own", () => {
  const found = made({ host: "web-1" });
  assert.match(found.Frame, /theme=auto&amp;host=web-1"/);
  assert.match(found["Web component"], / host="web-1">/);
  assert.match(found.Stream, /\?events=cpu&host=web-1"/);
});

test("a list has no one figure", () => {
  assert.match(made({ panel: "devices", event: "disk", field: null }).Stream, /events=disk"[^]*console\.log\(JSON\.parse\(event\.data\)\);/);
});

test("what is in an attribute stays in it", () => {
  assert.match(made({ title: 'a "b" & <c>' }).Frame, /title="a &quot;b&quot; &amp; <c>"/);
});
