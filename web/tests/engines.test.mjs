// What engines differ in: colours, formats, times and ends of tracks, and what some of them lack.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {engines, inEngines, missing, start} from './engines.mjs';
import {runInPage, serve} from './harness.mjs';

let server;

before(async () => {
  server = await serve();
});
after(() => server?.close());

inEngines(engines, (engine, browser) => {
  const inPage = (body, argument) => runInPage(browser(), server, body, argument);

  // First, on a page that has done nothing else.
  test('a photo in an image element', async () => {
    const size = await inPage(async () => {
      const segmenter = await scrim.Segmenter.create(), photo = new Image();
      photo.src = '/testdata/photos/000000537991.jpg';
      await photo.decode();
      const {width, height} = await segmenter.segment(photo);
      segmenter.close();
      return [width, height];
    });
    assert.deepEqual(size, [640, 480]);
  });

  test('colours of the camera stay, and a chosen one comes out', async () => {
    const {camera, room, color} = await inPage(async () => {
      const camera = await helpers.camera(), video = document.createElement('video');
      Object.assign(video, {muted: true, srcObject: new MediaStream([camera])});
      await video.play();
      await helpers.sleep(500);
      const segmenter = await scrim.Segmenter.create(), frame = new VideoFrame(video, {timestamp: 0});
      const [width, height] = [frame.displayWidth, frame.displayHeight];
      const at = (picture) => [...helpers.pixels(picture, width, height).slice(4 * (width * 300 + 20)).slice(0, 3)];
      const seen = {
        camera: at(frame),
        room: at(await segmenter.compose(frame, 'blur:0.5')),
        color: at(await segmenter.compose(frame, '#2f6f73')),
      };
      segmenter.close();
      camera.stop();
      return seen;
    });
    near(room, camera, 2);
    near(color, [0x2f, 0x6f, 0x73], 1);
  });

  const colours = {
    'BT.601': {matrix: 'smpte170m', primaries: 'smpte170m', transfer: 'smpte170m', fullRange: false},
    'BT.709': {matrix: 'bt709', primaries: 'bt709', transfer: 'bt709', fullRange: false},
    'BT.709, full': {matrix: 'bt709', primaries: 'bt709', transfer: 'bt709', fullRange: true},
    'PAL': {matrix: 'bt470bg', primaries: 'bt709', transfer: 'bt709', fullRange: false},
    'BT.2020': {matrix: 'bt2020-ncl', primaries: 'bt709', transfer: 'bt709', fullRange: false},
    'of unknown range': {matrix: 'bt709'},
    'of unknown matrix': {fullRange: true},
    'unknown': {},
  };
  for (const format of ['I420', 'NV12']) {
    test(`${format}: a chosen colour comes out, and the frame's own stay`, async () => {
      const seen = await inPage(async ({format, colours}) => {
        const segmenter = await scrim.Segmenter.create(), seen = {};
        const at = (picture) => [...helpers.pixels(picture, 64, 64).slice(0, 3)];
        for (const [name, colorSpace] of Object.entries(colours)) {
          const planes = new Uint8Array(64 * 96).fill(150, 0, 4096).fill(110, 4096);
          const frame = new VideoFrame(planes, {format, codedWidth: 64, codedHeight: 64, timestamp: 0, colorSpace});
          seen[name] = [
            at(frame), at(await segmenter.compose(frame, 'blur:0.5')), at(await segmenter.compose(frame, '#2f6f73')),
          ];
          frame.close();
        }
        segmenter.close();
        return seen;
      }, {format, colours});
      // WebKit draws what is of limited range up to four levels too dark.
      const exact = engine === 'webkit' ? 4 : 2;
      for (const [name, [frame, room, color]] of Object.entries(seen)) {
        near(color, [0x2f, 0x6f, 0x73], exact, name);
        // Firefox draws bt470bg as if it were BT.709.
        if (engine !== 'firefox' || name !== 'PAL') near(room, frame, exact, name);
      }
    });
  }

  test('packed formats: with and without alpha, the same mask', async () => {
    const differences = await inPage(async (fourth) => {
      const photo = await createImageBitmap(await (await fetch('/testdata/photos/000000537991.jpg')).blob());
      const {width: codedWidth, height: codedHeight} = photo, rgba = helpers.pixels(photo);
      const bgra = rgba.map((_, i) => rgba[i % 4 === 3 ? i : i - (i % 4) + 2 - (i % 4)]);
      const segmenter = await scrim.Segmenter.create(), masks = [];
      for (const [format, pixels] of [['RGBA', rgba], ['RGBX', rgba], ['BGRA', bgra], ['BGRX', bgra]]) {
        const unset = format.endsWith('X') ? pixels.map((value, i) => (i % 4 === 3 ? fourth : value)) : pixels;
        const frame = new VideoFrame(unset, {format, codedWidth, codedHeight, timestamp: 0});
        masks.push((await segmenter.segment(frame)).data);
        frame.close();
      }
      segmenter.close();
      return masks.map((mask) => mask.reduce((sum, value, i) => sum + Math.abs(value - masks[0][i]), 0) / mask.length);
    }, engine === 'webkit' ? 255 : 0); // which copies none of these, and draws what is 0 as nothing
    for (const difference of differences) assert.ok(difference < 1, `${differences}`);
  });

  test('frames that are drawn and not copied', async () => {
    const size = await inPage(async () => {
      VideoFrame.prototype.copyTo = () => Promise.reject(new TypeError('Unable to copy data'));
      const segmenter = await scrim.Segmenter.create({worker: false}), video = document.createElement('video');
      Object.assign(video, {src: '/testdata/clips/doctor.mp4', muted: true});
      await video.play();
      const {width, height, data} = await segmenter.segment(video);
      segmenter.close();
      return [width, height, data.includes(255), data.includes(0)];
    });
    assert.deepEqual(size, [960, 540, true, true]);
  });

  test("frames of a canvas's track, whatever time they say", async () => {
    const size = await inPage(async () => {
      const track = await helpers.person(), video = document.createElement('video');
      Object.assign(video, {muted: true, srcObject: new MediaStream([track])});
      await video.play();
      const segmenter = await scrim.Segmenter.create(), frame = new VideoFrame(video);
      const {displayWidth, displayHeight} = await segmenter.compose(frame, '#ff0000');
      segmenter.close();
      track.stop();
      return [displayWidth, displayHeight];
    });
    assert.deepEqual(size, [640, 360]);
  });

  // None of the browsers can be told to forget them: their constructor does as old ones did.
  test('workers that know no modules: everything runs in the page', async () => {
    const seen = await inPage(async () => {
      const asked = [], Known = Worker;
      window.Worker = class extends Known {
        constructor(url) {
          super(url);
          asked.push(String(url).split('/').at(-1));
        }
      };
      const virtual = await scrim.VirtualBackground.start(await helpers.person());
      await virtual.first;
      virtual.stop();
      return asked;
    });
    assert.deepEqual(seen, ['worker.js']);
  });

  for (const path of engine === 'chromium' ? ['streams', 'canvas'] : ['canvas']) {
    test(`${path}: a paused one ends with its camera, too, and with the processed track`, async () => {
      const ends = await inPage(async (path) => {
        const ends = [];
        for (const stop of ['camera', 'processed']) {
          const camera = await helpers.person(), virtual = await scrim.VirtualBackground.start(camera, {path});
          await virtual.first;
          let count = 0;
          virtual.addEventListener('end', () => ++count);
          await virtual.pause();
          (stop === 'camera' ? camera : virtual.track).stop();
          for (let i = 0; i < 40 && count === 0; ++i) await helpers.sleep(100);
          ends.push([count, virtual.track.readyState, camera.readyState]);
          camera.stop();
        }
        return ends;
      }, path);
      assert.deepEqual(ends, [[1, 'ended', 'ended'], [1, 'ended', 'live']]);
    });

    test(`${path}: a camera that gives no frame is told of, and may come yet`, async () => {
      const seen = await inPage(async (path) => {
        const canvas = document.createElement('canvas'), context = canvas.getContext('2d');
        const stream = canvas.captureStream(0), [camera] = stream.getVideoTracks();
        const virtual = await scrim.VirtualBackground.start(camera, {path, background: '#ff0000'}), failures = [];
        virtual.addEventListener('failure', ({detail}) => failures.push(`${detail.name}: ${detail.message}`));
        for (let i = 0; i < 150 && failures.length === 0; ++i) await helpers.sleep(100);
        const timer = setInterval(() => {
          context.fillRect(0, 0, 300, 150);
          (camera.requestFrame ? camera : stream).requestFrame(); // the stream's in Firefox
        }, 50);
        const first = await Promise.race([virtual.first.then(() => true), helpers.sleep(10_000).then(() => false)]);
        clearInterval(timer);
        virtual.stop();
        return {failures, first};
      }, path);
      assert.deepEqual(seen, {failures: ['ScrimError: track: no frame has come within 10 seconds'], first: true});
    });
  }
});

function near(actual, expected, tolerance, name = '') {
  const close = actual.every((value, i) => Math.abs(value - expected[i]) <= tolerance);
  assert.ok(close, `${name}: ${actual} instead of ${expected}`);
}

// Browsers that lack something, told to by their own settings: the same run takes the other path.
for (const [engine, lacks, options] of [
  ['firefox', 'frame callbacks', {prefs: {'media.rvfc.enabled': false}}],
  ['webkit', 'VideoFrame', {features: ['-WebCodecsVideo']}],
  ['webkit', 'OffscreenCanvas', {features: ['-OffscreenCanvas', '-OffscreenCanvasInWorkers']}],
  ['webkit', 'OffscreenCanvas in workers', {features: ['-OffscreenCanvasInWorkers']}],
  ['webkit', 'frame callbacks', {features: ['-RequestVideoFrameCallback']}],
  ['webkit', 'frame callbacks that call back', {env: {WEBKIT_DISABLE_DMABUF_RENDERER: '1'}}],
]) {
  test(`${engine} without ${lacks}`, {skip: missing(engine) ?? false}, async () => {
    const browser = await start(engine, options);
    try {
      const seen = await runInPage(browser, server, async () => {
        const camera = await helpers.person(), canvas = document.createElement('canvas');
        const virtual = await scrim.VirtualBackground.start(camera, {background: '#ff0000', canvas});
        await virtual.first;
        const until = async (condition) => {
          for (let i = 0; i < 200; ++i) {
            if (condition(helpers.share(helpers.pixels(canvas, 160, 90), [255, 0, 0]))) return true;
            await helpers.sleep(50);
          }
          return false;
        };
        const seen = {person: await until((red) => red > 0.2 && red < 0.9)};
        await virtual.setBackground('/testdata/backgrounds/coast.jpg', {fit: 'contain'});
        seen.picture = await until((red) => red < 0.05);
        await virtual.setBackground('#ff0000');
        await virtual.pause();
        seen.paused = await until((red) => red > 0.99);
        virtual.stop();
        const segmenter = await scrim.Segmenter.create(), photo = new Image();
        photo.src = '/testdata/photos/000000537991.jpg';
        await photo.decode();
        seen.photo = helpers.share(helpers.pixels(await segmenter.compose(photo, '#ff0000')), [255, 0, 0]) > 0.1;
        segmenter.close();
        return {...seen, path: virtual.path, lacks: {
          'VideoFrame': typeof VideoFrame === 'undefined',
          'OffscreenCanvas': typeof OffscreenCanvas === 'undefined',
          'frame callbacks': !('requestVideoFrameCallback' in HTMLVideoElement.prototype),
        }};
      });
      const {lacks: lacking, ...rest} = seen;
      assert.deepEqual(rest, {person: true, picture: true, paused: true, photo: true, path: 'canvas'});
      if (lacks in lacking) assert.ok(lacking[lacks], `this browser has ${lacks} all the same`);
    } finally {
      await browser.close();
    }
  });
}

test('firefox that hinders fingerprinting: an error that says so', {skip: missing('firefox') ?? false}, async () => {
  const browser = await start('firefox', {prefs: {'privacy.resistFingerprinting': true}});
  try {
    const messages = await runInPage(browser, server, async () => {
      const why = (promise) => promise.then(() => 'nothing', (error) => `${error.name}: ${error.message}`);
      const camera = await helpers.camera();
      return [await why(scrim.VirtualBackground.start(camera)), await why(scrim.Segmenter.create())];
    });
    for (const message of messages) assert.match(message, /^ScrimError: .*does not let canvases be read/);
  } finally {
    await browser.close();
  }
});
