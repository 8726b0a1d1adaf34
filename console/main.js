// From an address to a view: configuration, sign-in, who one is, then the router.

import { all, get, Problem } from "./api.js";
import { confirm } from "./components/dialog.js";
import { frame } from "./components/frame.js";
import { empty, problemNotice, waiting } from "./components/notice.js";
import { loadConfig } from "./config.js";
import { el } from "./dom.js";
import { people } from "./people.js";
import { go, place, router } from "./router.js";
import { finishSignIn, isSignedIn, session, signIn } from "./session.js";
import * as access from "./views/access.js";
import * as alerts from "./views/alerts.js";
import * as audit from "./views/audit.js";
import * as datasets from "./views/datasets.js";
import * as image from "./views/image.js";
import * as images from "./views/images.js";
import * as job from "./views/job.js";
import * as model from "./views/model.js";
import * as models from "./views/models.js";
import * as newProject from "./views/new_project.js";
import * as overview from "./views/overview.js";
import * as prediction from "./views/prediction.js";
import * as predictions from "./views/predictions.js";
import * as projects from "./views/projects.js";
import * as training from "./views/training.js";
import { welcome } from "./views/welcome.js";

/** [pattern, view, part of the navigation, title, who may] */
const ROUTES = [
  ["/", projects, "projects", "Projects"],
  ["/new", newProject, "projects", "New project", "runs"],
  ["/p/:project", overview, "overview", "Overview", "runs"],
  ["/p/:project/overview", overview, "overview", "Overview", "runs"],
  ["/p/:project/images", images, "images", "Images"],
  ["/p/:project/images/:image", image, "images", "Image"],
  ["/p/:project/datasets", datasets, "datasets", "Datasets", "runs"],
  ["/p/:project/training", training, "training", "Training", "runs"],
  ["/p/:project/training/:job", job, "training", "Training job", "runs"],
  ["/p/:project/models", models, "models", "Models", "runs"],
  ["/p/:project/models/:version", model, "models", "Model", "runs"],
  ["/p/:project/predictions", predictions, "predictions", "Predictions"],
  ["/p/:project/predictions/:prediction", prediction, "predictions", "Prediction"],
  ["/alerts", alerts, "alerts", "Alerts", "runs"],
  ["/access", access, "access", "Access", "isAdmin"],
  ["/audit", audit, "audit", "Audit", "isAdmin"],
].map(([pattern, view, part, title, need]) => [pattern, { view, part, title, need }]);

const page = document.getElementById("page");
let granted = [];
let current = null;

async function start() {
  try {
    await loadConfig();
    await finishSignIn();
  } catch (error) {
    page.replaceChildren(welcome(error.message));
    return;
  }
  if (!isSignedIn()) {
    page.replaceChildren(welcome());
    return;
  }
  page.replaceChildren(waiting("Opening the console…"));
  try {
    people.me = await whoAmI();
    await loadProjects();
  } catch (problem) {
    page.replaceChildren(el("main", { class: "main" }, el("h1", { class: "unseen" }, "medloop"), problemNotice(problem, start)));
    return;
  }
  const shell = frame({ projects: () => granted, onProject: changeProject });
  page.replaceChildren(shell.node);
  session.addEventListener("ended", askToSignIn);
  router(ROUTES, (route, parameters, query) => show(shell, route, parameters, query))();
}

/** Who is in none of the groups may ask nothing, not even that. */
async function whoAmI() {
  try {
    return await get("/me");
  } catch (problem) {
    if (problem.status !== 403) throw problem;
    return { name: "you", role: null, projects: [] };
  }
}

async function loadProjects() {
  if (!people.role) return;
  granted = await all("/projects");
}

function changeProject(name) {
  const isSame = current?.parameters.project && name;
  const part = isSame ? current.route.part : people.runs ? "overview" : "predictions";
  go(name ? place("p", name, part) : "#/");
}

async function show(shell, route, parameters, query) {
  current?.controller.abort();
  const controller = new AbortController();
  const isFirst = current === null;
  current = { controller, route, parameters };
  const { main } = shell;
  const { signal } = controller;
  const project = granted.find((one) => one.name === parameters.project);
  shell.mark({ project: parameters.project, part: route?.part });
  document.title = route ? `${route.title} · medloop` : "medloop";
  const root = el("div", { class: "view" });
  main.replaceChildren(root);
  if (!route || (parameters.project && !project && !(await isNewProject(parameters.project, shell, route)))) {
    if (signal.aborted) return;
    root.append(lost(parameters.project));
  } else if (route.need && !people[route.need]) {
    root.append(el("h1", { tabindex: "-1" }, route.title), empty("Not for your role", "An administrator can change what you may see."));
  } else {
    try {
      await route.view.show(root, {
        ...parameters,
        definition: granted.find((one) => one.name === parameters.project),
        projects: granted,
        query,
        signal,
        reloadProjects: loadProjects,
      });
    } catch (problem) {
      if (signal.aborted || problem.name === "AbortError") return;
      if (!root.querySelector("h1")) root.prepend(el("h1", { tabindex: "-1" }, route.title));
      root.append(problemNotice(problem instanceof Problem ? problem : unloadable(problem), () => show(shell, route, parameters, query)));
    }
  }
  if (!isFirst) {
    scrollTo(0, 0);
    (root.querySelector("h1") ?? main).focus();
  }
}

/** A project made a moment ago, perhaps elsewhere. */
async function isNewProject(name, shell, route) {
  await loadProjects().catch(() => {});
  const isThere = granted.some((one) => one.name === name);
  if (isThere) shell.mark({ project: name, part: route.part });
  return isThere;
}

function unloadable(error) {
  console.error(error);
  return new Problem({ title: "This view could not be shown", detail: error.message, remedy: "Reload the page." });
}

const lost = (project) =>
  el("div", {},
    el("h1", { tabindex: "-1" }, "Nothing here"),
    empty(
      project ? "No such project" : "No such place",
      project ? "It does not exist, or it is not granted to you." : "The address names no view of the console.",
      el("a", { class: "button", href: "#/" }, "All projects"),
    ),
  );

let isAsking = false;

async function askToSignIn() {
  if (isAsking) return;
  isAsking = true;
  const goes = await confirm({
    title: "Your session has ended",
    text: "Sign in again, and you come back to this place. What you have typed on this page is lost by that; uploads in progress have to be chosen again.",
    action: "Sign in",
    stay: "Not now",
  });
  isAsking = false;
  if (goes) signIn();
}

start();
