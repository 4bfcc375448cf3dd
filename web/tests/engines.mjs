// The browsers that the package is tested in, with one small face: Chromium, Firefox over WebDriver BiDi, and WebKitGTK
// over WebDriver.
import {spawn} from 'node:child_process';
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe} from 'node:test';
import puppeteer from 'puppeteer-core';
import {launch, openIn} from './harness.mjs';

export const engines = (process.env.SCRIM_ENGINES ?? 'chromium firefox webkit').split(' ');

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const firefox = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
const webkitDriver = process.env.WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver';
const miniBrowser = process.env.MINIBROWSER ?? findMiniBrowser();

function findMiniBrowser() {
  for (const machine of readdirSync('/usr/lib').filter((name) => name.endsWith('-linux-gnu'))) {
    const folder = join('/usr/lib', machine), found = readdirSync(folder).filter((name) => name.startsWith('webkit'));
    const browser = found.map((name) => join(folder, name, 'MiniBrowser')).find(existsSync);
    if (browser !== undefined) return browser;
  }
  return undefined;
}

/** Why an engine cannot be tested here; null: it can. */
export function missing(engine) {
  if (!engines.includes(engine)) return 'it was not asked for';
  const lacks = (path) => (existsSync(path) ? null : `there is no ${path}`);
  if (engine === 'chromium') return lacks(process.env.CHROMIUM ?? '/usr/bin/chromium');
  if (engine === 'firefox') return lacks(firefox);
  if (lacks(webkitDriver) !== null || miniBrowser === undefined) return 'there is no WebKitWebDriver and MiniBrowser';
  return process.env.DISPLAY ? null : lacks('/usr/bin/Xvfb');
}

/** Declares tests for each of the engines; `define` gets its name and what gives the browser. Says what it skips. */
export function inEngines(names, define, options = {}) {
  for (const engine of names) {
    describe(engine, {skip: missing(engine) ?? false}, () => {
      let browser;
      before(async () => {
        browser = await start(engine, options);
      });
      after(() => browser?.close());
      define(engine, () => browser);
    });
  }
}

/**
 * Starts a browser: {engine, version, open(url), close()}. A page is {evaluate(body, argument), close()}; `body` may be
 * asynchronous. prefs: of Firefox. features: of WebKit, such as -OffscreenCanvas. args: of Chromium. env: of WebKit.
 */
export async function start(engine, {prefs = {}, features = [], args = [], env = {}} = {}) {
  if (engine === 'chromium') return startChromium(args);
  return engine === 'firefox' ? startFirefox(prefs) : startWebKit(features, env);
}

async function startChromium(args) {
  const browser = await launch({args});
  return {engine: 'chromium', version: browser.version(), open: browser.open, close: () => browser.close()};
}

async function startFirefox(prefs) {
  const browser = await puppeteer.launch({
    browser: 'firefox', executablePath: firefox, headless: true, timeout: 120_000, protocolTimeout: 300_000,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true, 'media.navigator.permission.disabled': true, 'media.autoplay.default': 0,
      'media.peerconnection.ice.obfuscate_host_addresses': false, 'media.peerconnection.ice.loopback': true, ...prefs,
    },
  });
  const version = (await browser.version()).replace('firefox/', '');
  return {engine: 'firefox', version, open: openIn(browser), close: () => browser.close()};
}

// A screen for WebKitGTK, which draws nothing without one; one for all.
let screen = null;
function display() {
  if (process.env.DISPLAY) return process.env.DISPLAY;
  screen ??= new Promise((resolve, reject) => {
    const child = spawn('/usr/bin/Xvfb', ['-displayfd', '3', '-screen', '0', '1400x1100x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    child.once('exit', () => reject(new Error('Xvfb did not start')));
    child.stdio[3].once('data', (number) => resolve(`:${String(number).trim()}`));
    child.unref();
    child.stdio[3].unref();
    process.once('exit', () => child.kill());
  });
  return screen;
}

function descendants(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
      .flatMap((child) => [Number(child), ...descendants(child)]);
  } catch {
    return [];
  }
}

async function startWebKit(features, env) {
  const port = 20_000 + (process.pid % 10_000) + startWebKit.count++ % 100;
  const driver = spawn(webkitDriver, [`--port=${port}`, '--host=127.0.0.1'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {...process.env, DISPLAY: await display(), LIBGL_ALWAYS_SOFTWARE: '1', GSETTINGS_BACKEND: 'memory', ...env},
  });
  let crashed = false;
  driver.stderr.on('data', (text) => (crashed ||= String(text).includes('WebProcess CRASHED')));
  const call = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {method, body: body && JSON.stringify(body)});
    const {value} = await response.json();
    if (!response.ok) throw new Error(crashed ? "WebKit's process crashed" : `${value.error}: ${value.message}`);
    return value;
  };
  for (let tries = 0; ; ++tries) {
    const up = await call('GET', '/status').then(() => true, () => false);
    if (up) break;
    if (tries === 100) throw new Error('WebKitWebDriver does not answer');
    await sleep(100);
  }
  const camera = ['--enable-mock-capture-devices=true', '--enable-media-stream=true', '--autoplay-policy=allow'];
  const list = ['-MockCaptureDevicesPrompt', ...features].join();
  const {sessionId, capabilities} = await call('POST', '/session', {capabilities: {alwaysMatch: {
    'webkitgtk:browserOptions': {binary: miniBrowser, args: ['--automation', ...camera, `--features=${list}`]},
    timeouts: {script: 300_000, pageLoad: 120_000},
  }}});
  const session = `/session/${sessionId}`;
  const close = async () => {
    const own = descendants(driver.pid);
    await Promise.race([call('DELETE', session).catch(() => {}), sleep(5000)]);
    driver.kill();
    await sleep(200);
    for (const pid of own) {
      try {
        process.kill(pid, 'SIGKILL'); // what its own browser left behind
      } catch {
        // Nothing.
      }
    }
  };
  // Started, then asked for: a long script is given up by the driver, and a crash would not be told from that.
  const evaluate = async (body, argument) => {
    await call('POST', `${session}/execute/sync`, {
      script: `window.scrimResult = null;
        (async () => (${body})(JSON.parse(arguments[0])))().then(
          (value) => (window.scrimResult = JSON.stringify({value})),
          (error) => (window.scrimResult = JSON.stringify({error: String(error) + '\\n' + (error && error.stack)})));`,
      args: [JSON.stringify(argument ?? null)],
    });
    for (;;) {
      const text = await call('POST', `${session}/execute/sync`, {script: 'return window.scrimResult;', args: []});
      if (text !== null) {
        const {value, error} = JSON.parse(text);
        if (error !== undefined) throw new Error(error);
        return value;
      }
      await sleep(50);
    }
  };
  const open = async (url) => {
    await call('POST', `${session}/url`, {url});
    return {evaluate, close: () => call('POST', `${session}/url`, {url: 'about:blank'})};
  };
  return {engine: 'webkit', version: capabilities.browserVersion, open, close};
}
startWebKit.count = 0;
