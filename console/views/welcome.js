// Before anybody is signed in.

import { themeButton } from "../components/frame.js";
import { icon } from "../components/icons.js";
import { config } from "../config.js";
import { el } from "../dom.js";
import { signIn } from "../session.js";

export function welcome(trouble) {
  return el("div", { class: "frame alone" },
    el("header", { class: "head" }, el("span", { class: "fill" }), themeButton()),
    el("main", { class: "main welcome", id: "main" },
      el("span", { class: "brand" }, icon("loop"), el("span", {}, "medloop")),
      el("h1", {}, "Medical images in, a watched model and its predictions out"),
      trouble && el("div", { class: "notice bad", role: "alert" }, el("h2", {}, "You are not signed in"), el("p", {}, trouble)),
      config.client
        ? el("button", { class: "button main-action", type: "button", onclick: signIn }, "Sign in")
        : el("button", { class: "button", type: "button", onclick: () => location.reload() }, "Try again"),
      el("p", { class: "small quiet" }, "Ask an administrator of your platform for an account and for the projects that you work on."),
    ),
  );
}
