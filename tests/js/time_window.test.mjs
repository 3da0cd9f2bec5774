import assert from "node:assert/strict";
import test from "node:test";
import { Timeline } from "../../static/js/state/time_window.js";

test("live, the edge moves by whole intervals, and with a sample that is a little later", () => {
  const timeline = new Timeline(300);
  assert.deepEqual(timeline.span(1000.9, 999.01, 1), { from: 700, to: 1000 });
  assert.deepEqual(timeline.span(1000.9, 1000.02, 1), { from: 700.02, to: 1000.02 });
  assert.deepEqual(timeline.span(1009, 990, 10), { from: 700, to: 1000 });
  // A sample from the future moves nothing: that is the clock's to judge.
  assert.deepEqual(timeline.span(1000.5, 2000, 1), { from: 700.5, to: 1000.5 });
});

test("held, it stays, whatever the time is", () => {
  const timeline = new Timeline(300);
  timeline.pause({ from: 10, to: 310 });
  assert.equal(timeline.live, false);
  assert.equal(timeline.zoomed, false);
  assert.deepEqual(timeline.span(9999, 9999, 1), { from: 10, to: 310 });
  timeline.pause({ from: 500, to: 800 });
  assert.deepEqual(timeline.span(9999, 9999, 1), { from: 10, to: 310 }, "stopped already");
  timeline.follow();
  assert.equal(timeline.live, true);
  assert.deepEqual(timeline.span(9999, 9999, 1), { from: 9699, to: 9999 });
});

test("zoomed, one may zoom further, but not between two samples", () => {
  const timeline = new Timeline(300);
  timeline.zoom({ from: 100, to: 101.9 });
  assert.equal(timeline.live, true);
  timeline.zoom({ from: 100, to: 160 });
  timeline.zoom({ from: 110, to: 120 });
  timeline.zoom({ from: 111, to: 112 });
  assert.equal(timeline.zoomed, true);
  assert.deepEqual(timeline.span(9999, 9999, 1), { from: 110, to: 120 });
  timeline.follow();
  assert.equal(timeline.zoomed, false);
});

test("what is held is not what the page goes on changing", () => {
  const timeline = new Timeline(300);
  const view = { from: 10, to: 310, now: 310 };
  timeline.pause(view);
  view.from = 500;
  assert.deepEqual(timeline.held, { from: 10, to: 310 });
});
