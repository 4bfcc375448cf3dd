// Pictures behind people: how they fill the frame, those that move, and those that cannot be read.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {engines, inEngines} from './engines.mjs';
import {root, runInPage, serve} from './harness.mjs';

// Red and blue in turn, 0.4 s each, over and over.
const made = join(root, 'build/web');
const moving = {
  gif: [], webp: ['-c:v', 'libwebp_anim', '-lossless', '1', '-loop', '0'], png: ['-f', 'apng', '-plays', '0'],
  avif: ['-c:v', 'libaom-av1', '-cpu-used', '8'],
};
const drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="#0000ff"/></svg>';
let server;

before(async () => {
  mkdirSync(made, {recursive: true});
  for (const [type, options] of Object.entries(moving)) {
    execFileSync('ffmpeg', [
      '-v', 'error', '-y', '-f', 'lavfi', '-i', 'color=red:s=64x36:d=0.4:r=2.5,format=rgb24', '-f', 'lavfi', '-i',
      'color=blue:s=64x36:d=0.4:r=2.5,format=rgb24', '-filter_complex', 'concat=n=2', ...options, join(made, `moving.${type}`),
    ]);
  }
  server = await serve({answer: (path, response) => {
    const [, type] = /^\/moving\.(\w+)$/.exec(path) ?? [];
    if (type !== undefined) response.end(readFileSync(join(made, `moving.${type}`)));
    if (path === '/drawing') response.setHeader('Content-Type', 'image/svg+xml').end(drawing);
    return type !== undefined || path === '/drawing' || path === '/silence.jpg';
  }});
});
after(() => server?.close());

inEngines(engines, (engine, browser) => {
  const inPage = (body, argument) => runInPage(browser(), server, body, argument);

  test('a picture covers the frame, stands in it with borders, or is laid like tiles', async () => {
    const seen = await inPage(async () => {
      // Blue on the left, green on the right; and a frame without a person.
      const draw = (width, height, ...colours) => {
        const canvas = Object.assign(document.createElement('canvas'), {width, height}), context = canvas.getContext('2d');
        colours.forEach((colour, i) => {
          context.fillStyle = colour;
          context.fillRect((width / colours.length) * i, 0, width, height);
        });
        return canvas;
      };
      const picture = draw(100, 100, '#0000ff', '#00ff00'), segmenter = await scrim.Segmenter.create();
      const names = {'0,0,255': 'blue', '0,255,0': 'green', '0,0,0': 'black'}, seen = {};
      for (const fit of [undefined, 'cover', 'contain', 'tile']) {
        const pixels = helpers.pixels(await segmenter.compose(draw(640, 360, '#808080'), picture, {fit}));
        const at = (x, y) => names[[...pixels.slice(4 * (640 * y + x), 4 * (640 * y + x) + 3)].join()] ?? 'another';
        seen[fit] = [10, 60, 160, 300, 340, 480, 630].map((x) => at(x, 180)).join(' ');
      }
      const upright = helpers.pixels(await segmenter.compose(draw(360, 640, '#808080'), picture, {fit: 'contain'}));
      seen.upright = [...upright.slice(0, 3)].join() === '0,0,0' && upright[4 * (360 * 320 + 10) + 2] === 255;
      seen.wrong = await segmenter.compose(picture, picture, {fit: 'fill'}).catch((error) => `${error.name}: ${error.message}`);
      segmenter.close();
      return seen;
    });
    const cover = 'blue blue blue blue green green green';
    assert.deepEqual(seen, {
      undefined: cover, cover, contain: 'black black blue blue green green black', upright: true,
      tile: 'blue green green blue blue green blue', wrong: "ScrimError: fit: it is 'cover', 'contain' or 'tile'",
    });
  });

  for (const type of Object.keys(moving)) {
    test(`${type}: an animated picture moves, or stands where it cannot`, async (t) => {
      const {shown, moves} = await inPage(async (type) => {
        const canvas = document.createElement('canvas');
        const virtual = await scrim.VirtualBackground.start(await helpers.person(), {background: '#00ff00', canvas});
        await virtual.first;
        const moves = typeof ImageDecoder !== 'undefined' && (await ImageDecoder.isTypeSupported(`image/${type}`));
        const url = `/moving.${type}`;
        const file = type === 'gif' ? new File([await (await fetch(url)).blob()], 'moving.gif') : null;
        const problem = await virtual.setBackground(file ?? url).then(() => null, (error) => error.message);
        const colours = [], end = performance.now() + (moves ? 10_000 : 1500);
        while (problem === null && performance.now() < end && colours.length < 4) {
          const [red, green, blue] = helpers.pixels(canvas, 160, 90).slice(4 * 165, 4 * 165 + 3);
          const colour = red > 200 && blue < 60 ? 'red' : blue > 200 && red < 60 ? 'blue' : green > 200 ? null : 'another';
          if (colour !== null && colour !== colours.at(-1)) colours.push(colour);
          await helpers.sleep(30);
        }
        virtual.stop();
        return {shown: problem ?? colours.join(' '), moves};
      }, type);
      if (engine === 'webkit' && /not a picture/.test(shown)) return t.diagnostic(`this browser reads no ${type}`);
      assert.equal(shown, moves ? 'red blue red blue' : 'red');
    });
  }

  test('a picture that cannot be had leaves the old one, and the wait has an end', async () => {
    const seen = await inPage(async () => {
      const canvas = document.createElement('canvas');
      const virtual = await scrim.VirtualBackground.start(await helpers.person(), {background: '#ff0000', canvas});
      await virtual.first;
      const why = (background) => virtual.setBackground(background).then(() => 'nothing', (error) => `${error.name}: ${error.message}`);
      const heic = new File([new Uint8Array([0, 0, 0, 24]), 'ftypheic', new Uint8Array(64)], 'photo.heic', {type: 'image/heic'});
      const damaged = new File(['GIF89a', new Uint8Array(20)], 'damaged.gif');
      const seen = {heic: await why(heic), damaged: await why(damaged)};
      const silent = () => Object.assign(new Image(), {src: '/silence.jpg'});
      const waiting = [why('/silence.jpg'), why(silent())];
      seen.good = [await why('/drawing'), await why(new File(['<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>'], 'a.svg', {type: 'image/svg+xml'}))];
      seen.superseded = await Promise.all(waiting);
      await virtual.setBackground('#ff0000');
      const real = window.setTimeout;
      window.setTimeout = (body, time, ...rest) => real(body, time === 30_000 ? 300 : time, ...rest);
      seen.late = [await why('/silence.jpg'), await why(silent())];
      window.setTimeout = real;
      for (let i = 0; i < 40 && !seen.old; ++i) {
        seen.old = helpers.share(helpers.pixels(canvas, 160, 90), [255, 0, 0]) > 0.2;
        await helpers.sleep(50);
      }
      virtual.stop();
      return seen;
    });
    assert.match(seen.heic, /^ScrimError: background photo\.heic: HEIC is not a picture that this browser can read; JPEG/);
    assert.match(seen.damaged, /^ScrimError: background damaged\.gif: not a picture that this browser can read/);
    assert.deepEqual(seen.good, ['nothing', 'nothing']);
    for (const message of seen.superseded) assert.match(message, /^ScrimError: background.*another one was asked for/);
    for (const message of seen.late) assert.match(message, /^ScrimError: background.*did not come within 30 seconds/);
    assert.equal(seen.old, true);
  });
});
