// What runs on a GPU: kernels and whole networks against the reference, the frame path against the engine on the CPU. On
// a machine without a GPU, Chromium's software adapter runs them.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {after, before, test} from 'node:test';
import {cameraFile, launch, readFrame, root, runInPage, serve, softwareGpu, temporary} from './harness.mjs';

const gpuCases = process.env.SCRIM_GPU_CASES;
const cases = temporary('gpu-cases');
const models = gpuCases === undefined ? '' : dirname(gpuCases); // bright.scrim and broken.scrim stand beside it
let browser, server;

before(async () => {
  const answer = (path, response) => {
    const [, ending] = /^\/cases\.(json|bin)$/.exec(path) ?? [], [, model] = /^\/(bright|broken)\.scrim$/.exec(path) ?? [];
    if (ending === undefined && model === undefined) return false;
    response.end(readFileSync(ending !== undefined ? `${cases}.${ending}` : join(models, `${model}.scrim`)));
    return true;
  };
  [browser, server] = await Promise.all([launch({args: softwareGpu}), serve({answer})]);
});
after(async () => {
  await browser?.close();
  await server?.close();
});

test('every kernel and whole networks agree with the reference', async (t) => {
  if (gpuCases === undefined) return t.skip('SCRIM_GPU_CASES does not name the program that writes the cases');
  // SCRIM_GPU_MODELS: more model files, by colons. The default network in floats is part of the frame path below.
  const more = process.env.SCRIM_GPU_MODELS?.split(':') ?? [];
  execFileSync(gpuCases, [cases, more.length > 0 ? 'both' : 'halves', `${root}/models/default.scrim`, ...more]);
  const page = await browser.newPage();
  await page.goto(`${server.url}/tests/gpu.html`);
  await page.waitForFunction('window.gpu');
  if ((await page.evaluate('gpu.adapter')) === null) return t.skip('this browser has no adapter for WebGPU');
  const results = await page.evaluate(() => gpu.runCases('/cases'));
  assert.ok(results.length >= 25);
  for (const {name, halves, largest, error} of results) {
    t.diagnostic(`${name}: ${error || largest.toExponential(1)}`);
    assert.equal(error, '', name);
    assert.ok(largest <= (halves ? 2e-3 : 1e-4), `${name}: differs by ${largest}`);
  }
});

const width = 640, height = 360;

/** Frames of the clip as the page's i420() takes them. */
const clipFrames = (count) => Array.from({length: count}, (_, i) => readFrame(cameraFile(), 5 * i).data.toString('base64'));

const compare = (argument) =>
  runInPage(browser, server, async ({frames, width, height, ...options}) => {
    const {compareFrames, readable} = await import('/tests/gpu_frames.js');
    if (!(await readable())) return null;
    const pixels = [];
    for (const [i, base64] of frames.entries()) {
      const frame = helpers.i420(base64, width, height, i), data = new Uint8Array(4 * width * height);
      await frame.copyTo(data, {format: 'RGBA', colorSpace: 'srgb'});
      frame.close();
      pixels.push(data);
    }
    if (options.background.kind === 'image') {
      const bitmap = await createImageBitmap(await (await fetch('/testdata/backgrounds/coast.jpg')).blob());
      options.picture = {width: bitmap.width, height: bitmap.height, data: helpers.pixels(bitmap)};
    }
    return compareFrames({frames: pixels, width, height, ...options});
  }, {width, height, model: '/models/default.scrim', ...argument});

for (const [background, own, edges] of [
  [{kind: 'transparent'}, true, {}],
  [{kind: 'color', color: [0, 200, 30]}, false, {removeIslands: false, refineEdges: false}],
  [{kind: 'blur', strength: 14}, false, {}],
  [{kind: 'image'}, false, {stabilise: false, lightWrap: 0.5}],
]) {
  test(`${background.kind}: a clip comes out as from the engine, the network on the ${own ? 'GPU' : 'CPU'}`, async (t) => {
    const compared = await compare({frames: clipFrames(3), background, own, edges});
    if (compared === null || typeof compared === 'string') return t.skip(compared ?? 'no frame becomes a texture here');
    for (const [i, {colours, alpha, covered, timestamp}] of compared.results.entries()) {
      assert.equal(timestamp, 33_333 * i);
      assert.ok(alpha.mean <= 0.1 && alpha.most999 <= 3, `frame ${i}: alpha ${JSON.stringify(alpha)}`);
      assert.ok(colours.mean <= 0.5 && colours.most999 <= 2, `frame ${i}: colours ${JSON.stringify(colours)}`);
      if (background.kind === 'transparent') assert.ok(covered > 0.2 && covered < 0.6, `frame ${i}: covered ${covered}`);
    }
    if (own) assert.ok(compared.masks.most <= 1e-4, `masks: ${JSON.stringify(compared.masks)}`);
  });
}

/** Runs a function of gpu_failures.js, or skips the test where no frame becomes a texture. */
const failing = (name, argument) =>
  runInPage(browser, server, async ({name, argument}) => {
    const [{readable}, failures] = await Promise.all([import('/tests/gpu_frames.js'), import('/tests/gpu_failures.js')]);
    return (await readable()) ? failures[name](argument) : null;
  }, {name, argument});

test('a GPU that is taken away leaves no frame of the room: the CPU draws the same frame', async (t) => {
  if (gpuCases === undefined) return t.skip('SCRIM_GPU_CASES does not name the program beside the models');
  const seen = await failing('destroyDevices', {model: '/bright.scrim', rounds: 2, patience: 3000});
  if (seen === null) return t.skip('no frame becomes a texture here');
  t.diagnostic(JSON.stringify(seen));
  for (const what of Object.keys({...seen.before, ...seen.after})) assert.ok(['person', 'alone', 'black'].includes(what), what);
  assert.deepEqual(seen.after, {person: 12});
  assert.deepEqual(seen.backends, {cpu: 4});
});

test("'auto' takes a GPU that is faster and draws the same, and no other", async (t) => {
  if (gpuCases === undefined) return t.skip('SCRIM_GPU_CASES does not name the program beside the models');
  const seen = await failing('tryGpus', {model: '/bright.scrim'});
  if (seen === null) return t.skip('no frame becomes a texture here');
  t.diagnostic(JSON.stringify(seen));
  for (const {shown} of Object.values(seen)) assert.deepEqual(shown.filter((what) => what !== 'person'), []);
  assert.equal(seen.asItIs.name, 'cpu');
  assert.match(seen.asItIs.reason, /^a frame takes .* on the GPU, .* on the CPU$/);
  assert.equal(seen.onceMore.reason, 'it was faster than the GPU when both were tried here (a GPU)');
  assert.match(seen.besideSlow.name, /^gpu/);
  assert.equal(seen.besideOther.name, 'cpu');
  assert.match(seen.besideOther.reason, /^the GPU's pictures differ from the CPU's/);
});

test('damaged networks, backgrounds alone, turned frames, bitmaps and changes of the backend', async (t) => {
  if (gpuCases === undefined) return t.skip('SCRIM_GPU_CASES does not name the program beside the models');
  const seen = await failing('showOthers', {bright: '/bright.scrim', broken: '/broken.scrim'});
  if (seen === null) return t.skip('no frame becomes a texture here');
  assert.deepEqual(seen.broken, [['gpu', 'alone'], ['gpu', 'alone']]);
  assert.deepEqual(seen.person, ['gpu', 'person']);
  assert.deepEqual(seen.again, ['gpu', 'person']);
  assert.deepEqual(seen.alone, [7, 'alone']);
  assert.deepEqual(seen.blurAlone, [96, 96, 96, 255]);
  assert.deepEqual(seen.turned, {size: [180, 320], rotation: 0, top: [0, 200, 30], bottom: [250, 250, 250], backend: 'gpu'});
  assert.deepEqual(seen.bitmap, ['gpu', 'person']);
  assert.deepEqual(seen.halves, [['gpu', 'person'], true]);
  assert.deepEqual(seen.made, {createBindGroup: 30}); // of the three kernels that see the frame
  assert.deepEqual(seen.cpu, ['cpu', 'person']);
  assert.deepEqual(seen.auto[1], ['cpu', 'person']);
  assert.match(seen.auto[2], /^WebGPU is drawn by the CPU here/);
});
