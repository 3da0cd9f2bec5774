import assert from "node:assert/strict";
import test from "node:test";
import { TimeWindow } from "../../static/js/state/time_window.js";

test("live, the edge moves by whole intervals, and with a sample that is a little later", () => {
  const timeWindow = new TimeWindow(300);
  assert.deepEqual(timeWindow.span(1000.9, 999.01, 1), { from: 700, to: 1000 });
  assert.deepEqual(timeWindow.span(1000.9, 1000.02, 1), { from: 700.02, to: 1000.02 });
  assert.deepEqual(timeWindow.span(1009, 990, 10), { from: 700, to: 1000 });
  // A sample from the future moves nothing: that is the clock's to judge.
  assert.deepEqual(timeWindow.span(1000.5, 2000, 1), { from: 700.5, to: 1000.5 });
});

test("it grows with what there is, from half a minute to its length", () => {
  const timeWindow = new TimeWindow(300);
  const lengths = [999, 980, 900, 704, 702, 700, 100, null].map((oldest) => 1000 - timeWindow.span(1000, 999.5, 1, oldest).from);
  assert.equal(1000 - new TimeWindow(10).span(1000, 999.5, 1, 999).from, 10);
  assert.deepEqual(lengths, [30, 30, 100, 296, 300, 300, 300, 300]);
  assert.equal(new TimeWindow(3600).span(3600, 3600, 1, 3500).from, 0, "a long one was asked for");
});

test("held, it stays, whatever the time is", () => {
  const timeWindow = new TimeWindow(300);
  timeWindow.pause({ from: 10, to: 310 });
  assert.equal(timeWindow.live, false);
  assert.equal(timeWindow.zoomed, false);
  assert.deepEqual(timeWindow.span(9999, 9999, 1), { from: 10, to: 310 });
  timeWindow.pause({ from: 500, to: 800 });
  assert.deepEqual(timeWindow.span(9999, 9999, 1), { from: 10, to: 310 }, "stopped already");
  timeWindow.follow();
  assert.equal(timeWindow.live, true);
  assert.deepEqual(timeWindow.span(9999, 9999, 1), { from: 9699, to: 9999 });
});

test("zoomed, one may zoom further, but not between two samples", () => {
  const timeWindow = new TimeWindow(300);
  timeWindow.zoom({ from: 100, to: 101.9 });
  assert.equal(timeWindow.live, true);
  timeWindow.zoom({ from: 100, to: 160 });
  timeWindow.zoom({ from: 110, to: 120 });
  timeWindow.zoom({ from: 111, to: 112 });
  assert.equal(timeWindow.zoomed, true);
  assert.deepEqual(timeWindow.span(9999, 9999, 1), { from: 110, to: 120 });
  timeWindow.follow();
  assert.equal(timeWindow.zoomed, false);
});

test("what is held is not what the page goes on changing", () => {
  const timeWindow = new TimeWindow(300);
  const view = { from: 10, to: 310, now: 310 };
  timeWindow.pause(view);
  view.from = 500;
  assert.deepEqual(timeWindow.held, { from: 10, to: 310 });
});
