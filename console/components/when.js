// "3 minutes ago", kept true while it is shown.

import { el } from "../dom.js";
import { ago, time } from "../format.js";

export const when = (iso) => (iso ? el("time", { datetime: iso, title: time(iso) }, ago(iso)) : null);

setInterval(() => {
  if (document.hidden) return;
  for (const shown of document.querySelectorAll("time[datetime]")) {
    const text = ago(shown.dateTime);
    if (shown.textContent !== text) shown.textContent = text;
  }
}, 20_000);
