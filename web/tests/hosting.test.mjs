// The package as pages really carry it: through bundlers, from other origins, under strict policies.
import assert from 'node:assert/strict';
import {cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {extname, join} from 'node:path';
import {after, before, test} from 'node:test';
import {build as esbuild} from 'esbuild';
import {rollup} from 'rollup';
import {build as vite} from 'vite';
import webpack from 'webpack';
import {launch, root, types} from './harness.mjs';

const dist = join(root, 'web/package/dist'), made = join(root, 'build/web/hosting');
let browser;

before(async () => {
  rmSync(made, {recursive: true, force: true});
  browser = await launch();
});
after(() => browser?.close());

// What each page does; the page's title tells how it went.
const app = (from) => `import {VirtualBackground} from '${from}';
const options = {background: '#00ff00', ...window.options};
navigator.mediaDevices.getUserMedia({video: true}).then(async (stream) => {
  const virtual = await VirtualBackground.start(stream.getVideoTracks()[0], options);
  await virtual.first;
  virtual.stop();
  document.title = 'a masked frame';
}).catch((error) => { document.title = String(error); });
`;
const page = (script, options = {}) => `<!doctype html><title></title>
<script src="page_options.js" data-options='${JSON.stringify(options)}'></script><script type="module" src="${script}"></script>`;
const optionsScript = 'window.options = JSON.parse(document.currentScript.dataset.options);';

/** A folder with the page's source; `out` is where what was made of it goes. */
function site(name, from = 'scrim-web') {
  const source = join(made, name, 'src'), out = join(made, name, 'out');
  mkdirSync(source, {recursive: true});
  mkdirSync(out, {recursive: true});
  writeFileSync(join(source, 'main.js'), app(from));
  return {source, out};
}

function finish(out, script, options) {
  writeFileSync(join(out, 'index.html'), page(script, options));
  writeFileSync(join(out, 'page_options.js'), optionsScript);
}

/** Serves folders by prefix. headers: of every answer. mime: types that differ, by ending. */
async function host(folders, {headers = {}, mime = {}} = {}) {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const prefix = Object.keys(folders).sort((a, b) => b.length - a.length).find((each) => path.startsWith(each));
    const file = prefix === undefined ? '' : join(folders[prefix], path.slice(prefix.length) || 'index.html');
    if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    response.setHeader('Content-Type', {...types, ...mime}[extname(file)] ?? 'application/octet-stream');
    response.end(readFileSync(file));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address();
  // Two names of one machine are two origins.
  return {
    url: `http://localhost:${port}`, elsewhere: `http://127.0.0.1:${port}`,
    close: () => (server.closeAllConnections(), server.close()),
  };
}

async function masks(url) {
  const context = await browser.newContext();
  const tab = await context.newPage();
  const said = [];
  tab.on('console', (message) => said.push(message.text()));
  tab.on('pageerror', (error) => said.push(String(error)));
  try {
    await tab.goto(url);
    // Not waitForFunction, which strict policies forbid.
    for (let i = 0; i < 600 && (await tab.title()) === ''; ++i) await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(await tab.title(), 'a masked frame', said.join('\n'));
  } finally {
    await context.close();
  }
}

const anyOrigin = {'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin'};

async function buildWithVite(name, base) {
  const {source, out} = site(name, join(dist, 'index.js'));
  writeFileSync(join(source, 'index.html'), page('main.js'));
  await vite({
    root: source, base, configFile: false, logLevel: 'error', worker: {format: 'es'},
    build: {outDir: out, emptyOutDir: true, target: 'es2022'},
  });
  writeFileSync(join(out, 'page_options.js'), optionsScript);
  return out;
}

test('Vite', async () => {
  const server = await host({'/below/': await buildWithVite('vite', './')});
  await masks(`${server.url}/below/`).finally(server.close);
});

test('Vite with its base on another origin', async () => {
  const folders = {'/static/': join(made, 'vite-cdn/out'), '/': join(made, 'vite-cdn/out')};
  const server = await host(folders, {headers: anyOrigin});
  await buildWithVite('vite-cdn', `${server.elsewhere}/static/`);
  await masks(`${server.url}/`).finally(server.close);
});

async function buildWithWebpack(name, publicPath) {
  const {source, out} = site(name, join(dist, 'index.js'));
  const compiler = webpack({
    mode: 'production', context: source, entry: './main.js', performance: {hints: false},
    output: {path: out, filename: 'bundle.js', publicPath},
  });
  const stats = await new Promise((resolve, reject) => compiler.run((error, result) => (error ? reject(error) : resolve(result))));
  assert.deepEqual(stats.toJson({all: false, errors: true}), {errors: []}, name);
  finish(out, `${publicPath === 'auto' ? '' : publicPath}bundle.js`);
  return out;
}

test('webpack 5', async () => {
  const server = await host({'/below/': await buildWithWebpack('webpack', 'auto')});
  await masks(`${server.url}/below/`).finally(server.close);
});

test('webpack 5 with its public path on another origin', async () => {
  const folders = {'/static/': join(made, 'webpack-cdn/out'), '/': join(made, 'webpack-cdn/out')};
  const server = await host(folders, {headers: anyOrigin});
  await buildWithWebpack('webpack-cdn', `${server.elsewhere}/static/`);
  await masks(`${server.url}/`).finally(server.close);
});

// These two know nothing of workers: the package's files go beside the bundle.
test('esbuild, with dist beside its bundle', async () => {
  const {source, out} = site('esbuild', join(dist, 'index.js'));
  await esbuild({
    entryPoints: [join(source, 'main.js')], bundle: true, splitting: true, format: 'esm', target: 'es2022', outdir: out,
    logLevel: 'error',
  });
  cpSync(dist, out, {recursive: true});
  finish(out, 'main.js');
  const server = await host({'/': out});
  await masks(`${server.url}/`).finally(server.close);
});

test('Rollup, with dist elsewhere and its address as an option', async () => {
  const {source, out} = site('rollup', join(dist, 'index.js'));
  const bundle = await rollup({input: join(source, 'main.js')});
  await bundle.write({dir: out, format: 'es'});
  const options = {worker: '/scrim/worker.js', assets: '/scrim/', model: '/scrim/default.int8.scrim'};
  finish(out, 'main.js', options);
  const server = await host({'/': out, '/scrim/': dist});
  await masks(`${server.url}/`).finally(server.close);
});

function plain(name, script, options) {
  const {out} = site(name);
  writeFileSync(join(out, 'main.js'), app(script));
  finish(out, 'main.js', options);
  return out;
}

test('plain files from another origin', async () => {
  const cdn = await host({'/': dist}, {headers: anyOrigin});
  const server = await host({'/': plain('cdn', `${cdn.url}/index.js`)});
  await masks(`${server.url}/`).finally(() => (server.close(), cdn.close()));
});

test('plain files from another origin, isolated: one thread where two cannot be had', async () => {
  const cdn = await host({'/': dist}, {headers: anyOrigin});
  const headers = {'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp'};
  const server = await host({'/': plain('isolated', `${cdn.url}/index.js`, {threads: 2})}, {headers});
  await masks(`${server.url}/`).finally(() => (server.close(), cdn.close()));
});

test('without a worker', async () => {
  const server = await host({'/': plain('page', '/scrim/index.js', {worker: false}), '/scrim/': dist});
  await masks(`${server.url}/`).finally(server.close);
});

const strict = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
for (const [name, policy] of [
  ['a strict content security policy', strict],
  ['trusted types', `${strict}; require-trusted-types-for 'script'; trusted-types scrim`],
]) {
  test(`under ${name}`, async () => {
    const folders = {'/': plain('csp', '/scrim/index.js'), '/scrim/': dist};
    const server = await host(folders, {headers: {'Content-Security-Policy': policy}});
    await masks(`${server.url}/`).finally(server.close);
  });
}

test('on a server that knows no *.mjs and no *.wasm', async () => {
  const mime = {'.mjs': 'application/octet-stream', '.wasm': 'application/octet-stream'};
  const server = await host({'/': plain('types', '/scrim/index.js'), '/scrim/': dist}, {mime});
  await masks(`${server.url}/`).finally(server.close);
});
