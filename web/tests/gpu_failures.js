// Engines whose GPUs are taken away. For web/tests/gpu.test.mjs.
import {Engine} from '/package/dist/engine.js';

const width = 320, height = 180;
const room = [120, 20, 20], person = [250, 250, 250], background = [0, 200, 30];

// The left half is dark, which the model takes for room, the right half bright.
function scene(timestamp) {
  const data = new Uint8Array(4 * width * height);
  for (let i = 0; i < width * height; ++i) data.set([...(i % width < width / 2 ? room : person), 255], 4 * i);
  return new VideoFrame(data, {format: 'RGBA', codedWidth: width, codedHeight: height, timestamp});
}

// What stands in the middle of both halves: 'person', 'alone' (the background in both), 'black', or 'room'.
async function look(picture) {
  const bytes = new Uint8Array(4 * width * height);
  await picture.copyTo(bytes, {format: 'RGBA', colorSpace: 'srgb'});
  const at = (x) => bytes.subarray(4 * ((height / 2) * width + x), 4 * ((height / 2) * width + x) + 3);
  const is = (pixel, colour) => pixel.every((value, c) => Math.abs(value - colour[c]) <= 24);
  const [left, right] = [at(width / 4), at((3 * width) / 4)];
  for (let i = 0; i < bytes.length; i += 4) if (is(bytes.subarray(i, i + 3), room)) return 'room';
  if (is(left, background)) return is(right, person) ? 'person' : is(right, background) ? 'alone' : 'other';
  return is(left, [0, 0, 0]) && is(right, [0, 0, 0]) ? 'black' : 'other';
}

/**
 * rounds times: two engines side by side draw frames, and after a random while their devices are destroyed. Returns how
 * often what was seen, and the backends at the end. patience: milliseconds that the while takes at most.
 */
export async function destroyDevices({model, rounds, patience}) {
  const bytes = new Uint8Array(await (await fetch(model)).arrayBuffer());
  const seen = {before: {}, after: {}, backends: {}, reasons: {}};
  const count = (counts, what) => (counts[what] = (counts[what] ?? 0) + 1);
  const draw = async (engine, i, counts) => {
    const frame = scene(33_333 * i);
    const {picture} = await engine.compose(frame);
    frame.close();
    count(counts, await look(picture));
    picture.close();
  };
  const run = async () => {
    const engine = await Engine.open(Promise.resolve(bytes), {}, 1, undefined, 'gpu');
    engine.setBackground({kind: 'color', color: background});
    await engine.backend.opened;
    const {device} = engine.backend.path;
    let i = 0, gone = false;
    void device.lost.then(() => (gone = true));
    setTimeout(() => device.destroy(), patience * Math.random()); // while kernels compile, too
    while (!gone) await draw(engine, i++, seen.before);
    for (let k = 0; k < 3; ++k) await draw(engine, i++, seen.after);
    const {name, reason} = engine.backendInUse();
    count(seen.backends, name);
    count(seen.reasons, reason);
    engine.close();
  };
  for (let round = 0; round < rounds; ++round) await Promise.all([run(), run()]);
  return seen;
}

/** What a GPU shows of a network whose masks are no numbers, of backgrounds alone, and after other sizes and the like. */
export async function showOthers({broken, bright}) {
  const open = async (model) => {
    const bytes = new Uint8Array(await (await fetch(model)).arrayBuffer());
    const engine = await Engine.open(Promise.resolve(bytes), {}, 1, undefined, 'gpu');
    engine.setBackground({kind: 'color', color: background});
    return engine;
  };
  const compose = async (engine, source = scene(0)) => {
    const {picture} = await engine.compose(source);
    source.close();
    const what = await look(picture);
    picture.close();
    return [engine.backendInUse().name, what];
  };
  const results = {};
  const damaged = await open(broken);
  results.broken = [await compose(damaged), await compose(damaged)];
  damaged.close();
  const engine = await open(bright);
  results.person = await compose(engine);
  // Another background changes nothing of what is remembered of the mask.
  for (let i = 1; i < 4; ++i) await compose(engine, scene(i));
  engine.setBackground({kind: 'color', color: [0, 201, 30]});
  results.again = await compose(engine, scene(5));
  engine.setBackground({kind: 'color', color: background});
  const alone = await engine.background(7);
  results.alone = [alone.timestamp, await look(alone)];
  alone.close();
  engine.setBackground({kind: 'blur', strength: 14});
  const blurred = await engine.background(8);
  const pixel = new Uint8Array(4 * width * height);
  await blurred.copyTo(pixel, {format: 'RGBA', colorSpace: 'srgb'});
  results.blurAlone = [...pixel.subarray(0, 4)];
  blurred.close();
  engine.setBackground({kind: 'color', color: background});
  // Turned: what was left is on top.
  const turned = new VideoFrame(scene(1), {rotation: 90, timestamp: 1});
  const {picture} = await engine.compose(turned);
  const bytes = new Uint8Array(4 * width * height);
  await picture.copyTo(bytes, {format: 'RGBA', colorSpace: 'srgb'});
  const at = (x, y) => [...bytes.subarray(4 * (y * picture.codedWidth + x), 4 * (y * picture.codedWidth + x) + 3)];
  results.turned = {
    size: [picture.displayWidth, picture.displayHeight],
    rotation: picture.rotation,
    top: at(height / 2, width / 4),
    bottom: at(height / 2, (3 * width) / 4),
    backend: engine.backendInUse().name,
  };
  turned.close();
  picture.close();
  // Bitmaps come and go where there are no frames of video.
  const source = scene(2), bitmap = await createImageBitmap(source);
  source.close();
  const composed = await engine.compose(bitmap);
  results.bitmap = [engine.backendInUse().name, composed.picture instanceof ImageBitmap && (await look(new VideoFrame(composed.picture, {timestamp: 0})))];
  // Halves, which this adapter may not have in hardware: the network is compared with the CPU's first.
  const {has} = GPUSupportedFeatures.prototype;
  GPUSupportedFeatures.prototype.has = () => true;
  engine.setBackend('gpu');
  results.halves = [await compose(engine), engine.backend.path.halves];
  GPUSupportedFeatures.prototype.has = has;
  // Nothing is made anew for a frame.
  const made = {};
  const {prototype} = GPUDevice, originals = {};
  for (const name of ['createBuffer', 'createTexture', 'createShaderModule', 'createComputePipelineAsync', 'createBindGroup']) {
    originals[name] = prototype[name];
    prototype[name] = function (...given) {
      made[name] = (made[name] ?? 0) + 1;
      return originals[name].apply(this, given);
    };
  }
  // Nor is anything hung on a promise that stays open: it would be kept.
  const {then} = Promise.prototype, {lost} = engine.backend.path.device;
  Promise.prototype.then = function (...given) {
    if (this === lost) made.waits = (made.waits ?? 0) + 1;
    return then.apply(this, given);
  };
  for (let i = 0; i < 10; ++i) await compose(engine, scene(i));
  Promise.prototype.then = then;
  Object.assign(prototype, originals);
  results.made = made;
  engine.setBackend('cpu');
  results.cpu = await compose(engine);
  engine.setBackend('auto');
  await engine.backend.opened;
  results.auto = [await compose(engine), await compose(engine), engine.backendInUse().reason];
  engine.close();
  return results;
}

/**
 * 'auto' with a software adapter that passes for hardware: what becomes of it beside the CPU, beside a CPU that is said
 * to be slow, and beside one that draws something else.
 */
export async function tryGpus({model}) {
  const info = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, 'info');
  Object.defineProperty(GPUAdapter.prototype, 'info', {value: {vendor: 'a', architecture: 'GPU', description: '', isFallbackAdapter: false}});
  const bytes = new Uint8Array(await (await fetch(model)).arrayBuffer());
  const results = {};
  const slow = {last: null, keep: (gpu) => (slow.last = gpu)};
  for (const [name, change] of [
    ['asItIs', {}],
    ['onceMore', {}],
    ['besideSlow', {milliseconds: () => 1e6}],
    ['besideOther', {compose: async () => createImageBitmap(new ImageData(width, height)), milliseconds: () => 1e6}],
  ]) {
    if (name === 'besideSlow') slow.last = null;
    const engine = await Engine.open(Promise.resolve(bytes), {}, 1, undefined, 'auto', slow);
    engine.setBackground({kind: 'color', color: background});
    const {backend} = engine, compose = backend.compose.bind(backend);
    backend.compose = (source, fit, rival) => compose(source, fit, {...rival, ...change});
    await backend.opened;
    const shown = {};
    for (let i = 0; i < 200 && backend.path !== null && !backend.active; ++i) {
      const frame = scene(33_333 * i), {picture} = await engine.compose(frame);
      if (picture instanceof VideoFrame) shown[await look(picture)] = true;
      frame.close();
      picture.close();
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    results[name] = {shown: Object.keys(shown), ...engine.backendInUse()};
    engine.close();
  }
  Object.defineProperty(GPUAdapter.prototype, 'info', info);
  return results;
}
