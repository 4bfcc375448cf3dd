// The GPU's kernels and whole networks against the reference. On a machine without a GPU, Chromium's software adapter
// runs them.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {after, before, test} from 'node:test';
import {launch, root, serve, software, temporary} from './harness.mjs';

const gpuCases = process.env.SCRIM_GPU_CASES;
const cases = temporary('gpu-cases');
let browser, server;

before(async () => {
  const answer = (path, response) => {
    if (!/^\/cases\.(json|bin)$/.test(path)) return false;
    response.end(readFileSync(cases + path.slice('/cases'.length)));
    return true;
  };
  [browser, server] = await Promise.all([launch({args: software}), serve({answer})]);
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
