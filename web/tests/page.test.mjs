// The built page, as people use it.
import assert from 'node:assert/strict';
import {mkdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {cameraFile, launch, root, serve} from './harness.mjs';

const pictures = join(root, 'build/web');
let browser, server, answer;

before(async () => {
  mkdirSync(pictures, {recursive: true});
  [browser, server] = await Promise.all([
    launch(), serve({isolated: true, answer: (path, response) => answer?.(path, response) ?? false}),
  ]);
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** Runs body with the page at `where`; fails on errors and on requests to anywhere else. */
async function onPage(body, {path = '/', options = {}, prepare = async () => {}} = {}) {
  const context = await browser.newContext({viewport: {width: 1280, height: 800}, ...options});
  const page = await context.newPage(), errors = [], strangers = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url) && !/^(blob|data):/.test(request.url())) strangers.push(request.url());
  });
  try {
    await prepare(page, context);
    await page.goto(server.url + path);
    await body(page, context);
    assert.deepEqual(errors, []);
    assert.deepEqual(strangers, [], 'nothing leaves this device');
  } finally {
    await context.close();
  }
}

const running = (page) => page.waitForSelector('#stage:not(.idle)', {timeout: 60_000});
const alert = (page) => page.locator('#problem:not([hidden])').textContent({timeout: 60_000});

/** Waits until the mean colour of the picture's upper left corner, which is room, fulfils a condition. */
async function corner(page, condition) {
  await page.waitForFunction((condition) => {
    const context = document.getElementById('after').getContext('2d');
    const {data} = context.getImageData(0, 0, 40, 40);
    const mean = [0, 0, 0, 0];
    data.forEach((value, i) => (mean[i % 4] += value / 1600));
    const [red, green, blue, alpha] = mean;
    return new Function('red', 'green', 'blue', 'alpha', `return ${condition}`)(red, green, blue, alpha);
  }, condition, {timeout: 60_000});
}

test('who draws is said, and can be chosen', () =>
  onPage(async (page) => {
    await running(page);
    const says = (text) => page.waitForFunction((text) => document.getElementById('backend-help').textContent === text, text);
    await says('CPU: this browser gives no adapter for WebGPU.');
    assert.equal(await page.locator('#drawn-by').textContent(), 'CPU');
    const drawnBy = page.getByLabel('Drawn by');
    await drawnBy.selectOption('cpu');
    await says('CPU: it was asked for.');
    await drawnBy.selectOption('gpu');
    await says('CPU: this browser gives no adapter for WebGPU.');
    await page.getByRole('button', {name: 'Stop'}).click();
    await says('');
  }));

test('every control works', () =>
  onPage(async (page) => {
    await running(page);
    const radio = (name) => page.getByRole('radio', {name, exact: true});
    const slide = async (name, key, times) => {
      await page.getByRole('slider', {name}).focus();
      for (let i = 0; i < times; ++i) await page.keyboard.press(key);
    };

    await radio('Colour').check();
    await page.getByLabel('Colour', {exact: true}).last().fill('#ff0000');
    await corner(page, 'red > 240 && green < 15 && alpha > 250');
    await radio('None').check();
    await corner(page, 'alpha < 5');
    await radio('Valley').check();
    await corner(page, 'alpha > 250');
    await radio('Valley').press('ArrowRight'); // to the colour
    assert.equal(await radio('Colour').isChecked(), true);
    await corner(page, 'red > 240 && green < 15');
    await radio('Blur').check();
    await corner(page, 'green > 100');
    await slide('Blur', 'ArrowRight', 3);
    assert.equal(await page.locator('#blur-value').textContent(), '17');

    const file = page.locator('#file');
    const green = await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(64, 36), context = canvas.getContext('2d');
      context.fillStyle = '#00ff00';
      context.fillRect(0, 0, 64, 36);
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
    });
    await file.setInputFiles({name: 'green.png', mimeType: 'image/png', buffer: Buffer.from(green)});
    await corner(page, 'green > 240 && red < 15');
    assert.equal(await radio('Your own').isChecked(), true);
    await file.setInputFiles({name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('no picture')});
    assert.match(await alert(page), /notes\.png is no picture/);
    await file.setInputFiles(join(root, 'testdata/clips/thoughtful_sound.mp4'));
    await corner(page, 'green < 235 || red > 20');

    // Colours of hair and the strength of skin's smoothing: with the first of them comes the model that knows both.
    const asked = page.waitForResponse((response) => /parts.*\.scrim/.test(response.url()));
    await radio('Pink').check();
    assert.equal((await asked).ok(), true);
    await slide('Strength', 'ArrowRight', 2);
    assert.equal(await page.locator('#hair-strength-value').textContent(), '0.9');
    await radio('Other').check();
    await page.getByLabel('Hair colour').fill('#00ff00');
    await slide('Smooth skin', 'ArrowRight', 4);
    assert.equal(await page.locator('#smooth-skin-value').textContent(), '0.2');
    await page.waitForFunction(() => /hair/.test(document.getElementById('backend-help').textContent));
    await radio('Own').check();
    await slide('Smooth skin', 'Home', 1);
    assert.equal(await page.locator('#problem').isHidden(), true);

    await page.getByRole('checkbox', {name: /too slow/}).uncheck();
    await slide('Input size', 'ArrowLeft', 2);
    await page.waitForFunction(() => document.getElementById('input-size-value').textContent === '160 × 96');
    await slide('Input size', 'ArrowRight', 2);
    assert.match(await page.getByRole('slider', {name: 'Input size'}).getAttribute('aria-valuetext'), /sweet spot/);
    for (const name of [/own edges/, /Hold still/, /Drop specks/, /old room’s colour/]) await page.getByRole('checkbox', {name}).uncheck();

    await slide('Before and after', 'Home', 1);
    assert.equal(await page.evaluate(() => document.getElementById('stage').style.getPropertyValue('--split')), '0%');

    await page.waitForFunction(() => /\d/.test(document.getElementById('fps').textContent));
    for (const id of ['fps', 'total', 'skipped', 'size']) assert.match(await page.locator(`#${id}`).textContent(), /\d/);
    for (const stage of ['network', 'edges', 'drawing']) {
      await page.locator('#legend div', {hasText: stage}).filter({hasText: /\d\.\d ms/}).waitFor();
    }

    await page.getByRole('button', {name: 'Stop'}).click();
    await page.waitForSelector('#stage.idle');
    assert.equal(await page.locator('#fps').textContent(), '–');
    await page.getByRole('button', {name: 'Use my camera'}).click();
    await running(page);
    assert.equal(await page.locator('#stage.mirrored').count(), 1);
    await page.getByRole('checkbox', {name: 'Mirror'}).uncheck();
    assert.equal(await page.locator('#stage.mirrored').count(), 0);

    // Everything that can be reached says what it is.
    const nameless = await page.locator('button, input, output').evaluateAll((all) =>
      all.filter((e) => e.tagName !== 'OUTPUT' && !e.textContent.trim() && !e.labels?.length && !e.ariaLabel).map((e) => e.id));
    assert.deepEqual(nameless, []);
  }));

test('camera lost: the picture goes and the page says so', () =>
  onPage(async (page) => {
    await running(page);
    await page.getByRole('button', {name: 'Use my camera'}).click();
    await page.waitForSelector('#camera[aria-pressed=true]');
    await running(page);
    await page.evaluate(() => {
      const [track] = document.getElementById('before').srcObject.getVideoTracks();
      track.stop();
      track.dispatchEvent(new Event('ended'));
    });
    await page.waitForSelector('#stage.idle');
    assert.equal(await page.locator('#status').textContent(), 'The camera has gone.');
  }));

test('an upright camera is looked at upright', async () => {
  const sideways = browser;
  browser = await launch({camera: cameraFile('doctor', {width: 360, height: 640})});
  try {
    await onPage(async (page) => {
      await running(page);
      await page.getByRole('checkbox', {name: /too slow/}).uncheck(); // it lowers the input size on a busy machine
      await page.getByRole('button', {name: 'Use my camera'}).click();
      await page.waitForFunction(() => document.getElementById('input-size-value').textContent === '144 × 256', null,
        {timeout: 60_000});
    });
  } finally {
    await browser.close();
    browser = sideways;
  }
});

for (const [name, pattern] of [['NotAllowedError', /may not be used/], ['NotFoundError', /no camera/], ['NotReadableError', /cannot be opened/]]) {
  test(`camera refused: ${name}`, () =>
    onPage(async (page) => {
      await page.getByRole('button', {name: 'Use my camera'}).click();
      assert.match(await alert(page), pattern);
      await page.getByRole('button', {name: 'Sample clip'}).click();
      await running(page);
      assert.equal(await page.locator('#problem').isHidden(), true);
    }, {
      prepare: (page) => page.addInitScript((name) => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name));
      }, name),
    }));
}

for (const [name, send, pattern] of [
  ['missing', (response) => response.writeHead(404).end(), /answers 404/],
  ['damaged', (response) => response.end(readFileSync(join(root, 'models/default.int8.scrim')).fill(7, 1000, 1100)), /^model .*: the checksum is wrong/],
]) {
  test(`model ${name}: the page says so and shows nothing`, async () => {
    answer = (path, response) => path.endsWith('.scrim') && (send(response), true);
    try {
      await onPage(async (page) => {
        assert.match(await alert(page), pattern);
        assert.equal(await page.locator('#stage.idle').count(), 1);
      });
    } finally {
      answer = undefined;
    }
  });
}

test('a start that comes late does not end the one after it', () =>
  onPage(async (page) => {
    await page.waitForFunction(() => window.letGo !== undefined);
    await page.getByRole('button', {name: 'Sample clip'}).click();
    await running(page);
    await page.evaluate(() => window.letGo());
    await page.waitForTimeout(1000); // both play in one element: for the first to be stopped in
    const time = () => page.evaluate(() => document.getElementById('before').currentTime);
    const earlier = await time();
    await page.waitForFunction((earlier) => document.getElementById('before').currentTime !== earlier, earlier);
    assert.equal(await page.locator('#stage.idle').count(), 0);
  }, {
    prepare: (page) => page.addInitScript(() => {
      const play = HTMLMediaElement.prototype.play;
      HTMLMediaElement.prototype.play = async function () {
        await play.call(this);
        if (window.letGo === undefined) await new Promise((resolve) => (window.letGo = resolve));
      };
    }),
  }));

test('a hidden tab does no work', () =>
  onPage(async (page) => {
    await running(page);
    const drawn = () => page.evaluate(() => window.drawn);
    const hide = (hidden) => page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
    await page.evaluate(() => {
      window.drawn = 0;
      const context = document.getElementById('after').getContext('2d'), draw = context.drawImage;
      context.drawImage = function (...args) {
        ++window.drawn;
        return draw.apply(this, args);
      };
    });
    await page.waitForFunction(() => window.drawn > 3);
    await hide(true);
    await page.waitForTimeout(500); // what was under way, and the background alone
    const before = await drawn();
    await page.waitForTimeout(700);
    assert.equal(await drawn(), before);
    await hide(false);
    await page.waitForFunction((before) => window.drawn > before + 3, before);
  }));

test('works without a network after the first visit', async () => {
  const other = await serve({isolated: true});
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(other.url);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await context.setOffline(true);
    await other.close();
    await page.reload();
    await running(page);
    const manifest = await page.evaluate(async () => (await fetch('manifest.webmanifest')).json());
    assert.equal(manifest.display, 'standalone');
  } finally {
    await context.close();
  }
});

test('a newer build waits for the open tab, which goes on, and takes over when asked', async () => {
  const sw = readFileSync(join(root, 'web/page/dist/sw.js'), 'utf8');
  let newer = false;
  const other = await serve({answer: (path, response) => {
    if (path !== '/sw.js' || !newer) return false;
    response.setHeader('Content-Type', 'text/javascript');
    response.end(sw.replace(/var cacheName = [^;]*;/, 'var cacheName = "scrim-newer";'));
    return true;
  }});
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(other.url);
    await running(page);
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    newer = true;
    const second = await context.newPage(); // a visit asks for the newer build by itself
    await second.goto(other.url);
    await page.locator('#update').waitFor();
    await second.close();
    assert.equal((await page.evaluate(() => caches.keys())).length, 2);
    await page.locator('#stop').click();
    await page.getByRole('button', {name: 'Sample clip'}).click();
    await running(page);
    assert.ok(await page.locator('#problem').isHidden());
    await page.locator('#reload').click();
    await page.waitForFunction(async () => (await caches.keys()).join() === 'scrim-newer');
    await running(page);
  } finally {
    await context.close();
    await other.close();
  }
});

const looks = [
  ['desktop-light', {viewport: {width: 1280, height: 800}, colorScheme: 'light'}, 'Coast'],
  ['desktop-dark', {viewport: {width: 1280, height: 800}, colorScheme: 'dark'}, 'Valley'],
  ['phone-light', {viewport: {width: 390, height: 844}, isMobile: true, hasTouch: true, colorScheme: 'light'}, 'Blur'],
  ['phone-dark', {viewport: {width: 390, height: 844}, isMobile: true, hasTouch: true, colorScheme: 'dark'}, 'Hall'],
];
for (const [name, options, background] of looks) {
  test(`fits: ${name} (build/web/page-${name}.png)`, () =>
    onPage(async (page) => {
      await running(page);
      await page.getByRole('radio', {name: background, exact: true}).check();
      await page.locator('#split').fill('45');
      await page.waitForFunction(() => /\d/.test(document.getElementById('fps').textContent));
      await page.waitForTimeout(2500); // for the background, and for figures of more than the start
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling');
      const small = await page.locator('button:visible').evaluateAll((all) => all.filter((e) => e.offsetHeight < 44).map((e) => e.id));
      assert.deepEqual(small, [], 'large enough for a thumb');
      await page.screenshot({path: join(pictures, `page-${name}.png`), fullPage: true});
    }, {options}));
}
