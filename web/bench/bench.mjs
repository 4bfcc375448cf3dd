// scrim and MediaPipe's selfie segmentation in one browser, as their users run them: time of a frame, to the first mask,
// and what is downloaded. Writes docs/benchmarks/web.json and the tables of it. With SCRIM_BENCH_GPU=1 on a machine with a GPU
// it measures that, too.
import {readFileSync} from 'node:fs';
import {gzipSync} from 'node:zlib';
import {join} from 'node:path';
import {record} from '../../bench/record.mjs';
import {launch, root, serve} from '../tests/harness.mjs';

const rounds = 12;
const server = await serve({cache: true});
const withGpu = process.env.SCRIM_BENCH_GPU === '1';
const gpuArguments = ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--ignore-gpu-blocklist'];
const browser = await launch({args: withGpu ? gpuArguments : ['--enable-unsafe-swiftshader']});

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

// From canvas to canvas, each frame when the last one is back: by backend, size and background.
const sizes = {'720p': [1280, 720], '1080p': [1920, 1080], '4K': [3840, 2160]};
const {result: path} = await onPage(async ({sizes, withGpu}) => {
  const {VirtualBackground} = await import('/package/dist/index.js');
  const results = {};
  const runs = ['cpu', ...(withGpu ? ['gpu'] : [])].flatMap((backend) =>
    Object.keys(sizes).flatMap((size) => ['image', 'blur'].map((name) => [backend, size, name])));
  for (const [backend, size, name] of runs) {
    const background = name === 'blur' ? 'blur' : '/testdata/backgrounds/coast.jpg', [width, height] = sizes[size];
    const generator = new MediaStreamTrackGenerator({kind: 'video'}), writer = generator.writable.getWriter();
    const virtual = await VirtualBackground.start(generator, {background, threads: 1, backend});
    const reader = new MediaStreamTrackProcessor({track: virtual.track}).readable.getReader();
    const still = await bench.still(width, height), out = new OffscreenCanvas(width, height).getContext('2d');
    const reports = [];
    virtual.addEventListener('stats', ({detail}) => reports.push(detail));
    for (let i = 1; reports.length < 8; ++i) {
      await writer.write(new VideoFrame(still, {timestamp: 33_333 * i}));
      const {value} = await reader.read();
      out.drawImage(value, 0, 0);
      value.close();
    }
    virtual.stop();
    results[`${backend} ${size}, ${name}`] = reports.slice(1);
  }
  return results;
}, {sizes, withGpu});

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

const row = (label, name, key) => [
  label,
  ...['256x144', '1280x720'].map((size) => [median(times[`${name} ${size}`]), best(times[`${name} ${size}`])]),
  ...(key ? [bytes[key] / 1000, first[key].cold, first[key].warm] : [null, null, null]),
];
const stage = (reports, name) => median(reports.map(({times}) => times[name]));
const pathRow = (name) => [
  path[name][0].backend === name.split(' ')[0] ? name : `${name} (${path[name][0].backend}: ${path[name][0].backendReason})`,
  median(path[name].map(({fps}) => fps)), median(path[name].map(({total}) => total)),
  ...['sample', 'network', 'matte', 'compose'].map((key) => stage(path[name], key)),
];

console.log(record('web', {
  command: 'make bench-web',
  about: `headless Chromium ${version}, ${withGpu ? 'with' : 'no'} GPU, one
thread each, the same still pictures in turn. Milliseconds from the picture to its mask, through worker or WebGL as each
is used, median / best; downloads with gzip; from navigation to the first mask of a picture of 720 rows, first visit and
cached.`,
  tables: [
    {
      columns: [{name: ''}, {name: '256×144 picture'}, {name: '1280×720 picture'}, {name: 'download', decimals: 0, unit: ' kB'},
        {name: 'first mask'}, {name: 'cached'}],
      rows: [row('scrim, int8 (default)', 'int8', 'scrim'), row('scrim, f32', 'f32'),
        row('MediaPipe selfie landscape 0.1.1675465747, `useCpuInference`', 'mediapipe', 'mediapipe')],
    },
    {
      title: 'The whole path, canvas to canvas through a processed track, one frame after the other:',
      columns: [{name: 'background'}, {name: 'frames a second', decimals: 0}, {name: 'ms in the worker'}, {name: 'input'},
        {name: 'network'}, {name: 'matte'}, {name: 'compose'}],
      rows: Object.keys(path).map(pathRow),
    },
  ],
  note: `The page (web/page), from navigation to its first masked frame of the sample clip: first visit ${ms(visits[0])} ms, cached
${ms(median(visits.slice(1)))} ms (median of five).`,
}));
