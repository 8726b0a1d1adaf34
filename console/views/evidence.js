// What a model's evaluation says, as pictures with their numbers beside them.

import { bars } from "../components/bars.js";
import { intervals } from "../components/intervals.js";
import { matrix } from "../components/matrix.js";
import { table } from "../components/table.js";
import { el } from "../dom.js";
import { bytes, count, number, plural, score } from "../format.js";

/** `isNarrow` leaves out what does not fit beside another model. */
export function evidence(found, isNarrow = false) {
  const { challenger, baseline, champion, difference } = found;
  const own = (name, scores, isOwn) => ({ name, value: scores.value, low: scores.interval.low, high: scores.interval.high, own: isOwn });
  return el("div", { class: "stack wide" },
    el("div", { class: "columns" },
      el("div", { class: "stack tight" },
        el("h3", {}, `${capital(found.metric)} with its 95 % interval`),
        intervals(found.metric, [
          own("This model", challenger, true),
          champion && own(`Champion, v${found.champion_version}`, champion),
          own("Baseline", baseline),
        ].filter(Boolean)),
        el("p", { class: "small quiet" }, `Baseline: ${found.baseline_name}.`),
        difference && el("p", { class: "small quiet" }, `Against the champion: ${signed(difference.low)} to ${signed(difference.high)}.`),
      ),
      el("div", { class: "stack tight" }, el("h3", {}, "Per class"), bars(Object.entries(challenger.per_class), { most: 1, text: score })),
    ),
    found.confusion.length > 0 && el("div", { class: "stack tight" }, el("h3", {}, "Confusion"), el("p", { class: "small quiet" }, "Rows are the truth, columns what was predicted."), matrix(`Confusion matrix of version ${found.model_version}`, found.classes, found.confusion)),
    found.subgroups.length > 0 && el("div", { class: "stack tight" }, el("h3", {}, "Subgroups"), subgroups(found.subgroups, isNarrow)),
    el("dl", { class: "facts" }, [
      ["Calibration error", challenger.calibration_error === null || challenger.calibration_error === undefined ? "no confidences to judge" : score(challenger.calibration_error)],
      ...Object.entries(challenger.further).map(([name, value]) => [capital(name), number(value)]),
      ["Learned from", plural(found.train_items, "item")],
      ["Tested on", `${plural(found.test_items, "locked item")} of ${plural(found.test_patients, "patient")}`],
      ["Training", `${plural(found.epochs, "epoch")}, ${number(found.seconds)} s on ${found.device}${found.processes > 1 ? `, ${found.processes} processes` : ""}`],
      found.peak_memory > 0 && ["Memory at most", bytes(found.peak_memory)],
    ].filter(Boolean).map(([term, value]) => [el("dt", {}, term), el("dd", {}, value)])),
  );
}

function subgroups(groups, isNarrow) {
  return table({
    caption: "Subgroups",
    rows: groups,
    isNarrow,
    columns: [
      { name: "Group", cell: (group) => `${group.attribute} ${group.value}` },
      { name: "Items", cell: (group) => count(group.items), number: true },
      !isNarrow && { name: "Patients", cell: (group) => count(group.patients), number: true },
      { name: "Score", cell: (group) => score(group.challenger), number: true },
      { name: "95 % interval", cell: (group) => `${score(group.interval.low)} – ${score(group.interval.high)}`, keep: true },
      !isNarrow && { name: "Champion", cell: (group) => (group.champion === null || group.champion === undefined ? null : score(group.champion)), number: true },
    ].filter(Boolean),
  });
}

const signed = (value) => `${value >= 0 ? "+" : "−"}${Math.abs(value).toFixed(3)}`;

const capital = (text) => text[0].toUpperCase() + text.slice(1);
