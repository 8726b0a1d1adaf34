// Header, navigation and the column that views are shown in.

import { config } from "../config.js";
import { el } from "../dom.js";
import { people } from "../people.js";
import { place } from "../router.js";
import { signOut } from "../session.js";
import { sending } from "../upload/sending.js";
import { select } from "./field.js";
import { icon } from "./icons.js";

const PROJECT_PARTS = [
  ["overview", "Overview", "runs"],
  ["images", "Images"],
  ["datasets", "Datasets", "runs"],
  ["training", "Training", "runs"],
  ["models", "Models", "runs"],
  ["predictions", "Predictions"],
];

const PLATFORM_PARTS = [
  ["alerts", "Alerts", "runs"],
  ["access", "Access", "isAdmin"],
  ["audit", "Audit", "isAdmin"],
];

/** The frame once; `mark` says where one is. */
export function frame({ projects, onProject }) {
  const nav = el("nav", { class: "nav", "aria-label": "Views" });
  const switcher = el("div", { class: "switch" });
  const offline = el("div", { class: "bar-note", role: "status", hidden: navigator.onLine }, "You are offline. Uploads go on by themselves when the connection is back; what you see may be old.");
  const uploads = el("a", { class: "button little", hidden: true });
  const main = el("main", { class: "main", id: "main", tabindex: "-1" });
  window.addEventListener("online", () => (offline.hidden = true));
  window.addEventListener("offline", () => (offline.hidden = false));
  sending.addEventListener("change", () => {
    const { open, project } = sending.summary();
    uploads.hidden = open === 0;
    uploads.textContent = `${open} uploading`;
    if (project) uploads.href = place("p", project, "images");
  });

  const node = el(
    "div",
    { class: "frame" },
    el("header", { class: "head" },
      el("a", { class: "skip", href: "#main", onclick: (event) => { event.preventDefault(); main.focus(); main.scrollIntoView(); } }, "Skip to the content"),
      el("a", { class: "brand", href: "#/", "aria-label": "medloop, all projects" }, icon("loop"), el("span", {}, "medloop")),
      switcher,
      config.stage && el("span", { class: "stage", title: `Version ${config.version || "unknown"}` }, config.stage),
      el("span", { class: "fill" }),
      uploads,
      themeButton(),
      account(),
    ),
    offline,
    nav,
    main,
  );

  function mark({ project, part }) {
    const current = projects().find((one) => one.name === project);
    const list = [["", "All projects"], ...projects().map((one) => [one.name, one.name])];
    switcher.replaceChildren(
      projects().length > 0 ? Object.assign(select(list, current?.name ?? "", onProject), { ariaLabel: "Project" }) : "",
    );
    const link = ([key, name, need], href) =>
      (!need || people[need]) && el("li", {}, el("a", { href, "aria-current": key === part ? "page" : null }, icon(key), name));
    nav.replaceChildren(
      el("ul", {},
        project
          ? [el("li", { class: "part" }, project), PROJECT_PARTS.map((entry) => link(entry, place("p", project, entry[0])))].flat().filter(Boolean)
          : link(["projects", "Projects"], "#/"),
        people.runs && el("li", { class: "part" }, "Platform"),
        PLATFORM_PARTS.map((entry) => link(entry, place(entry[0]))).filter(Boolean),
      ),
    );
    nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }

  return { node, main, mark };
}

/** Light or dark: what the system says until somebody says otherwise. */
export function themeButton() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const button = el("button", { class: "button plain", type: "button", onclick: turn });
  function show() {
    button.replaceChildren(icon(isDark() ? "sun" : "moon"));
    button.ariaLabel = isDark() ? "Light colours" : "Dark colours";
    button.title = button.ariaLabel;
  }
  function turn() {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("medloop-theme", theme);
    } catch {
      // Storage is forbidden: it lasts as long as the page.
    }
    show();
  }
  system.addEventListener("change", show);
  show();
  return button;
}

function account() {
  const { name, role } = people.me;
  const menu = el("div", { class: "menu", popover: "auto", id: "account" },
    el("p", {}, el("strong", {}, name)),
    el("p", { class: "small quiet" }, role ? role.replace("-", " ") : "no role"),
    el("button", { class: "button", type: "button", onclick: signOut }, "Sign out"),
  );
  return el("div", { class: "account" }, el("button", { class: "button plain", type: "button", popovertarget: "account", "aria-label": `${name}, account` }, icon("person"), el("span", {}, name)), menu);
}
