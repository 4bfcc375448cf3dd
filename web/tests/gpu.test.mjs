// What runs on a GPU: kernels and whole networks against the reference, the frame path against the engine on the CPU. On a
// machine without a GPU, Chromium's software adapter runs them.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {after, before, test} from 'node:test';
import {cameraFile, launch, readFrame, root, runInPage, serve, softwareGpu, temporary} from './harness.mjs';

const gpuCases = process.env.SCRIM_GPU_CASES;
const cases = temporary('gpu-cases');
let browser, server;

before(async () => {
  const answer = (path, response) => {
    if (!/^\/cases\.(json|bin)$/.test(path)) return false;
    response.end(readFileSync(cases + path.slice('/cases'.length)));
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
  execFileSync(gpuCases, [`${root}/models`, cases]);
  const page = await browser.newPage();
  await page.goto(`${server.url}/tests/gpu.html`);
  await page.waitForFunction('window.gpu');
  if ((await page.evaluate('gpu.adapter')) === null) return t.skip('this browser has no adapter for WebGPU');
  const results = await page.evaluate(() => gpu.runCases('/cases'));
  assert.ok(results.length >= 28);
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
    const compared = await compare({frames: clipFrames(4), background, own, edges});
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
