// Where files are dropped, and what became of each.

import { choices, field, select } from "../components/field.js";
import { icon } from "../components/icons.js";
import { state } from "../components/state.js";
import { el, say, swap } from "../dom.js";
import { bytes, plural } from "../format.js";
import { place } from "../router.js";
import { byFolder, named, ofDrop, ofList } from "./files.js";
import { sending } from "./sending.js";

const BY_FOLDER = "";
const SHOWN = 100;
const RANK = ["failed", "paused", "sending", "decided", "sent", "queued", "cancelled"];

const PURPOSES = [
  ["labelled", "Examples of a class"],
  ["images", "Images, labels come separately"],
  ["labels", "Labels: CSV or masks"],
  ["predict", "Only to be predicted"],
];

export function panel({ project, definition, signal }) {
  const purposes = definition.task === "segmentation" ? PURPOSES.slice(1) : PURPOSES;
  let purpose = purposes[0][0];
  let label = BY_FOLDER;
  const notes = el("div", { role: "status" });
  const list = el("div", {});
  const classes = field("Class", select([[BY_FOLDER, "by folder name"], ...definition.classes.map((name) => [name, name])], label, (value) => (label = value)), "Folders are taken for classes by their names.");
  const files = chooser({ multiple: true });
  const folder = chooser({ webkitdirectory: true });
  const target = el("div", { class: "drop" },
    icon("upload"),
    el("p", {}, el("strong", {}, "Drop files or folders here"), el("br"), el("span", { class: "small quiet" }, "DICOM, NIfTI, PNG, JPEG, TIFF, or zips of them. They are de-identified before they are stored as images.")),
    el("div", { class: "row" },
      files, folder,
      el("button", { class: "button main-action", type: "button", onclick: () => files.click() }, "Choose files"),
      el("button", { class: "button", type: "button", onclick: () => folder.click() }, "Choose a folder"),
    ),
  );
  // The whole window takes them: a file that misses the zone must not replace the page.
  let inside = 0;
  const on = (name, act) => window.addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    act(event);
  }, { signal });
  on("dragenter", () => { inside += 1; target.classList.add("over"); });
  on("dragover", () => {});
  on("dragleave", () => { inside -= 1; if (inside <= 0) leave(); });
  on("drop", async (event) => {
    leave();
    take(await ofDrop(event.dataTransfer));
  });

  function leave() {
    inside = 0;
    target.classList.remove("over");
  }

  function chooser(kind) {
    const input = el("input", { type: "file", hidden: true, tabindex: "-1", ...kind });
    input.addEventListener("change", () => {
      take(ofList(input.files));
      input.value = "";
    });
    return input;
  }

  function take(found) {
    notes.replaceChildren();
    const whole = found.filter(({ file }) => file.size > 0);
    const empties = found.length - whole.length;
    let others = [];
    if (purpose === "labelled" && label === BY_FOLDER) {
      const sorted = byFolder(whole, definition.classes);
      others = sorted.others;
      for (const [name, some] of sorted.byClass) sending.add(project, purpose, name, some);
    } else {
      sending.add(project, purpose, purpose === "labelled" ? label : null, named(whole));
    }
    if (others.length > 0) {
      notes.append(el("div", { class: "notice warn" },
        el("h3", {}, `${plural(others.length, "file")} not sent: no folder of theirs names a class`),
        el("p", {}, `Choose their class above and drop them again, or put them into folders named ${definition.classes.slice(0, 6).join(", ")}.`)));
    }
    if (empties > 0) notes.append(el("div", { class: "notice warn" }, el("h3", {}, `${plural(empties, "file")} not sent: nothing is in them`), el("p", {}, "They were cut off, or never written.")));
    say(`${plural(whole.length - others.length, "file")} will be sent`);
  }

  const show = () => swap(list, progress(project));
  sending.addEventListener("change", show, { signal });
  show();
  return el("section", { class: "sheet stack", "aria-label": "Add images" },
    el("div", { class: "row top" },
      choices("These files are", "purpose", purposes, purpose, (value) => {
        purpose = value;
        classes.hidden = value !== "labelled";
      }),
    ),
    Object.assign(classes, { hidden: purpose !== "labelled" }),
    target, notes, list,
  );
}

function progress(project) {
  const items = sending.items.filter((item) => item.project === project);
  if (items.length === 0) return null;
  const total = items.reduce((sum, item) => sum + item.size, 0);
  const sent = items.reduce((sum, item) => sum + (item.state === "cancelled" ? item.size : item.sent), 0);
  const tally = (test) => items.filter(test).length;
  const facts = [
    [tally((item) => ["queued", "sending", "paused"].includes(item.state)), "to send"],
    [tally((item) => item.state === "sent"), "being looked at"],
    [tally((item) => item.image?.state === "accepted"), "accepted"],
    [tally((item) => item.image?.state === "quarantined"), "quarantined"],
    [tally((item) => item.image?.state === "ignored"), "ignored"],
    [tally((item) => item.state === "failed"), "not sent"],
  ].filter(([amount]) => amount > 0);
  const sorted = [...items].sort((a, b) => rank(a) - rank(b) || a.id - b.id);
  return el("div", { class: "stack tight" },
    el("div", { class: "row spread" },
      el("p", { role: "status" }, facts.map(([amount, word]) => `${amount} ${word}`).join(" · ")),
      el("button", { class: "button little", type: "button", "data-key": "clear", onclick: () => sending.clear(project) }, "Clear what is done"),
    ),
    bar(sent / (total || 1), "All files"),
    el("ul", { class: "sends", tabindex: "0", "aria-label": "Files", "data-key": "files" }, sorted.slice(0, SHOWN).map(row)),
    sorted.length > SHOWN && el("p", { class: "small quiet" }, `and ${plural(sorted.length - SHOWN, "more file")}`),
  );
}

const rank = (item) => (item.image?.state === "quarantined" ? -1 : RANK.indexOf(item.state));

function row(item) {
  const isOpen = ["queued", "sending", "paused"].includes(item.state);
  return el("li", {},
    el("span", { class: "name" }, item.name, " ", el("span", { class: "small quiet" }, bytes(item.size), item.label ? ` · ${item.label}` : "")),
    el("span", { class: "row" },
      standing(item),
      isOpen && el("button", { class: "button plain little", type: "button", "data-key": `stop-${item.id}`, "aria-label": `Stop ${item.name}`, onclick: () => sending.cancel(item) }, "Stop"),
      item.state === "failed" && item.file && el("button", { class: "button little", type: "button", "data-key": `again-${item.id}`, "aria-label": `Try again ${item.name}`, onclick: () => sending.retry(item) }, "Try again"),
    ),
    isOpen && bar(item.sent / (item.size || 1), item.name),
    item.problem && el("span", { class: "say small" }, [item.problem.title, item.problem.detail, item.problem.remedy].filter(Boolean).join(" ")),
    item.image?.state === "quarantined" && el("span", { class: "say small" }, item.image.sentence, " ", el("span", { class: "quiet" }, item.image.hint)),
    item.state === "sent" && Date.now() - item.sentAt > 60_000 && el("span", { class: "say small quiet" }, "Its verdict takes longer than usual. It is not lost: the list below will show it."),
  );
}

function standing(item) {
  if (item.state === "decided") return el("a", { href: place("p", item.project, "images", item.image.id), "data-key": `image-${item.id}` }, state(item.image.state));
  const texts = { queued: "waits", sending: "sending", paused: "waits for the connection", sent: "being looked at", failed: "not sent", cancelled: "stopped" };
  const tones = { sending: "busy", sent: "busy", paused: "warn", failed: "bad" };
  return el("span", { class: `state ${tones[item.state] ?? ""}` }, texts[item.state]);
}

function bar(share, name) {
  return el("div", { class: "progress", role: "progressbar", "aria-label": name, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(100 * share) },
    el("span", { style: { "--share": share } }));
}
