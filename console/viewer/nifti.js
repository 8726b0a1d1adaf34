// Pictures wrapped into a NIfTI-1 file in memory, which is what the viewer's library draws.

const FLOAT32 = 16;
const RGB24 = 128;
const UINT8 = 2;
const UINT16 = 512;

/** The picture upright: row 0 is above. Frames of a film become slices. */
export function pictureToNifti({ shape, values }, spacing = [1, 1]) {
  const isColour = shape.length > 2 && shape.at(-1) === 3;
  const [frames, height, width] = planes(shape, isColour);
  const data = isColour ? colours(values) : Float32Array.from(values);
  return wrap([width, height, frames], isColour ? RGB24 : FLOAT32, data, spacing);
}

export function maskToNifti({ shape, values }, spacing = [1, 1]) {
  const [frames, height, width] = planes(shape, false);
  const isSmall = values.every((value) => value < 256);
  return wrap([width, height, frames], isSmall ? UINT8 : UINT16, isSmall ? Uint8Array.from(values) : Uint16Array.from(values), spacing);
}

function planes(shape, isColour) {
  const sides = isColour ? shape.slice(0, -1) : shape;
  return sides.length === 2 ? [1, ...sides] : sides;
}

/** Values of any range as bytes: fractions and bytes as they are, others by their largest. */
function colours(values) {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  const factor = most <= 1 ? 255 : most <= 255 ? 1 : 255 / most;
  return Uint8ClampedArray.from(values, (value) => value * factor);
}

function wrap([width, height, depth], datatype, data, [row, column]) {
  const out = new ArrayBuffer(352 + data.byteLength);
  const view = new DataView(out);
  const bits = { [FLOAT32]: 32, [RGB24]: 24, [UINT8]: 8, [UINT16]: 16 }[datatype];
  view.setInt32(0, 348, true);
  [3, width, height, depth, 1, 1, 1, 1].forEach((value, at) => view.setInt16(40 + 2 * at, value, true));
  view.setInt16(70, datatype, true);
  view.setInt16(72, bits, true);
  [1, column, row, 1, 1, 1, 1, 1].forEach((value, at) => view.setFloat32(76 + 4 * at, value, true));
  view.setFloat32(108, 352, true);
  view.setFloat32(112, 1, true);
  view.setUint8(123, 2);
  view.setInt16(254, 1, true);
  // Rows run downwards: the y axis is turned over.
  const affine = [column, 0, 0, 0, 0, -row, 0, row * (height - 1), 0, 0, 1, 0];
  affine.forEach((value, at) => view.setFloat32(280 + 4 * at, value, true));
  [0x6e, 0x2b, 0x31, 0x00].forEach((value, at) => view.setUint8(344 + at, value));
  new Uint8Array(out, 352).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return out;
}
