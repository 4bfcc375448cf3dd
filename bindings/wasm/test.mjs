// node test.mjs scrim.mjs MODEL PICTURE.ppm --compare EXPECTED: runs the module on a picture and compares the network's
// mask with raw floats from elsewhere (tests/support/mask_of.cc); fails where one differs by more than 1e-4, or at all
// with --same-bits instead.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {pathToFileURL} from 'node:url';

const comparison = process.argv[5];
assert.ok(['--compare', '--same-bits'].includes(comparison));
const [modulePath, modelPath, picturePath, , expectedPath] = process.argv.slice(2).map((path) => resolve(path));

const {default: createScrim} = await import(pathToFileURL(modulePath));
const scrim = await createScrim({wasmBinary: readFileSync(modulePath.replace(/\.mjs$/, '.wasm'))});
const lastError = () => scrim.UTF8ToString(scrim._scrim_last_error());
const copyIn = (bytes) => {
  const address = scrim._malloc(bytes.length);
  scrim.HEAPU8.set(bytes, address);
  return address;
};

// Errors come as a status and a line, as in C.
const out = scrim._malloc(8);
assert.equal(scrim._scrim_create_from_memory(copyIn(Buffer.from('no model')), 8, 0, out), 3);
assert.match(lastError(), /is not a scrim model/);

const modelBytes = readFileSync(modelPath), model = copyIn(modelBytes);
assert.equal(scrim._scrim_create_from_memory(model, modelBytes.length, 0, out), 0, lastError());
scrim._free(model);
const session = scrim.HEAPU32[out >> 2];

const ppm = readFileSync(picturePath);
const [header, width, height] = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(ppm.toString('latin1', 0, 64));
const pixels = copyIn(ppm.subarray(header.length));
// scrim_frame: format, matrix, width, height, three planes, three strides.
const frame = copyIn(new Uint8Array(new Uint32Array([2, 0, width, height, pixels, 0, 0, 3 * width, 0, 0]).buffer));
const alpha = scrim._malloc(width * height);
for (let i = 0; i < 2; ++i) assert.equal(scrim._scrim_segment(session, frame, alpha, width), 0, lastError());

const expected = new Float32Array(new Uint8Array(readFileSync(expectedPath)).buffer);
const mask = scrim._malloc(4 * expected.length);
assert.equal(scrim._scrim_get_mask(session, mask, expected.length), 0, lastError());
let largest = 0;
for (let i = 0; i < expected.length; ++i) {
  largest = Math.max(largest, Math.abs(scrim.HEAPF32[(mask >> 2) + i] - expected[i]));
}
console.log(`largest difference ${largest.toPrecision(3)}`);
assert.ok(largest <= (comparison === '--same-bits' ? 0 : 1e-4));
assert.ok(expected.some((value) => value > 0.9), 'nobody in the picture');
scrim._scrim_free(session);
