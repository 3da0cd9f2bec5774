// @ts-check
/** Panel of jobs as bars, with their rate and remaining time. Ended jobs fade after a while. */
import { make, mark, write } from "../ui/dom.js";
import { amount, duration, percent, span, text } from "../ui/format.js";
import { KeyedList } from "../ui/keyed_list.js";
import { EventPanel } from "./event_panel.js";
import { jobsOf } from "./jobs.js";

/** @import { Job } from "./jobs.js" */
/** @import { View } from "./panel.js" */

/** Seconds after which an ended job fades, and after which it is removed. */
const FADES = 60;
const GOES = 600;

/** Seconds after which a failed job is removed, long enough to be seen. */
const FAILED_GOES = 6 * 3600;

/** Seconds without a step after which a running job is marked silent. */
const SILENT = 60;

const MOST_JOBS = 20;
const STATES = { running: "", completed: "✓ completed", failed: "✕ failed" };

export class JobsPanel extends EventPanel {
  constructor() {
    super({ name: "progress", event: "progress", title: "Jobs", nothing: "No job has reported yet" });
    const list = make("ul", { class: "jobs" });
    this.body.append(list);
    /** @type {KeyedList<Job, number, ReturnType<typeof jobRow>>} */
    this.list = new KeyedList(list, { key: ({ name, host }) => `${name}@${host}`, make: jobRow, fill });
    /** @type {Job[]} */
    this.jobs = [];
  }

  /**
   * @param {View} view
   * @returns {boolean}
   */
  refresh(view) {
    const other = super.refresh(view);
    // Ended jobs fade without an event.
    this.list.show(this.jobs, view.now);
    return other || this.jobs.some((job) => isPast(job, view.now));
  }

  /** @param {View} view */
  draw({ eventLists, now }) {
    this.jobs = jobsOf(eventLists.items(this.event)).filter((job) => !isPast(job, now)).slice(0, MOST_JOBS);
    write(this.notice, this.jobs.length ? "" : this.nothing);
    this.list.show(this.jobs, now);
  }
}

/** @param {Job} job */
function jobRow(job) {
  const [share, words, silence] = ["share", "words", "silence"].map((name) => make("span", { class: name }));
  const bar = make("div", { class: "meter" });
  const element = make("li", { "data-job": job.name }, make("p", {}, make("strong", {}, job.name), share), bar, words, silence);
  return { element, share, bar, words, silence };
}

/**
 * @param {ReturnType<typeof jobRow>} row
 * @param {Job} job
 * @param {number} now
 */
function fill({ element, share, bar, words, silence }, job, now) {
  const running = job.state === "running";
  const age = now - job.time;
  mark(element, "data-state", job.state);
  mark(element, "data-faded", !running && age > FADES ? "" : null);
  write(share, STATES[job.state] || (job.share === null ? "" : text(percent(job.share * 100))));
  bar.style.setProperty("--share", `${(job.share ?? (job.state === "failed" ? 1 : 0)) * 100}%`);
  write(words, statusText(job));
  write(silence, running && age > SILENT ? ` · no step for ${span(age)}` : "");
}

/**
 * @param {Job} job
 * @param {number} now
 */
function isPast({ state, time }, now) {
  return state !== "running" && now - time > (state === "failed" ? FAILED_GOES : GOES);
}

/** @param {Job} job */
function statusText({ state, done, total, rate, left, message, began, time }) {
  const counted = done === null ? "" : total === null ? amount(done) : `${amount(done)} of ${amount(total)}`;
  const parts = [counted];
  if (state === "running") parts.push(rate === null ? "" : `${amount(rate)}/s`, left === null ? "" : `${span(left)} left`);
  else if (time > began) parts.push(`took ${time - began < 60 ? span(time - began) : duration(time - began)}`);
  parts.push(message);
  return parts.filter(Boolean).join(" · ");
}
