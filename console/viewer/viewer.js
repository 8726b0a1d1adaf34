// The slice viewer: one canvas, and what can be done with it by pointer, wheel, keys and fields.

import { field } from "../components/field.js";
import { el, freshId } from "../dom.js";
import { number } from "../format.js";
import { maskToNifti, pictureToNifti } from "./nifti.js";
import { readNpy } from "./npy.js";
import { colourOf } from "./palette.js";
import { scene } from "./scene.js";
import { CT_WINDOWS } from "./windows.js";

const isNpy = (buffer) => new Uint8Array(buffer, 0, 1)[0] === 0x93;

/** `image` and `mask` are the bytes of .npy or NIfTI files; `names` are those of labels 1…n. Returns the node at once. */
export function viewer({ image, mask, names = [], modality, spacing, volumes = {}, unit, overlay: stored = null, signal }) {
  const help = freshId("help");
  const canvas = el("canvas", { tabindex: "0", role: "application", "aria-label": "Slice viewer", "aria-describedby": help });
  const readout = el("output", { class: "readout", "aria-live": "off" });
  const screen = el("div", { class: "screen" }, canvas, readout, el("div", { class: "note" }, "Preparing the image…"));
  const controls = el("div", { class: "controls" });
  const node = el("div", { class: "viewer" }, screen, controls);
  // NiiVue measures its canvas, so it is asked for once the node stands in the page.
  requestAnimationFrame(() => prepare().catch(refuse));

  async function prepare() {
    const isVolume = !isNpy(image);
    const pixel = spacing?.length >= 2 ? spacing.slice(-2) : [1, 1];
    const drawn = await scene(canvas, {
      image: isVolume ? image : pictureToNifti(readNpy(image), pixel),
      mask: mask && (isNpy(mask) ? maskToNifti(readNpy(mask), pixel) : mask),
      names,
      isVolume,
    });
    if (signal.aborted) return drawn.destroy();
    signal.addEventListener("abort", () => drawn.destroy());
    screen.querySelector(".note").remove();
    build(drawn, isVolume);
  }

  /** Without WebGL the picture that was stored with a prediction is better than nothing. */
  async function refuse(error) {
    if (signal.aborted) return;
    console.error(error);
    screen.querySelector(".note")?.remove();
    canvas.remove();
    const picture = await stored?.().catch(() => null);
    screen.append(el("div", { class: "note", role: "alert" },
      picture && el("img", { src: picture, alt: "Overlay of the prediction" }),
      el("p", {}, "The viewer could not draw this image here. ", error.message),
      el("p", { class: "small" }, picture ? "This is the overlay that was stored with the prediction." : "Use a browser with WebGL 2, or download the files."),
    ));
  }

  function build(drawn, isVolume) {
    let plane = "axial";
    const start = drawn.window();
    const level = el("input", { type: "number", step: "any" });
    const width = el("input", { type: "number", step: "any", min: 0 });
    const slider = el("input", { type: "range", min: 1 });
    const sliceText = el("output", { class: "small quiet" });

    function setWindow(toLevel, toWidth) {
      const least = (drawn.range.high - drawn.range.low || 1) / 10_000;
      drawn.setWindow(toLevel, Math.max(least, toWidth));
      showWindow();
    }
    function showWindow() {
      const now = drawn.window();
      level.value = Number(now.level.toPrecision(5));
      width.value = Number(now.width.toPrecision(5));
    }
    function setSlice(to, of) {
      drawn.setSlice(to, of);
      showSlice();
    }
    function showSlice() {
      slider.max = drawn.slices();
      slider.value = drawn.slice() + 1;
      sliceText.textContent = `${drawn.slice() + 1} of ${drawn.slices()}`;
    }
    const step = (by, of) => setSlice(drawn.slice(of) + by, of);
    const reset = () => {
      drawn.home();
      if (!drawn.isColour) setWindow(start.level, start.width);
    };

    level.addEventListener("change", () => setWindow(Number(level.value), Number(width.value)));
    width.addEventListener("change", () => setWindow(Number(level.value), Number(width.value)));
    slider.addEventListener("input", () => setSlice(Number(slider.value) - 1));

    let dragged = null;
    let wheeled = 0;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.focus({ preventScroll: true });
      canvas.setPointerCapture(event.pointerId);
      dragged = { x: event.clientX, y: event.clientY, ...drawn.window(), far: false };
    });
    canvas.addEventListener("pointermove", (event) => {
      point(event);
      if (!dragged) return;
      const [dx, dy] = [event.clientX - dragged.x, event.clientY - dragged.y];
      if (Math.hypot(dx, dy) > 3) dragged.far = true;
      if (!dragged.far || drawn.isColour) return;
      const gain = (drawn.range.robustHigh - drawn.range.robustLow || 1) / 300;
      setWindow(dragged.level + dy * gain, dragged.width + dx * gain);
    });
    const drop = (event) => {
      if (dragged && !dragged.far && plane === "all") {
        const found = at(event);
        if (found) drawn.moveTo(found.fraction);
        showSlice();
      }
      dragged = null;
    };
    canvas.addEventListener("pointerup", drop);
    canvas.addEventListener("pointercancel", () => (dragged = null));
    canvas.addEventListener("pointerleave", () => (readout.textContent = ""));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (event.ctrlKey) return drawn.zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1);
      if (drawn.slices() < 2) return;
      wheeled += event.deltaMode === 0 ? event.deltaY : event.deltaY * 40;
      const steps = Math.trunc(wheeled / 40);
      wheeled -= steps * 40;
      if (steps) step(-steps, plane === "all" ? at(event)?.plane : plane);
      point(event);
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const now = drawn.window();
      const part = (drawn.range.high - drawn.range.low || 1) / 50;
      const shifted = event.shiftKey && !drawn.isColour;
      const actions = {
        ArrowUp: () => (shifted ? setWindow(now.level + part, now.width) : step(1)),
        ArrowDown: () => (shifted ? setWindow(now.level - part, now.width) : step(-1)),
        ArrowRight: shifted && (() => setWindow(now.level, now.width + part)),
        ArrowLeft: shifted && (() => setWindow(now.level, now.width - part)),
        PageUp: () => step(10),
        PageDown: () => step(-10),
        Home: () => setSlice(0),
        End: () => setSlice(drawn.slices() - 1),
        "+": () => drawn.zoom(1.2),
        "=": () => drawn.zoom(1.2),
        "-": () => drawn.zoom(1 / 1.2),
        0: reset,
        m: mask && (() => masking.click()),
      };
      const action = !event.ctrlKey && !event.metaKey && !event.altKey && actions[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    });

    function at(event) {
      const box = canvas.getBoundingClientRect();
      return drawn.under(event.clientX - box.left, event.clientY - box.top);
    }
    function point(event) {
      const found = at(event);
      if (!found) {
        readout.textContent = "";
        return;
      }
      const [x, y] = found.voxel;
      const place = isVolume ? found.voxel.join(", ") : `${x}, ${drawn.rows - 1 - y}`;
      readout.textContent = [place, drawn.isColour ? null : number(found.value), found.label > 0 ? names[found.label - 1] : null].filter(Boolean).join("  ·  ");
    }

    const press = (text, action, pressed) => el("button", { class: "button little", type: "button", "aria-pressed": pressed, onclick: action }, text);
    const planes = ["axial", "coronal", "sagittal", "all"].map((name) => press(name === "all" ? "All three" : name[0].toUpperCase() + name.slice(1), () => {
      plane = name;
      drawn.setPlane(name);
      planes.forEach((button, place) => button.setAttribute("aria-pressed", ["axial", "coronal", "sagittal", "all"][place] === name));
      showSlice();
    }, name === "axial" ? "true" : "false"));
    const whole = () => setWindow((drawn.range.low + drawn.range.high) / 2, drawn.range.high - drawn.range.low);

    let masking = null;
    controls.append(...[
      isVolume && el("div", { class: "field" }, el("span", { class: "label" }, "Plane"), el("div", { class: "buttons", role: "group", "aria-label": "Plane" }, planes)),
      drawn.slices("axial") > 1 && el("div", { class: "field" }, el("div", { class: "row spread" }, el("label", { for: (slider.id = freshId("slice")), class: "small quiet" }, "Slice"), sliceText), slider),
      drawn.isColour
        ? el("p", { class: "small quiet" }, "A colour image is shown as it is.")
        : el("div", { class: "stack tight" },
            el("div", { class: "pair" }, field("Level", level), field("Width", width)),
            el("div", { class: "buttons", role: "group", "aria-label": "Window" },
              press("As opened", () => setWindow(start.level, start.width)),
              press("Whole range", whole),
              modality === "CT" && CT_WINDOWS.map(([name, toLevel, toWidth]) => press(name, () => setWindow(toLevel, toWidth)))),
          ),
      mask && overlay(),
      el("div", { class: "buttons" },
        press("Zoom in", () => drawn.zoom(1.25)), press("Zoom out", () => drawn.zoom(0.8)), press("Reset", reset),
        press("Smooth", (event) => {
          const isSmooth = event.currentTarget.getAttribute("aria-pressed") !== "true";
          drawn.setSmooth(isSmooth);
          event.currentTarget.setAttribute("aria-pressed", isSmooth);
        }, "true")),
      el("details", { class: "small" }, el("summary", {}, "Keys and pointer"),
        el("p", { id: help, class: "quiet" },
          drawn.isColour ? "" : "Drag: right widens the window, down raises the level; Shift and arrow keys do the same. ",
          drawn.slices("axial") > 1 ? "Wheel, arrow up and down, Page up and down: slices. " : "",
          "Plus, minus, or Ctrl and wheel: zoom. 0: reset.", mask ? " M: mask on and off." : "")),
    ].filter(Boolean));
    if (isVolume) controls.append(el("p", { class: "small quiet" }, "The patient's left is on the right side (radiological convention)."));
    if (!drawn.isColour) showWindow();
    showSlice();

    function overlay() {
      const hidden = new Set();
      const share = el("input", { type: "range", min: 0, max: 100, value: 50 });
      const apply = () => drawn.setOpacity(masking.checked ? share.value / 100 : 0);
      masking = el("input", { type: "checkbox", checked: true, onchange: apply });
      share.addEventListener("input", apply);
      return el("div", { class: "stack tight" },
        el("label", { class: "row" }, masking, "Mask"),
        field("Opacity", share),
        el("ul", { class: "legend", "aria-label": "Structures" }, names.map((name, place) => {
          const label = place + 1;
          const toggle = (event) => {
            if (event.target.checked) hidden.delete(label);
            else hidden.add(label);
            drawn.setHidden(hidden);
          };
          return el("li", {}, el("label", {},
            el("input", { type: "checkbox", checked: true, onchange: toggle }),
            el("span", { class: "swatch", "aria-hidden": "true", style: { "--colour": `rgb(${colourOf(label).join(" ")})` } }),
            el("span", {}, name),
            volumes[name] !== undefined && el("span", { class: "small quiet" }, `${number(volumes[name])} ${unit ?? ""}`)));
        })),
      );
    }
  }

  return node;
}
