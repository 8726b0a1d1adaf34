// A list by pages: shown, kept fresh, continued by a button. Problems stand above what was there before.

import { get } from "../api.js";
import { drawer, el, swap } from "../dom.js";
import { plural } from "../format.js";
import { poll } from "../poll.js";
import { problemNotice, waiting } from "./notice.js";

const PAGE = 50;
const MOST_REFRESHED = 200;

/** draw(items) → node; `nothing()` → node for an empty list; `query()` gives the filters of the moment.
 * Returns {node, reload}: `reload(true)` starts over, as after a changed filter. */
export function listing({ where, query = () => ({}), draw, nothing, noun = "entry", nouns, seconds = 10, signal }) {
  let items = null;
  let next = null;
  let asked = 0;
  const trouble = el("div", {});
  const body = el("div", { class: "sheet flush" }, waiting());
  const foot = el("div", { class: "row spread" });
  const node = el("div", { class: "stack" }, trouble, body, foot);

  const show = drawer((rows, more) => {
    swap(body, rows.length > 0 ? draw(rows) : nothing());
    swap(
      foot,
      el("span", { class: "small quiet", role: "status" }, rows.length > 0 ? `${plural(rows.length, noun, nouns)}${more ? " so far" : ""}` : ""),
      more && el("button", { class: "button", type: "button", "data-key": "more", onclick: further }, "Show more"),
    );
  });

  async function load(cursor, limit) {
    const mine = (asked += 1);
    try {
      const page = await get(where, { ...query(), limit, cursor }, signal);
      if (mine !== asked) return false;
      items = cursor ? [...items, ...page.items] : page.items;
      next = page.next;
      trouble.replaceChildren();
      return show(items, next);
    } catch (problem) {
      if (problem.name === "AbortError" || mine !== asked) return false;
      trouble.replaceChildren(problemNotice(problem, () => refresh()));
      if (!items) body.replaceChildren();
      throw problem;
    }
  }

  const further = () => load(next, PAGE).catch(() => {});
  const refresh = poll(
    async () => {
      const shown = items?.length ?? 0;
      return shown <= MOST_REFRESHED && load(null, Math.max(PAGE, shown));
    },
    seconds,
    signal,
  );

  return {
    node,
    reload(startOver = false) {
      if (startOver) {
        items = null;
        next = null;
      }
      return load(null, Math.min(MOST_REFRESHED, Math.max(PAGE, items?.length ?? 0))).catch(() => {});
    },
  };
}
