// Files come from storage by signed addresses; what arrives is held against the catalogue's SHA-256.

import { get, Problem, unreachable } from "./api.js";

export async function sha256(buffer) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", buffer));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const tampered = () =>
  new Problem({
    title: "This file is not the one that was written",
    detail: "Its SHA-256 differs from the catalogue's: somebody or something changed it after it was stored.",
    remedy: "It is not shown or saved. Tell your administrator: the original can be restored from its version or a backup.",
    status: 409,
    type: "tampered",
  });

/** The bytes behind an operation that answers {url, sha256?, media_type}. Throws Problem for a changed file. */
export async function fetchFile(where, signal, onShare = () => {}) {
  const file = await get(where, {}, signal);
  let answer;
  try {
    answer = await fetch(file.url, { signal, credentials: "omit", referrerPolicy: "no-referrer" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (!answer.ok) {
    throw new Problem({
      title: "The file could not be fetched",
      detail: `Storage answered with status ${answer.status}.`,
      remedy: "Reload the page: signed addresses are good for a few minutes only.",
      status: answer.status,
    });
  }
  const buffer = await received(answer, onShare);
  if (file.sha256 && (await sha256(buffer)) !== file.sha256) throw tampered();
  return { buffer, mediaType: file.media_type };
}

async function received(answer, onShare) {
  const total = Number(answer.headers.get("Content-Length"));
  if (!total || !answer.body) return answer.arrayBuffer();
  const parts = [];
  let length = 0;
  const reader = answer.body.getReader();
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    parts.push(step.value);
    length += step.value.length;
    onShare(Math.min(1, length / total));
  }
  return new Blob(parts).arrayBuffer();
}

/** Hands bytes to the browser as a file. */
export function save(buffer, mediaType, name) {
  const url = URL.createObjectURL(new Blob([buffer], { type: mediaType }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
