// A server for the built page and package, Chromium with a camera made from a clip, and the clip's frames.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, renameSync, statSync, truncateSync} from 'node:fs';
import {createServer} from 'node:http';
import {tmpdir} from 'node:os';
import {extname, join, normalize} from 'node:path';
import {fileURLToPath} from 'node:url';
import {chromium} from 'playwright-core';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export const types = {
  '.css': 'text/css', '.html': 'text/html', '.jpg': 'image/jpeg', '.js': 'text/javascript', '.json': 'application/json',
  '.mjs': 'text/javascript', '.mp4': 'video/mp4', '.png': 'image/png', '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm', '.webmanifest': 'application/manifest+json',
};

/**
 * Serves the page at /, web/package at /package, testdata at /testdata and models at /models. isolated: with the headers
 * that give pages shared memory. cache: files may be kept for an hour. answer(path, response) may take a request over by returning true.
 */
export async function serve({isolated = false, cache = false, answer = () => false} = {}) {
  const folders = [
    ['/package/', join(root, 'web/package')], ['/testdata/', join(root, 'testdata')], ['/models/', join(root, 'models')],
    ['/tests/', join(root, 'web/tests')], ['/bench/', join(root, 'web/bench')], ['/', join(root, 'web/page/dist')],
  ];
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    if (cache) response.setHeader('Cache-Control', 'max-age=3600');
    if (answer(path, response)) return;
    const [prefix, folder] = folders.find(([prefix]) => path.startsWith(prefix));
    const file = join(folder, path.slice(prefix.length) || 'index.html');
    if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    const bytes = readFileSync(file);
    response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream');
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    if (range === null) return response.end(bytes);
    const begin = Number(range[1]), end = range[2] === '' ? bytes.length : Number(range[2]) + 1;
    response.writeHead(206, {'Content-Range': `bytes ${begin}-${end - 1}/${bytes.length}`});
    response.end(bytes.subarray(begin, end));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {url: `http://localhost:${server.address().port}`, close: () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  }};
}

const frameHeader = 6; // "FRAME\n"

/** The first `seconds` of a clip as raw I420 in a y4m file, which Chromium takes for a camera; made once. */
export function cameraFile(clip = 'doctor', {seconds = 2, width = 640, height = 360} = {}) {
  const folder = join(root, 'build/web');
  const file = join(folder, `${clip}-${width}x${height}.y4m`);
  if (existsSync(file)) return file;
  mkdirSync(folder, {recursive: true});
  const source = join(root, `testdata/clips/${clip}.mp4`);
  execFileSync('gst-launch-1.0', [
    '-q', 'filesrc', `location=${source}`, '!', 'decodebin', '!', 'videoconvert', '!', 'videoscale', '!', 'videorate',
    '!', `video/x-raw,format=I420,width=${width},height=${height},framerate=30/1`, '!', 'y4menc', '!', 'filesink', `location=${file}.part`,
  ], {stdio: ['ignore', 'ignore', 'inherit']});
  const headerSize = readFileSync(`${file}.part`).indexOf('\n') + 1;
  truncateSync(`${file}.part`, headerSize + 30 * seconds * (frameHeader + (width * height * 3) / 2));
  renameSync(`${file}.part`, file);
  return file;
}

/** Frame number `index` of a y4m file. */
export function readFrame(file, index) {
  const header = readFileSync(file).subarray(0, 200).toString('latin1').split('\n')[0];
  const [width, height] = ['W', 'H'].map((letter) => Number(new RegExp(` ${letter}(\\d+)`).exec(header)[1]));
  const size = (width * height * 3) / 2, frame = Buffer.alloc(size), descriptor = openSync(file);
  readSync(descriptor, frame, 0, size, header.length + 1 + index * (frameHeader + size) + frameHeader);
  closeSync(descriptor);
  return {width, height, data: frame};
}

export async function launch({camera = cameraFile(), args = []} = {}) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const drawing = args.includes('--enable-unsafe-webgpu') ? [] : ['--disable-gpu'];
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox', ...drawing, '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${camera}`, ...args,
    ],
  });
  return Object.assign(browser, {open: openIn(browser)});
}

/** What opens pages of a browser that playwright or puppeteer drives, as those of engines.mjs are. */
export const openIn = (browser) => async (url) => {
  const page = await browser.newPage();
  await page.goto(url);
  return {evaluate: (body, argument) => page.evaluate(body, argument), close: () => page.close()};
};

/** Arguments for launch(): WebGPU without a GPU. Mesa's EGL brings frames of video into textures. */
export const softwareGpu = [
  '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--ignore-gpu-blocklist', '--use-gl=angle', '--use-angle=gl-egl',
];

/**
 * Runs body in a page that has the package as `scrim` and a few helpers; fails on what the page leaves uncaught. The
 * browser is one of engines.mjs.
 */
export async function runInPage(browser, server, body, argument) {
  const page = await browser.open(`${server.url}/tests/plain.html`);
  try {
    await page.evaluate(async () => {
      while (window.scrim === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    });
    const result = await page.evaluate(body, argument);
    assert.deepEqual(await page.evaluate(() => window.uncaught), []);
    return result;
  } finally {
    await page.close();
  }
}

export const temporary = (name) => join(tmpdir(), `scrim-${process.pid}-${name}`);
