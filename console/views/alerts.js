// Alarms and notices, the latest first.

import { listing } from "../components/listing.js";
import { empty } from "../components/notice.js";
import { state } from "../components/state.js";
import { table } from "../components/table.js";
import { el } from "../dom.js";
import { time } from "../format.js";
import { place } from "../router.js";
import { head } from "./head.js";

export async function show(root, { signal }) {
  const list = listing({
    where: "/alerts",
    noun: "alert",
    signal,
    draw: (items) => table({
      caption: "Alerts",
      rows: items,
      columns: [
        { name: "What", cell: (alert) => [el("strong", {}, alert.name), el("br"), alert.summary] },
        { name: "Severity", cell: (alert) => state(alert.severity), keep: true },
        { name: "State", cell: (alert) => state(alert.state), keep: true },
        { name: "Project", cell: (alert) => alert.project && el("a", { href: place("p", alert.project, "overview") }, alert.project) },
        { name: "Raised", cell: (alert) => time(alert.raised_at), keep: true },
      ],
    }),
    nothing: () => empty("No alerts", "Alarms of the platform and notices of projects are listed here after they were sent out."),
  });
  root.append(head("Alerts", { text: "What people were told about." }), list.node);
}
