// scrim and MediaPipe's selfie segmentation in one browser, as their users run them: time of a frame, to the first mask,
// and what is downloaded. Writes the table in docs/performance.md between its markers.
import {readFileSync, writeFileSync} from 'node:fs';
import {cpus} from 'node:os';
import {gzipSync} from 'node:zlib';
import {join} from 'node:path';
import {launch, root, serve} from '../tests/harness.mjs';

const rounds = 12;
const server = await serve({cache: true});
const browser = await launch({args: ['--enable-unsafe-swiftshader']});

/** A page of its own with what it downloaded; body runs in it. */
async function onPage(body, argument, {context} = {}) {
  const page = await (context ?? browser).newPage();
  const files = new Map();
  page.on('response', async (response) => {
    const path = new URL(response.url()).pathname;
    if (response.ok() && /^\/(package|bench)\//.test(path)) files.set(path, await response.body().catch(() => null));
  });
  await page.goto(`${server.url}/bench/bench.html`);
  const result = await page.evaluate(body, argument);
  await page.waitForTimeout(200);
  await page.close();
  return {result, files};
}

function gzipped(files) {
  let sum = 0;
  for (const [path, body] of files) sum += gzipSync(body ?? readFileSync(join(root, path.replace(/^\//, 'web/'))), {level: 9}).length;
  return sum;
}

const kinds = {
  scrim: async () => {
    const begin = performance.timeOrigin;
    const {Segmenter} = await import('/package/dist/index.js');
    const segmenter = await Segmenter.create({threads: 1});
    await segmenter.segment(await bench.still(1280, 720));
    return performance.timeOrigin + performance.now() - begin;
  },
  mediapipe: async () => {
    const begin = performance.timeOrigin;
    const solution = await bench.mediapipe();
    await solution.send({image: await bench.still(1280, 720)});
    return performance.timeOrigin + performance.now() - begin;
  },
};

// From navigation to the first mask; the first visit of a context is without a cache.
const first = {}, bytes = {};
for (const [name, body] of Object.entries(kinds)) {
  const context = await browser.newContext();
  const {result: cold, files} = await onPage(body, null, {context});
  const warm = [];
  for (let i = 0; i < 5; ++i) warm.push((await onPage(body, null, {context})).result);
  first[name] = {cold, warm: median(warm)};
  bytes[name] = gzipped(files);
  await context.close();
}

// Frames in turn, in one page.
const {result: times} = await onPage(async (rounds) => {
  const {Segmenter} = await import('/package/dist/index.js');
  const int8 = await Segmenter.create({threads: 1});
  const f32 = await Segmenter.create({threads: 1, model: '/models/default.scrim'});
  const solution = await bench.mediapipe();
  const times = {};
  const time = async (name, run) => {
    const start = performance.now();
    const value = await run();
    (times[name] ??= []).push(typeof value === 'number' ? value : performance.now() - start);
  };
  for (const [width, height] of [[256, 144], [1280, 720]]) {
    const still = await bench.still(width, height), size = `${width}x${height}`;
    for (let round = 0; round <= rounds; ++round) {
      if (round === 1) for (const name of Object.keys(times)) if (name.endsWith(size)) times[name] = [];
      for (let i = 0; i < 4; ++i) await time(`int8 ${size}`, () => int8.segment(still, {follows: true}));
      for (let i = 0; i < 4; ++i) await time(`f32 ${size}`, () => f32.segment(still, {follows: true}));
      for (let i = 0; i < 2; ++i) await time(`mediapipe ${size}`, () => solution.send({image: still}));
    }
  }
  return times;
}, rounds);

// 720p from canvas to canvas, each frame when the last one is back.
const {result: path} = await onPage(async () => {
  const {VirtualBackground} = await import('/package/dist/index.js');
  const results = {};
  for (const background of ['/testdata/backgrounds/coast.jpg', 'blur']) {
    const generator = new MediaStreamTrackGenerator({kind: 'video'}), writer = generator.writable.getWriter();
    const virtual = await VirtualBackground.start(generator, {background, threads: 1});
    const reader = new MediaStreamTrackProcessor({track: virtual.track}).readable.getReader();
    const still = await bench.still(1280, 720), out = new OffscreenCanvas(1280, 720).getContext('2d');
    const reports = [];
    virtual.addEventListener('stats', ({detail}) => reports.push(detail));
    for (let i = 1; reports.length < 8; ++i) {
      await writer.write(new VideoFrame(still, {timestamp: 33_333 * i}));
      const {value} = await reader.read();
      out.drawImage(value, 0, 0);
      value.close();
    }
    virtual.stop();
    results[background === 'blur' ? 'blur' : 'image'] = reports.slice(1);
  }
  return results;
});

// The page of web/page: navigation to its first masked frame, everything cached.
const context = await browser.newContext({viewport: {width: 1280, height: 800}}), visits = [];
for (let i = 0; i < 6; ++i) {
  const page = await context.newPage();
  await page.goto(server.url);
  await page.waitForFunction(() => performance.getEntriesByName('first-frame').length > 0);
  visits.push(await page.evaluate(() => performance.getEntriesByName('first-frame')[0].startTime));
  await page.waitForTimeout(500);
  await page.close();
}
const version = browser.version();
await browser.close();
await server.close();

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
const best = (values) => Math.min(...values);
const ms = (value) => value.toFixed(value < 20 ? 1 : 0);
const kb = (value) => `${Math.round(value / 1000)} kB`;

const row = (label, name, key) =>
  `| ${label} | ${ms(median(times[`${name} 256x144`]))} / ${ms(best(times[`${name} 256x144`]))} | ` +
  `${ms(median(times[`${name} 1280x720`]))} / ${ms(best(times[`${name} 1280x720`]))} | ` +
  (key ? `${kb(bytes[key])} | ${ms(first[key].cold)} | ${ms(first[key].warm)} |` : '| | |');
const stage = (reports, name) => median(reports.map(({times}) => times[name]));
const pathRow = (name) => {
  const reports = path[name];
  return `| ${name} | ${median(reports.map(({fps}) => fps)).toFixed(0)} | ${ms(median(reports.map(({total}) => total)))} | ` +
    ['sample', 'network', 'matte', 'compose'].map((key) => ms(stage(reports, key))).join(' | ') + ' |';
};

const text = `<!-- bench-web -->
Made by \`make bench-web\` on ${cpus()[0].model.trim()}, ${cpus().length} cores: headless Chromium ${version}, no GPU, one
thread each, the same still pictures in turn. Milliseconds from the picture to its mask, through worker or WebGL as each
is used, median / best; downloads with gzip; from navigation to the first mask of a picture of 720 rows, first visit and
cached.

| | 256×144 picture | 1280×720 picture | download | first mask | cached |
| --- | --- | --- | --- | --- | --- |
${row('scrim, int8 (default)', 'int8', 'scrim')}
${row('scrim, f32', 'f32')}
${row('MediaPipe selfie landscape 0.1.1675465747, `useCpuInference`', 'mediapipe', 'mediapipe')}

The whole path at 720p, canvas to canvas through a processed track, one frame after the other:

| background | frames a second | ms in the worker | input | network | matte | compose |
| --- | --- | --- | --- | --- | --- | --- |
${pathRow('image')}
${pathRow('blur')}

The page (web/page), from navigation to its first masked frame of the sample clip: first visit ${ms(visits[0])} ms, cached
${ms(median(visits.slice(1)))} ms (median of five).
<!-- /bench-web -->`;
const document = join(root, 'docs/performance.md');
const old = readFileSync(document, 'utf8');
writeFileSync(document, old.replace(/<!-- bench-web -->[\s\S]*<!-- \/bench-web -->/, text));
console.log(text);
