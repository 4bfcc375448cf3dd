// The package in a page without a bundler, on the files that it ships, in every engine.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {engines, inEngines} from './engines.mjs';
import {cameraFile, readFrame, root, runInPage, serve, temporary} from './harness.mjs';

const frames = 8, width = 640, height = 360;
let server, isolatedServer, clip;

before(async () => {
  clip = cameraFile();
  [server, isolatedServer] = await Promise.all([serve({answer: damagedModel}), serve({isolated: true})]);
});
after(async () => {
  await server?.close();
  await isolatedServer?.close();
});

function damagedModel(path, response) {
  if (path !== '/damaged.scrim') return false;
  const bytes = readFileSync(join(root, 'models/default.int8.scrim'));
  bytes[bytes.length >> 1] ^= 1;
  response.end(bytes);
  return true;
}

function nativeAlphas(model) {
  const out = temporary(`${model}.alphas`);
  execFileSync(process.env.SCRIM_ALPHA_OF, [join(root, `models/${model}.scrim`), clip, String(frames), out]);
  const bytes = readFileSync(out);
  return Array.from({length: frames}, (_, i) => bytes.subarray(i * width * height, (i + 1) * width * height));
}

function compare(a, b) {
  let both = 0, either = 0, largest = 0;
  for (let i = 0; i < a.length; ++i) {
    both += a[i] > 127 && b[i] > 127;
    either += a[i] > 127 || b[i] > 127;
    largest = Math.max(largest, Math.abs(a[i] - b[i]));
  }
  return {iou: both / either, largest};
}

const rawFrames = () =>
  Array.from({length: frames}, (_, i) => readFrame(clip, i).data.toString('base64'));

inEngines(engines, (engine, browser) => {
  const inPage = (body, argument, on = server) => runInPage(browser(), on, body, argument);

  for (const [model, threads] of [['default', 1], ['default.int8', 1], ['default.int8', 2]]) {
    test(`${model}: the alphas of a clip are the native engine's, with threads: ${threads}`, async (t) => {
      const {alphas, used, shares} = await inPage(async ({model, frames, width, height, threads}) => {
        const segmenter = await scrim.Segmenter.create({model: `/models/${model}.scrim`, threads});
        const alphas = [];
        for (const [i, base64] of frames.entries()) {
          const frame = helpers.i420(base64, width, height, i);
          const alpha = await segmenter.segment(frame, {follows: i > 0});
          alphas.push(helpers.base64(alpha.data));
          frame.close();
        }
        segmenter.close();
        return {alphas, used: scrim.threadsHere(threads), shares: typeof SharedArrayBuffer !== 'undefined'};
      }, {model, frames: rawFrames(), width, height, threads}, threads === 1 ? server : isolatedServer);
      if (threads > 1 && !shares) t.diagnostic('this browser has no SharedArrayBuffer: one thread');
      assert.equal(used, shares ? threads : 1);
      for (const [i, expected] of nativeAlphas(model).entries()) {
        const {iou, largest} = compare(Buffer.from(alphas[i], 'base64'), expected);
        assert.ok(iou >= 0.99 && largest <= 1, `frame ${i}: IoU ${iou}, largest difference ${largest}`);
      }
    });
  }

  const streams = engine === 'chromium';
  test('a processed track carries the native alphas, with one thread and with two', {skip: !streams}, async () => {
    for (const [on, threads] of [[server, 1], [isolatedServer, 2]]) {
      const {alphas, used} = await inPage(async ({frames, width, height, threads}) => {
        const generator = new MediaStreamTrackGenerator({kind: 'video'});
        const writer = generator.writable.getWriter();
        const virtual = await scrim.VirtualBackground.start(generator, {background: 'transparent', threads});
        const reader = new MediaStreamTrackProcessor({track: virtual.track}).readable.getReader();
        const alphas = [];
        for (const [i, base64] of frames.entries()) {
          await writer.write(helpers.i420(base64, width, height, i));
          const {value} = await reader.read();
          const rgba = new Uint8Array(value.allocationSize());
          await value.copyTo(rgba);
          alphas.push(helpers.base64(rgba.filter((_, j) => j % 4 === 3)));
          value.close();
        }
        virtual.stop();
        return {alphas, used: scrim.threadsHere(threads)};
      }, {frames: rawFrames(), width, height, threads}, on);
      assert.equal(used, threads);
      for (const [i, expected] of nativeAlphas('default.int8').entries()) {
        const {iou} = compare(Buffer.from(alphas[i], 'base64'), expected);
        assert.ok(iou >= 0.99, `${threads} threads, frame ${i}: IoU ${iou}`);
      }
    }
  });

  test('what cannot work says why', async () => {
    const messages = await inPage(async () => {
      const camera = await helpers.person();
      const why = (promise) => promise.then(() => 'nothing', (error) => `${error.name}: ${error.message}`);
      const {VirtualBackground, Segmenter} = scrim;
      const messages = {
        missing: await why(VirtualBackground.start(camera, {model: '/no/such.scrim'})),
        damaged: await why(VirtualBackground.start(camera, {model: '/damaged.scrim'})),
        picture: await why(Segmenter.create({model: '/testdata/backgrounds/coast.jpg'})),
        bytes: await why(Segmenter.create({model: new Uint8Array(100)})),
        inputSize: await why(Segmenter.create({inputSize: {width: -1, height: 5}})),
        background: await why(VirtualBackground.start(camera, {background: '/no/such.jpg'})),
        noPicture: await why(VirtualBackground.start(camera, {background: '/models/default.int8.scrim'})),
        strength: await why(VirtualBackground.start(camera, {background: 'blur:1000'})),
      };
      camera.stop();
      messages.ended = await why(VirtualBackground.start(camera));
      const validate = WebAssembly.validate;
      WebAssembly.validate = () => false;
      messages.simd = await why(Segmenter.create());
      WebAssembly.validate = validate;
      return messages;
    });
    const expected = {
      missing: /^ScrimError: model: .*\/no\/such\.scrim answers 404$/, damaged: /^ScrimError: model .*\/damaged\.scrim: /,
      picture: /is not a scrim model/, bytes: /is not a scrim model/, inputSize: /input size/, background: /such\.jpg answers 404/,
      noPicture: /not a picture/, strength: /0\.5 to 100/, ended: /has ended/, simd: /no WebAssembly SIMD.*Chrome 91/,
    };
    for (const [name, pattern] of Object.entries(expected)) assert.match(messages[name], pattern, name);
  });

  for (const path of streams ? ['streams', 'canvas'] : ['canvas']) {
    test(`${path}: backgrounds, replaced track, mute, pause, lost camera`, async () => {
      const seen = await inPage(async (path) => {
        const seen = {};
        const first = await helpers.person();
        const virtual = await scrim.VirtualBackground.start(first, {background: '#ff0000', path});
        const output = virtual.track;
        let failures = 0, ends = 0;
        virtual.addEventListener('failure', () => ++failures);
        virtual.addEventListener('end', () => ++ends);
        await virtual.first;
        const watcher = await helpers.watch(output);
        seen.red = await watcher.until((pixels) => helpers.share(pixels, [255, 0, 0]) > 0.2 && helpers.share(pixels, [255, 0, 0]) < 0.9);
        await virtual.setBackground('#0000ff');
        seen.blue = await watcher.until((pixels) => helpers.share(pixels, [0, 0, 255]) > 0.2);
        await virtual.setBackground('/testdata/backgrounds/coast.jpg');
        seen.picture = await watcher.until((pixels) => helpers.share(pixels, [0, 0, 255]) < 0.05);
        const painted = document.createElement('canvas');
        painted.getContext('2d').fillStyle = '#00ff00';
        painted.getContext('2d').fillRect(0, 0, 300, 150);
        await virtual.setBackground(painted);
        seen.canvas = await watcher.until((pixels) => helpers.share(pixels, [0, 255, 0]) > 0.2);
        await virtual.setBackground('blur:20');
        seen.blur = await watcher.until((pixels) => helpers.share(pixels, [0, 255, 0]) < 0.05);
        const video = document.createElement('video');
        Object.assign(video, {src: '/testdata/clips/thoughtful_sound.mp4', muted: true, loop: true});
        await video.play();
        await virtual.setBackground(video);
        await virtual.setBackground('#ff0000');
        seen.afterVideo = await watcher.until((pixels) => helpers.share(pixels, [255, 0, 0]) > 0.2);
        seen.inputSize = await virtual.configure({inputSize: {width: 160, height: 96}, edges: {refineEdges: false}});

        // Muted: the background alone. Firefox's tracks take no events of the page's: see below for those.
        const tell = (muted) => {
          let told = false;
          first.addEventListener('mute', () => (told = true), {once: true});
          Object.defineProperty(first, 'muted', {value: muted, configurable: true});
          first.dispatchEvent(new Event(muted ? 'mute' : 'unmute'));
          return told;
        };
        seen.muted = !tell(true) || await watcher.until((pixels) => helpers.share(pixels, [255, 0, 0]) > 0.99);
        tell(false);
        seen.unmuted = await watcher.until((pixels) => helpers.share(pixels, [255, 0, 0]) < 0.9);
        await virtual.pause();
        seen.paused = await watcher.until((pixels) => helpers.share(pixels, [255, 0, 0]) > 0.99);
        await virtual.resume();
        seen.resumed = await watcher.until((pixels) => helpers.share(pixels, [255, 0, 0]) < 0.9);

        // Another camera, of another size, on the same output.
        const second = await helpers.person({width: 320, height: 180});
        await virtual.replaceTrack(second);
        first.stop();
        seen.replaced = await watcher.until(() => watcher.video.videoWidth === 320);
        seen.sameTrack = virtual.track === output && output.readyState === 'live';

        // Lost: everything ends by itself.
        second.stop();
        for (let i = 0; i < 100 && ends === 0; ++i) await helpers.sleep(50);
        seen.ended = output.readyState === 'ended';
        seen.refused = await virtual.setBackground('blur').then(() => false, () => true);
        return {...seen, failures, ends};
      }, path);
      assert.deepEqual(seen, {
        red: true, blue: true, picture: true, canvas: true, blur: true, afterVideo: true, inputSize: {width: 160, height: 96},
        muted: true, unmuted: true, paused: true, resumed: true, replaced: true, sameTrack: true, ended: true,
        refused: true, failures: 0, ends: 1,
      });
    });
  }

  test('a frame of the old background video that comes late does not replace the new background', async () => {
    const seen = await inPage(async () => {
      const virtual = await scrim.VirtualBackground.start(await helpers.person(), {background: '#0000ff'});
      await virtual.first;
      const watcher = await helpers.watch(virtual.track);
      const video = document.createElement('video');
      Object.assign(video, {src: '/testdata/clips/thoughtful_sound.mp4', muted: true, loop: true});
      await video.play();
      await virtual.setBackground(video);
      const make = window.createImageBitmap;
      let late = 0;
      window.createImageBitmap = async (...source) => {
        const bitmap = await make(...source);
        await helpers.sleep(500);
        ++late;
        return bitmap;
      };
      while (late === 0) await helpers.sleep(20);
      const refused = await virtual.setBackground('/no/such.jpg').then(() => false, () => true);
      const before = late;
      while (late === before) await helpers.sleep(20); // the video goes on
      await virtual.setBackground('#ff0000');
      const red = (pixels) => helpers.share(pixels, [255, 0, 0]) > 0.2;
      const arrived = await watcher.until(red);
      await helpers.sleep(1500);
      const stayed = !(await watcher.until((pixels) => !red(pixels), 1000));
      window.createImageBitmap = make;
      virtual.stop();
      return {refused, arrived, stayed};
    });
    assert.deepEqual(seen, {refused: true, arrived: true, stayed: true});
  });

  test('canvas: a hidden page goes on, by the clock of the worker', async () => {
    const later = await inPage(async () => {
      let hidden = false;
      Object.defineProperty(document, 'hidden', {get: () => hidden});
      const virtual = await scrim.VirtualBackground.start(await helpers.person(), {path: 'canvas'});
      await virtual.first;
      // As browsers do it: no more callbacks.
      HTMLVideoElement.prototype.requestVideoFrameCallback = () => 0;
      hidden = true;
      document.dispatchEvent(new Event('visibilitychange'));
      let reports = 0;
      virtual.addEventListener('stats', ({detail}) => (reports += detail.frames > 3));
      for (let i = 0; i < 120 && reports < 3; ++i) await helpers.sleep(100);
      virtual.stop();
      return reports;
    });
    assert.ok(later >= 3, `${later} reports`);
  });

  test('two at once, in a call: a peer connection carries both', async (t) => {
    const shares = await inPage(async () => {
      if (typeof RTCPeerConnection === 'undefined') return null;
      const camera = await helpers.person();
      const colors = [[255, 0, 0], [0, 0, 255]];
      const virtuals = await Promise.all(['#ff0000', '#0000ff'].map((background) =>
        scrim.VirtualBackground.start(camera.clone(), {background})));
      const here = new RTCPeerConnection(), there = new RTCPeerConnection();
      here.onicecandidate = ({candidate}) => there.addIceCandidate(candidate);
      there.onicecandidate = ({candidate}) => here.addIceCandidate(candidate);
      const arrived = [];
      there.ontrack = ({track}) => arrived.push(track);
      for (const virtual of virtuals) here.addTrack(virtual.track);
      await here.setLocalDescription();
      await there.setRemoteDescription(here.localDescription);
      await there.setLocalDescription();
      await here.setRemoteDescription(there.localDescription);
      const shares = [];
      for (const [i, color] of colors.entries()) {
        const watcher = await helpers.watch(arrived[i]);
        // Through a codec, so not to the last bit.
        shares.push(await watcher.until((pixels) => helpers.share(pixels, color, 40) > 0.2));
      }
      for (const virtual of virtuals) virtual.stop();
      here.close();
      there.close();
      return shares;
    });
    if (shares === null) return t.skip('this browser has no RTCPeerConnection');
    assert.deepEqual(shares, [true, true]);
  });

  test('a track of a call that is muted shows the background alone', async (t) => {
    const seen = await inPage(async () => {
      if (typeof RTCPeerConnection === 'undefined') return null;
      const here = new RTCPeerConnection(), there = new RTCPeerConnection();
      here.onicecandidate = ({candidate}) => there.addIceCandidate(candidate);
      there.onicecandidate = ({candidate}) => here.addIceCandidate(candidate);
      const came = new Promise((resolve) => (there.ontrack = ({track}) => resolve(track)));
      here.addTrack(await helpers.person());
      const agree = async (direction) => {
        here.getTransceivers()[0].direction = direction;
        await here.setLocalDescription();
        await there.setRemoteDescription(here.localDescription);
        await there.setLocalDescription();
        await here.setRemoteDescription(there.localDescription);
      };
      await agree('sendonly');
      const virtual = await scrim.VirtualBackground.start(await came, {background: '#ff0000'});
      await virtual.first;
      const watcher = await helpers.watch(virtual.track), red = (pixels) => helpers.share(pixels, [255, 0, 0]);
      const seen = {person: await watcher.until((pixels) => red(pixels) > 0.2 && red(pixels) < 0.9)};
      await agree('inactive');
      seen.muted = await watcher.until((pixels) => red(pixels) > 0.99);
      virtual.stop();
      here.close();
      there.close();
      return seen;
    });
    if (seen === null) return t.skip('this browser has no RTCPeerConnection');
    assert.deepEqual(seen, {person: true, muted: true});
  });

  test('stopping the processed track stops the work', async () => {
    const ended = await inPage(async () => {
      const camera = await helpers.person();
      const virtual = await scrim.VirtualBackground.start(camera);
      await virtual.first;
      const end = new Promise((resolve) => virtual.addEventListener('end', () => resolve(true)));
      virtual.track.stop();
      const ended = await Promise.race([end, helpers.sleep(10_000)]);
      return {ended, camera: camera.readyState};
    });
    assert.deepEqual(ended, {ended: true, camera: 'live'});
  });

  test('hair of another colour in the room as it is, by a model that knows hair', async () => {
    const {changed, still, plane, refusals, reason} = await inPage(async () => {
      const blob = await (await fetch('/testdata/photos/000000019924.jpg')).blob(), photo = await createImageBitmap(blob);
      const model = '/package/dist/parts.int8.scrim', segmenter = await scrim.Segmenter.create({model});
      const {data: plane, width, height} = await segmenter.segment(photo, {plane: 'hair'});
      const before = helpers.pixels(await segmenter.compose(photo, 'room'));
      await segmenter.retouch({hair: {color: '#00ff00', strength: 1}});
      const after = helpers.pixels(await segmenter.compose(photo, 'room'));
      // How much greener hair has become, and how much everything else has changed.
      const changed = {hair: 0, count: 0, else: 0};
      for (let i = 0; i < width * height; ++i) {
        const [red, green, blue] = [0, 1, 2].map((c) => after[4 * i + c] - before[4 * i + c]);
        if (plane[i] > 250) {
          changed.hair += green - (red + blue) / 2;
          ++changed.count;
        } else if (plane[i] === 0) changed.else = Math.max(changed.else, Math.abs(red), Math.abs(green), Math.abs(blue));
      }
      await segmenter.retouch({hair: null});
      const again = helpers.pixels(await segmenter.compose(photo, 'room'));
      const still = again.every((value, i) => value === before[i]);

      const messageOf = (promise) => promise.then(() => 'nothing', (error) => `${error.name}: ${error.message}`);
      const refusals = [await messageOf(segmenter.retouch({hair: {color: 'red'}}))];
      refusals.push(await messageOf(segmenter.retouch({smoothSkin: 2})));
      refusals.push(await messageOf(segmenter.segment(photo, {plane: 'beard'})));
      segmenter.close();

      const virtual = await scrim.VirtualBackground.start(await helpers.person(), {backend: 'cpu', background: 'room'});
      refusals.push(await messageOf(virtual.retouch({smoothSkin: 0.5})));
      await virtual.setModel(new URL(model, location.href));
      await virtual.retouch({smoothSkin: 0.5});
      refusals.push(await messageOf(virtual.setModel('/nowhere.scrim')));
      const reason = await new Promise((resolve) =>
        virtual.addEventListener('stats', ({detail}) => resolve(detail.backendReason), {once: true}));
      virtual.stop();
      return {changed, still, plane: plane.length === width * height, refusals, reason};
    });
    assert.ok(plane && still);
    assert.ok(changed.count > 100, `${changed.count} pixels of hair`);
    assert.ok(changed.hair / changed.count > 40, `hair is ${changed.hair / changed.count} greener`);
    assert.equal(changed.else, 0);
    const wanted = [/ScrimError: .*#rrggbb/, /ScrimError: .*0 to 1/, /ScrimError: .*beard/, /ScrimError: .*skin/, /nowhere\.scrim/];
    wanted.forEach((pattern, i) => assert.match(refusals[i], pattern));
    assert.match(reason, /hair, skin/);
  });

  test('a photo: its alpha, the person cut out and before a colour', async () => {
    const {alpha, transparent, red} = await inPage(async () => {
      const segmenter = await scrim.Segmenter.create();
      const photo = new Image();
      photo.src = '/testdata/photos/000000537991.jpg';
      await photo.decode();
      const {width, height, data} = await segmenter.segment(photo);
      const [cutOut, onRed] = await Promise.all([segmenter.compose(photo), segmenter.compose(photo, '#ff0000')]);
      const result = {
        alpha: [width === photo.naturalWidth, height === photo.naturalHeight, data.some((a) => a === 255), data.some((a) => a === 0)],
        transparent: helpers.pixels(cutOut).filter((value, i) => i % 4 === 3 && value === 0).length > 1000,
        red: helpers.share(helpers.pixels(onRed), [255, 0, 0]) > 0.1,
      };
      segmenter.close();
      return result;
    });
    assert.deepEqual({alpha, transparent, red}, {alpha: [true, true, true, true], transparent: true, red: true});
  });
});
