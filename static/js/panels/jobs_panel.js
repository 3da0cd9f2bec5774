// @ts-check
/** Jobs as bars: how far, how fast, how long to go. Those that have ended fade after a while. */
import { make, mark, write } from "../ui/dom.js";
import { amount, duration, percent, span, text } from "../ui/format.js";
import { jobsOf } from "./jobs.js";
import { EventPanel } from "./event_panel.js";

/** @typedef {import("./jobs.js").Job} Job */
/** @typedef {import("./panel.js").View} View */

/** Seconds after which a job that has ended fades, and after which it is shown no more. */
const FADES = 60;
const GOES = 600;

/** Failed ones wait for somebody to see them. */
const FAILED_GOES = 6 * 3600;

/** A job that runs but has not reported for so many seconds is said to be silent. */
const SILENT = 60;

const MOST_JOBS = 20;
const STATES = { running: "", completed: "✓ completed", failed: "✕ failed" };

export class JobsPanel extends EventPanel {
  constructor() {
    super({ name: "progress", event: "progress", title: "Jobs", nothing: "No job has reported yet" });
    this.list = make("ul", { class: "jobs" });
    this.body.append(this.list);
    /** @type {{row: HTMLElement, name: HTMLElement, share: HTMLElement, bar: HTMLElement, words: HTMLElement, silence: HTMLElement}[]} */
    this.rows = [];
    /** @type {Job[]} */
    this.jobs = [];
  }

  /**
   * @param {View} view
   * @returns {boolean}
   */
  refresh(view) {
    const other = super.refresh(view);
    // Ends fade as time goes by, without any event.
    this.rows.forEach(({ row, silence }, index) => {
      const job = this.jobs[index];
      if (!job) return;
      mark(row, "data-faded", job.state !== "running" && view.now - job.time > FADES ? "" : null);
      const silent = job.state === "running" && view.now - job.time > SILENT;
      write(silence, silent ? ` · no step for ${span(view.now - job.time)}` : "");
    });
    return other || this.jobs.some((job) => isPast(job, view.now));
  }

  /** @param {View} view */
  draw({ eventLists, now }) {
    this.jobs = jobsOf(eventLists.items(this.event)).filter((job) => !isPast(job, now)).slice(0, MOST_JOBS);
    write(this.notice, this.jobs.length ? "" : this.nothing);
    while (this.rows.length < this.jobs.length) this.#addRow();
    this.rows.forEach(({ row, name, share, bar, words }, index) => {
      const job = this.jobs[index];
      mark(row, "hidden", job ? null : "");
      if (!job) return;
      mark(row, "data-job", job.name);
      mark(row, "data-state", job.state);
      write(name, job.name);
      write(share, STATES[job.state] || (job.share === null ? "" : text(percent(job.share * 100))));
      bar.style.setProperty("--share", `${(job.share ?? (job.state === "failed" ? 1 : 0)) * 100}%`);
      write(words, statusText(job));
    });
  }

  #addRow() {
    const [name, share] = [make("strong"), make("span", { class: "share" })];
    const [words, silence] = [make("span", { class: "words" }), make("span", { class: "silence" })];
    const bar = make("div", { class: "meter" });
    const row = make("li", {}, make("p", {}, name, share), bar, words, silence);
    this.list.append(row);
    this.rows.push({ row, name, share, bar, words, silence });
  }
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
