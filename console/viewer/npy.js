// Pictures as .npy files: the header is read as what it must be, and never run.

const TYPES = {
  "<f4": Float32Array,
  "<f8": Float64Array,
  "|u1": Uint8Array,
  "|b1": Uint8Array,
  "|i1": Int8Array,
  "<u2": Uint16Array,
  "<i2": Int16Array,
  "<u4": Uint32Array,
  "<i4": Int32Array,
};

const HEADER = /^\{'descr': '([<|][a-z]\d)', 'fortran_order': False, 'shape': \((\d{1,9}(?:, \d{1,9}){1,3}),?\),? *\} *\n?$/;

/** {shape: [height, width(, 3)], values}; throws Error for anything else. */
export function readNpy(buffer) {
  const bytes = new Uint8Array(buffer);
  const isNpy = bytes.length > 12 && bytes[0] === 0x93 && String.fromCharCode(...bytes.subarray(1, 6)) === "NUMPY";
  if (!isNpy) throw new Error("The content is no .npy array.");
  const isLong = bytes[6] > 1;
  const view = new DataView(buffer);
  const from = isLong ? 12 : 10;
  const start = from + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = HEADER.exec(new TextDecoder("latin1").decode(bytes.subarray(from, start)));
  const Type = header && TYPES[header[1]];
  if (!Type) throw new Error("The array is of a kind that cannot be shown.");
  const shape = header[2].split(", ").map(Number);
  const size = shape.reduce((a, b) => a * b, 1);
  const content = buffer.slice(start);
  if (content.byteLength !== size * Type.BYTES_PER_ELEMENT) throw new Error("The array's length does not fit its shape.");
  return { shape, values: new Type(content) };
}
