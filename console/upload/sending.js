// Files on their way: asked for in batches, sent a few at a time, large ones in parts, verdicts awaited. Lives as
// long as the page, whatever view is open. A lost connection pauses it; what storage has is never sent twice.

import { get, path, Problem, write } from "../api.js";
import { again, put, Refused } from "./transfer.js";

const AT_ONCE = 4;
const BATCH = 50;
const ASKED_AT_ONCE = 40;
const VERDICT_SECONDS = 3;

/** An item: {id, project, purpose, label, name, file, size, sent, state, problem, hash, image}; states are
 * "queued", "sending", "paused", "sent" (awaits its verdict), "decided", "failed", "cancelled". */
class Sending extends EventTarget {
  items = [];
  #working = 0;
  #granting = null;
  #asking = null;
  #told = false;
  #next = 0;

  add(project, purpose, label, files) {
    for (const { file, name } of files) {
      this.#next += 1;
      this.items.push({ id: this.#next, project, purpose, label, name, file, size: file.size, sent: 0, state: "queued", stop: new AbortController() });
    }
    this.#tell();
    this.#pump();
  }

  summary() {
    const open = this.items.filter((item) => ["queued", "sending", "paused"].includes(item.state));
    return { open: open.length, project: open[0]?.project ?? null };
  }

  /** Sends what failed once more. */
  retry(item) {
    Object.assign(item, { state: "queued", problem: null, sent: 0, grant: null, session: null, stop: new AbortController() });
    this.#tell();
    this.#pump();
  }

  cancel(item) {
    item.stop.abort();
    item.state = "cancelled";
    if (item.session) write("POST", path("projects", item.project, "uploads", "abort"), { session: item.session }).catch(() => {});
    this.#tell();
  }

  /** Forgets what is over. */
  clear(project) {
    this.items = this.items.filter((item) => item.project !== project || ["queued", "sending", "paused", "sent"].includes(item.state));
    this.#tell();
  }

  #tell() {
    if (this.#told) return;
    this.#told = true;
    setTimeout(() => {
      this.#told = false;
      this.dispatchEvent(new Event("change"));
    }, 100);
  }

  #pump() {
    while (this.#working < AT_ONCE) {
      const item = this.items.find((one) => one.state === "queued");
      if (!item) return;
      item.state = "sending";
      this.#working += 1;
      this.#send(item).finally(() => {
        this.#working -= 1;
        this.#tell();
        this.#pump();
      });
    }
  }

  async #send(item) {
    const progress = (sent) => {
      item.sent = sent;
      this.#tell();
    };
    const pause = (isPaused) => {
      item.state = isPaused ? "paused" : "sending";
      this.#tell();
    };
    try {
      item.grant ??= await again(() => this.#grant(item), pause, item.stop.signal);
      if (item.grant.session) await this.#sendParts(item, progress, pause);
      else await this.#sendWhole(item, progress, pause);
      item.state = "sent";
      item.sent = item.size;
      item.sentAt = Date.now();
      item.file = null;
      this.#awaitVerdicts();
    } catch (problem) {
      if (item.stop.signal.aborted) return;
      item.state = "failed";
      item.problem = problem.title ? problem : new Problem({ title: "The file could not be sent", detail: problem.message, remedy: "Choose it again; it may have been moved or changed." });
    }
  }

  /** Addresses are signed for a whole batch of neighbours in one question. */
  async #grant(item) {
    while (!item.grant) {
      if (this.#granting) {
        await this.#granting.catch(() => {});
        if (item.grant) break;
        if (this.#granting) continue;
      }
      this.#granting = this.#grantBatch(item).finally(() => (this.#granting = null));
      await this.#granting;
    }
    return item.grant;
  }

  async #grantBatch(item) {
    const alike = (one) => one.project === item.project && one.purpose === item.purpose && one.label === item.label && !one.grant && one.state === "queued";
    const batch = [item, ...this.items.filter((one) => one !== item && alike(one)).slice(0, BATCH - 1)];
    const ask = (some) =>
      write("POST", path("projects", item.project, "uploads"), {
        purpose: item.purpose,
        ...(item.label ? { label: item.label } : {}),
        files: some.map(({ name, size }) => ({ name, size })),
      });
    let asked = batch;
    let answer;
    try {
      answer = await ask(batch);
    } catch (problem) {
      if (batch.length === 1 || problem.status < 400 || problem.status >= 500) throw problem;
      // One of them is refused: each learns about itself.
      asked = [item];
      answer = await ask(asked);
    }
    const known = await this.#uploadsOf(item.project, answer.files.map((grant) => grant.file));
    answer.files.forEach((grant, at) => {
      asked[at].known = known;
      asked[at].grant = grant;
      asked[at].hash = grant.file ?? null;
      asked[at].session = grant.session ?? null;
    });
  }

  /** Ids of what was uploaded by these names before: their verdicts are not the new file's. */
  async #uploadsOf(project, hashes) {
    const found = new Set();
    for (let at = 0; at < hashes.length; at += ASKED_AT_ONCE) {
      const { items } = await get(path("projects", project, "images"), { file: hashes.slice(at, at + ASKED_AT_ONCE).join(","), limit: 200 });
      for (const image of items) found.add(image.id);
    }
    return found;
  }

  async #sendWhole(item, progress, pause) {
    let isRenewed = false;
    await again(async () => {
      try {
        await put(item.grant.url, item.file, item.grant.headers, progress, item.stop.signal);
      } catch (error) {
        if (!(error instanceof Refused) || error.status !== 403 || isRenewed) throw error;
        // Signed addresses age while others are sent.
        isRenewed = true;
        item.grant = null;
        await this.#grant(item);
        await put(item.grant.url, item.file, item.grant.headers, progress, item.stop.signal);
      }
    }, pause, item.stop.signal);
  }

  async #sendParts(item, progress, pause) {
    const { session, part_bytes: length, parts: total } = item.grant;
    const signal = item.stop.signal;
    const where = path("projects", item.project, "uploads", "parts");
    const whole = Array.from({ length: total }, (_, at) => at + 1);
    const sizeOf = (part) => Math.min(length, item.size - (part - 1) * length);
    let left = new Set(whole);
    await again(async () => {
      while (left.size > 0) {
        const numbers = [...left].slice(0, 10);
        const { parts, present } = await write("POST", where, { session, numbers }, signal);
        left = new Set(whole);
        for (const one of present) if (one.size === sizeOf(one.number)) left.delete(one.number);
        const base = () => whole.reduce((bytes, part) => bytes + (left.has(part) ? 0 : sizeOf(part)), 0);
        progress(base());
        for (const { number, url } of parts) {
          if (!left.has(number)) continue;
          const start = (number - 1) * length;
          const sent = base();
          await put(url, item.file.slice(start, start + sizeOf(number)), {}, (bytes) => progress(sent + bytes), signal);
          left.delete(number);
        }
      }
    }, pause, signal);
    const key = crypto.randomUUID();
    const { file } = await again(() => write("POST", path("projects", item.project, "uploads", "complete"), { session }, signal, key), pause, signal);
    item.hash = file;
  }

  #awaitVerdicts() {
    this.#asking ??= setTimeout(() => this.#askVerdicts(), 1000 * VERDICT_SECONDS);
  }

  async #askVerdicts() {
    const open = this.items.filter((item) => item.state === "sent");
    const projects = new Set(open.map((item) => item.project));
    try {
      for (const project of projects) {
        const mine = open.filter((item) => item.project === project);
        for (let at = 0; at < mine.length; at += ASKED_AT_ONCE) await this.#askSome(project, mine.slice(at, at + ASKED_AT_ONCE));
      }
    } catch {
      // Asked again below; the list of images shows the verdicts in any case.
    }
    this.#tell();
    this.#asking = null;
    if (this.items.some((item) => item.state === "sent")) this.#awaitVerdicts();
  }

  async #askSome(project, items) {
    const { items: images } = await get(path("projects", project, "images"), { file: items.map((item) => item.hash).join(","), limit: 200 });
    for (const item of items) {
      const image = images.find((one) => one.file === item.hash && !item.known.has(one.id));
      if (image && image.state !== "received") Object.assign(item, { state: "decided", image });
    }
  }
}

export const sending = new Sending();

window.addEventListener("beforeunload", (event) => {
  if (sending.summary().open > 0) event.preventDefault();
});
