// The one place that speaks to the API: tokens, problem+json, pages, idempotency keys.

import { config } from "./config.js";
import { end, renew, token } from "./session.js";

/** What went wrong: one sentence as title, perhaps more detail, what to do, and the request id. */
export class Problem extends Error {
  constructor({ title, detail, remedy, status = 0, type = "", request_id = null, errors = [] }) {
    super(title);
    this.title = title;
    this.detail = detail;
    this.remedy = remedy;
    this.status = status;
    this.code = type.split(":").at(-1);
    this.requestId = request_id;
    this.errors = errors;
  }
}

export const unreachable = () =>
  new Problem({
    title: navigator.onLine ? "The API does not answer" : "You are offline",
    detail: navigator.onLine ? "No answer came back, or the browser was not allowed to read it." : null,
    remedy: "What you see may be old. It is refreshed as soon as the connection is back.",
    type: "unreachable",
  });

const ended = () =>
  new Problem({
    title: "Your session has ended",
    remedy: "Sign in again: you come back to this place.",
    status: 401,
    type: "session_ended",
  });

/** The API's title is its status in words: its detail says more. */
const said = (content) => (content.detail ? { ...content, title: content.detail, detail: null } : content);

/** path("projects", name, "images", id): every part escaped. */
export const path = (...parts) => `/${parts.map((part) => encodeURIComponent(part)).join("/")}`;

export const get = (where, query, signal) => call("GET", where, { query, signal });

/** A write; its key makes a repetition after a lost answer harmless. */
export const write = (method, where, body, signal, key = crypto.randomUUID()) => call(method, where, { body, signal, key });

async function call(method, where, { query = {}, body, signal, key } = {}) {
  const url = new URL(config.api + where, location.href);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  const send = async () => {
    const bearer = await token();
    if (!bearer) return null;
    const headers = { Authorization: `Bearer ${bearer}` };
    if (key) headers["Idempotency-Key"] = key;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    return fetch(url, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  };
  let answer;
  try {
    answer = await send();
    if (answer?.status === 401 && (await renew())) answer = await send();
    if (key && answer && [502, 503, 504].includes(answer.status)) answer = await send();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (!answer || answer.status === 401) {
    end();
    throw ended();
  }
  if (answer.status === 204) return null;
  const content = await answer.json().catch((error) => {
    if (error.name === "AbortError") throw error;
    if (answer.ok) throw unreachable();
    return null;
  });
  if (answer.ok) return content;
  throw new Problem({
    title: `The API answered with status ${answer.status}`,
    remedy: answer.status >= 500 ? "Try again in a moment; the request id helps whoever looks into it." : null,
    status: answer.status,
    request_id: answer.headers.get("X-Request-Id"),
    ...(content?.title ? said(content) : {}),
  });
}

/** Every item of a list that is known to be short, such as projects. */
export async function all(where, query = {}, signal) {
  const items = [];
  let cursor = null;
  do {
    const page = await get(where, { ...query, limit: 200, cursor }, signal);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor && items.length < 5000);
  return items;
}
