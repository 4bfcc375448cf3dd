// What callers and their browsers do wrong: every failure is a ScrimError, has an end, and blocks nothing behind it.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {engines, inEngines} from './engines.mjs';
import {runInPage, serve} from './harness.mjs';

let server;

before(async () => {
  server = await serve({answer: (path) => path === '/silence.jpg'}); // which never answers
});
after(() => server?.close());

inEngines(engines, (engine, browser) => {
  const inPage = (body, argument) => runInPage(browser(), server, body, argument);

  test('a background that cannot be had blocks no other', async () => {
    const seen = await inPage(async () => {
      const camera = await helpers.person();
      const virtual = await scrim.VirtualBackground.start(camera, {background: '#ff0000'});
      const why = (promise) => promise.then(() => 'nothing', (error) => `${error.name}: ${error.message}`);
      const video = (fields) => Object.assign(document.createElement('video'), fields);
      const failed = await new Promise((resolve) => {
        const element = video({src: '/nothing.webm'});
        element.onerror = () => resolve(element);
      });
      const seen = {
        failed: await why(virtual.setBackground(failed)),
        empty: await why(virtual.setBackground(video({}))),
        missing: await why(virtual.setBackground(video({src: '/nothing.webm', preload: 'none'}))),
      };
      const silent = why(virtual.setBackground('/silence.jpg')), waiting = why(virtual.setBackground(video({srcObject: new MediaStream()})));
      seen.then = await why(virtual.setBackground('#0000ff'));
      [seen.silent, seen.waiting] = await Promise.all([silent, waiting]);
      virtual.stop();
      camera.stop();
      return seen;
    });
    assert.equal(seen.then, 'nothing');
    for (const name of ['failed', 'empty', 'missing']) assert.equal(seen[name], 'ScrimError: background: the video cannot be played', name);
    for (const name of ['silent', 'waiting']) assert.match(seen[name], /^ScrimError: background.*another one was asked for/, name);
  });

  test('what is no picture is called so', async () => {
    const seen = await inPage(async () => {
      const camera = await helpers.person();
      const virtual = await scrim.VirtualBackground.start(camera, {background: '#ff0000'});
      const why = (background) => virtual.setBackground(background).then(() => 'nothing', (error) => `${error.name}: ${error.message}`);
      const image = Object.assign(new Image(), {src: '/testdata/backgrounds/coast.jpg'});
      const drawn = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="#0000ff"/></svg>';
      const seen = {
        good: [
          await why(image), // still loading
          await why(new File([drawn], 'abstract.svg', {type: 'image/svg+xml'})),
          await why(new URL('/testdata/backgrounds/coast.jpg', location.href)),
        ],
        bad: [
          await why(new File(['nothing'], 'photo.heic')),
          await why(Object.assign(new Image(), {src: '/no/such.jpg'})),
          await why('/no/such.svg'),
          await why(null),
        ],
      };
      virtual.stop();
      camera.stop();
      return seen;
    });
    assert.deepEqual(seen.good, ['nothing', 'nothing', 'nothing']);
    const [heic, image, svg, none] = seen.bad;
    for (const message of [heic, image, none]) assert.match(message, /^ScrimError: background.*not a picture/);
    assert.match(heic, /photo\.heic/);
    assert.match(svg, /^ScrimError: background.*such\.svg answers 404$/);
  });

  for (const path of engine === 'chromium' ? ['streams', 'canvas'] : ['canvas']) {
    test(`${path}: the effect off and on again, fewer frames, and a start that is given up`, async () => {
      const seen = await inPage(async (path) => {
        const camera = await helpers.person();
        const virtual = await scrim.VirtualBackground.start(camera, {background: '#ff0000', path});
        await virtual.first;
        const watcher = await helpers.watch(virtual.track);
        const red = (pixels) => helpers.share(pixels, [255, 0, 0]);
        const seen = {masked: await watcher.until((pixels) => red(pixels) > 0.2)};
        await virtual.passThrough(true);
        seen.room = await watcher.until((pixels) => red(pixels) < 0.01);
        await virtual.pause();
        seen.paused = await watcher.until((pixels) => red(pixels) > 0.99);
        await virtual.resume();
        seen.roomAgain = await watcher.until((pixels) => red(pixels) < 0.01);
        await virtual.passThrough(false);
        seen.maskedAgain = await watcher.until((pixels) => red(pixels) > 0.2);
        await virtual.setMaxFps(5);
        let fps = 0;
        virtual.addEventListener('stats', ({detail}) => (fps = detail.fps));
        await helpers.sleep(3500);
        seen.slow = fps > 0 && fps < 7;
        virtual.stop();

        const early = new AbortController(), never = new Promise(() => {});
        const start = scrim.VirtualBackground.start(never, {signal: early.signal, path}).then(() => 'started', (error) => error.name);
        early.abort();
        seen.early = await start;
        seen.before = await scrim.VirtualBackground.start(camera, {signal: early.signal, path}).then(() => 'started', (error) => error.name);
        camera.stop();
        return seen;
      }, path);
      assert.deepEqual(seen, {
        masked: true, room: true, paused: true, roomAgain: true, maskedAgain: true, slow: true, early: 'AbortError', before: 'AbortError',
      });
    });

    test(`${path}: tracks that are none, clones, and switched off`, async () => {
      const seen = await inPage(async (path) => {
        const why = (promise) => promise.then(() => 'nothing', (error) => `${error.name}: ${error.message}`);
        const camera = await helpers.person();
        const virtual = await scrim.VirtualBackground.start(camera, {background: '#ff0000', path});
        await virtual.first;
        const audio = new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0];
        const seen = {audio: await why(virtual.replaceTrack(audio)), none: await why(scrim.VirtualBackground.start(undefined))};

        // Frames worked on while `body` waits.
        const count = async (body) => {
          let frames = 0;
          const add = ({detail}) => (frames += detail.frames);
          virtual.addEventListener('stats', add);
          await body();
          virtual.removeEventListener('stats', add);
          return frames;
        };
        const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
        seen.on = await count(() => wait(2500));
        for (const track of [virtual.track, camera]) {
          track.enabled = false;
          await wait(1200); // what was under way is reported with it
          (seen.off ??= []).push(await count(() => wait(1500)));
          track.enabled = true;
        }
        let ended = false;
        virtual.addEventListener('end', () => (ended = true));
        const clone = virtual.track.clone();
        virtual.track.stop();
        seen.clone = await count(() => wait(2500));
        seen.endedWithClone = ended;
        clone.stop();
        for (let i = 0; i < 50 && !ended; ++i) await wait(100);
        seen.endedWithout = ended;
        camera.stop();
        return seen;
      }, path);
      assert.equal(seen.audio, 'ScrimError: track: it carries no video');
      assert.match(seen.none, /^ScrimError: track/);
      assert.ok(seen.on > 0 && seen.clone > 0, JSON.stringify(seen));
      assert.deepEqual(seen.off, [0, 0]);
      assert.deepEqual([seen.endedWithClone, seen.endedWithout], [false, true]);
    });
  }
});
