// One PUT to storage with its progress, and what is done when it fails.

import { Problem } from "../api.js";

const TRIES = 5;
const STALLED_SECONDS = 45;

/** Storage said no. */
export class Refused extends Problem {
  constructor(status) {
    super({
      title: "Storage did not take the file",
      detail: `It answered with status ${status}.`,
      remedy: status === 403 ? "The permission to send it may have run out: try again." : "Try again in a moment.",
      status,
    });
  }
}

class Lost extends Error {}

export function put(url, content, headers, onSent, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer = null;
    const stop = () => request.abort();
    const over = (settle, value) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      window.removeEventListener("offline", lose);
      settle(value);
    };
    // A connection that died silently never ends by itself.
    const lose = () => {
      over(reject, new Lost("connection lost"));
      request.abort();
    };
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(lose, 1000 * STALLED_SECONDS);
    };
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers ?? {})) {
      if (name.toLowerCase() !== "content-length") request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => {
      watch();
      onSent(event.loaded);
    };
    request.onload = () => (request.status < 300 ? over(resolve) : over(reject, new Refused(request.status)));
    request.onerror = () => over(reject, new Lost("connection lost"));
    request.onabort = () => over(reject, new DOMException("given up", "AbortError"));
    signal.addEventListener("abort", stop);
    window.addEventListener("offline", lose);
    watch();
    if (signal.aborted) return over(reject, new DOMException("given up", "AbortError"));
    request.send(content);
  });
}

/** Does it until it is done. Without a connection it waits for one; other failures that can pass are tried a few times. */
export async function again(work, onPause, signal) {
  for (let tries = 1; ; ) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw error;
      const isLost = error instanceof Lost || error.code === "unreachable";
      const canPass = isLost || error.status >= 500 || error.status === 429;
      if (!canPass) throw error;
      onPause(true);
      if (navigator.onLine) {
        if (tries >= TRIES) throw gone(error);
        await pause(1000 * 2 ** tries, signal);
        tries += 1;
      } else {
        await connection(signal);
        tries = 1;
      }
      onPause(false);
    }
  }
}

const gone = (error) =>
  error instanceof Problem
    ? error
    : new Problem({ title: "The connection was lost again and again", remedy: "Try again when the network is better: large files go on where they stopped.", type: "unreachable" });

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    const early = () => {
      clearTimeout(timer);
      resolve();
    };
    window.addEventListener("online", early, { once: true, signal });
    signal.addEventListener("abort", early, { once: true });
  });
}

function connection(signal) {
  return new Promise((resolve) => {
    window.addEventListener("online", resolve, { once: true });
    signal.addEventListener("abort", resolve, { once: true });
  });
}
