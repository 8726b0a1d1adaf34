// The drawing itself: NiiVue, told what to show. Input is handled by the viewer, so that keys, wheel and drag mean
// the same everywhere.

import { labelColours } from "./palette.js";

export const PLANES = { axial: 0, coronal: 1, sagittal: 2, all: 3 };
const AXIS = { axial: 2, coronal: 1, sagittal: 0 };

/** Throws Error where the browser cannot draw (no WebGL 2). */
export async function scene(canvas, { image, mask, names, isVolume }) {
  if (!document.createElement("canvas").getContext("webgl2")) throw new Error("This browser has no WebGL 2.");
  const { Niivue, NVImage } = await import("../vendor/niivue/niivue.js");
  const nv = new Niivue({
    logLevel: "error",
    interactive: false,
    dragAndDropEnabled: false,
    backColor: [0, 0, 0, 1],
    crosshairWidth: 0,
    isRadiologicalConvention: isVolume,
    isOrientationTextVisible: isVolume,
    showAllOrientationMarkers: isVolume,
    isNearestInterpolation: false,
    sliceType: PLANES.axial,
    multiplanarShowRender: 0,
    multiplanarPadPixels: 8,
    loadingText: "",
    fontMinPx: 14,
    fontColor: [0.85, 0.9, 0.92, 1],
  });
  await nv.attachToCanvas(canvas, false);
  const suffix = (buffer) => (new Uint8Array(buffer, 0, 2)[0] === 0x1f ? ".nii.gz" : ".nii");
  const base = await NVImage.loadFromUrl({ url: image, name: `image${suffix(image)}`, colormap: "gray" });
  nv.addVolume(base);
  let labels = null;
  if (mask) {
    labels = await NVImage.loadFromUrl({ url: mask, name: `mask${suffix(mask)}`, opacity: 0.5 });
    labels.setColormapLabel(labelColours(names));
    nv.addVolume(labels);
  }
  const sides = base.dimsRAS.slice(1, 4);
  let plane = "axial";
  const isColour = base.hdr.datatypeCode === 128;

  const where = labels ? busiest(nv, labels) : null;
  nv.scene.crosshairPos = where ?? sides.map((side) => (Math.floor(side / 2) + 0.5) / side);
  nv.updateGLVolume();

  const sliceOf = (axis) => Math.min(sides[axis] - 1, Math.max(0, Math.floor(nv.scene.crosshairPos[axis] * sides[axis])));

  return {
    isColour,
    rows: sides[1],
    slices: (of = plane) => sides[AXIS[of] ?? 2],
    range: { low: base.global_min, high: base.global_max, robustLow: base.robust_min, robustHigh: base.robust_max },
    slice: (of = plane) => sliceOf(AXIS[of] ?? 2),
    setSlice(value, of = plane) {
      const axis = AXIS[of] ?? 2;
      nv.scene.crosshairPos[axis] = (Math.min(sides[axis] - 1, Math.max(0, value)) + 0.5) / sides[axis];
      // Volumes beyond the GPU's 3D textures are drawn slice by slice.
      if (nv.opts.is2DSliceShader) nv.updateGLVolume();
      nv.drawScene();
    },
    setPlane(to) {
      plane = to;
      nv.opts.crosshairWidth = to === "all" ? 0.3 : 0;
      nv.opts.crosshairColor = [0.38, 0.78, 0.85, 0.8];
      nv.setSliceType(PLANES[to]);
    },
    window: () => ({ level: (base.cal_min + base.cal_max) / 2, width: base.cal_max - base.cal_min }),
    setWindow(level, width) {
      base.cal_min = level - width / 2;
      base.cal_max = level + width / 2;
      nv.updateGLVolume();
    },
    setOpacity: (share) => nv.setOpacity(1, share),
    setHidden(hidden) {
      labels.setColormapLabel(labelColours(names, hidden));
      nv.updateGLVolume();
    },
    setSmooth: (isSmooth) => nv.setInterpolation(!isSmooth),
    zoom(factor) {
      const [x, y, z, now] = nv.scene.pan2Dxyzmm;
      nv.setPan2Dxyzmm([x, y, z, Math.min(20, Math.max(0.5, now * factor))]);
    },
    home: () => nv.setPan2Dxyzmm([0, 0, 0, 1]),
    /** What lies under a point of the canvas: {plane, voxel, value, label}; null beside the image. */
    under(x, y) {
      const ratio = nv.uiData.dpr ?? 1;
      const tile = nv.tileIndex(x * ratio, y * ratio);
      if (tile < 0) return null;
      const fraction = nv.screenXY2TextureFrac(x * ratio, y * ratio, tile, false);
      if (fraction.some((value) => !(value >= 0 && value <= 1))) return null;
      const voxel = nv.frac2vox(fraction);
      return {
        plane: ["axial", "coronal", "sagittal"][nv.screenSlices[tile].axCorSag],
        fraction,
        voxel: Array.from(voxel),
        value: base.getValue(...voxel),
        label: labels ? labelAt(nv, labels, fraction) : 0,
      };
    },
    moveTo(fraction) {
      nv.scene.crosshairPos = fraction;
      nv.drawScene();
    },
    destroy() {
      nv.cleanup();
      nv.gl?.getExtension("WEBGL_lose_context")?.loseContext();
    },
  };
}

/** The mask's label at a place of the image, which the mask need not share its grid with. */
function labelAt(nv, labels, fraction) {
  const own = labels.convertMM2Frac(nv.frac2mm(fraction));
  const voxel = [0, 1, 2].map((axis) => Math.round(own[axis] * labels.dimsRAS[axis + 1] - 0.5));
  return voxel.every((at, axis) => at >= 0 && at < labels.dimsRAS[axis + 1]) ? Math.round(labels.getValue(...voxel)) : 0;
}

/** The middle of the slice that shows most of the mask; null for an empty one. */
function busiest(nv, labels) {
  const [, width, height, depth] = labels.hdr.dims;
  const plane = width * height;
  let best = { amount: 0 };
  for (let k = 0; k < Math.max(1, depth); k += 1) {
    let amount = 0;
    let atX = 0;
    let atY = 0;
    for (let at = 0; at < plane; at += 1) {
      if (labels.img[k * plane + at] <= 0) continue;
      amount += 1;
      atX += at % width;
      atY += Math.floor(at / width);
    }
    if (amount > best.amount) best = { amount, voxel: [atX / amount, atY / amount, k] };
  }
  if (!best.amount) return null;
  const affine = labels.hdr.affine;
  const mm = affine.slice(0, 3).map((row) => row[0] * best.voxel[0] + row[1] * best.voxel[1] + row[2] * best.voxel[2] + row[3]);
  return nv.mm2frac(mm);
}
