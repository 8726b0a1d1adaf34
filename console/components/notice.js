// What went wrong, what there is nothing of, and what is still coming.

import { el, say } from "../dom.js";
import { signIn } from "../session.js";

/** A Problem as the API described it, with what to do and the id to ask by. */
export function problemNotice(problem, retry) {
  if (problem.title === undefined) console.error(problem);
  const isEnded = problem.code === "session_ended";
  return el(
    "div",
    { class: "notice bad", role: "alert" },
    el("h2", {}, problem.title ?? "Something in this page failed"),
    problem.detail && el("p", {}, problem.detail),
    problem.errors?.length > 0 &&
      el("ul", {}, problem.errors.map((error) => el("li", {}, el("code", {}, error.field), ": ", error.problem))),
    problem.remedy && el("p", {}, problem.remedy),
    problem.requestId && el("p", { class: "small quiet" }, "Request id ", el("code", {}, problem.requestId)),
    (isEnded || retry) &&
      el(
        "div",
        { class: "row" },
        isEnded
          ? el("button", { class: "button main-action", type: "button", onclick: signIn }, "Sign in")
          : el("button", { class: "button", type: "button", onclick: retry }, "Try again"),
      ),
  );
}

export function empty(title, text, ...actions) {
  return el("div", { class: "empty" }, el("h2", {}, title), text && el("p", {}, text), actions);
}

export const waiting = (text = "Loading…") => el("p", { class: "waiting" }, text);

/** A sentence that goes away by itself; also said to screen readers. */
export function toast(text) {
  const shown = el("div", { class: "toast" }, text);
  document.getElementById("toasts").append(shown);
  setTimeout(() => shown.remove(), 6000);
}

/** Runs what a button asks for: busy meanwhile, a toast when done, the problem in `place` when not. */
export async function act(button, work, { done, place } = {}) {
  if (button.getAttribute("aria-disabled") === "true") return false;
  button.setAttribute("aria-disabled", "true");
  place?.replaceChildren();
  try {
    await work();
    if (done) toast(done);
    return true;
  } catch (problem) {
    if (problem.name === "AbortError") return false;
    if (place) place.replaceChildren(problemNotice(problem));
    else {
      console.error(problem);
      toast([problem.title ?? "Something in this page failed", problem.detail, problem.remedy].filter(Boolean).join(" · "));
    }
    say(problem.title ?? "");
    return false;
  } finally {
    button.removeAttribute("aria-disabled");
  }
}
