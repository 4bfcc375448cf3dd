// The package's adapters with the real clients that they are for, and what comes out at the other end of a call.
import assert from 'node:assert/strict';
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {build} from 'esbuild';
import {launch, root, serve} from './harness.mjs';

const made = join(root, 'build/web/adapters');
let browser, server;

before(async () => {
  rmSync(made, {recursive: true, force: true});
  mkdirSync(made, {recursive: true});
  browser = await launch({args: ['--allow-loopback-in-peer-connection', '--disable-features=WebRtcHideLocalIpsWithMdns']});
  server = await serve({answer: (path, response) => {
    if (path !== '/adapter.html') return false;
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title></title><div id="root"></div>');
    return true;
  }});
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** One script of a source and all that it imports, for a page to run. It leaves `window.begin`. */
async function bundle(name, source) {
  const entry = join(made, `${name}.mjs`), outfile = join(made, `${name}.js`);
  writeFileSync(entry, source);
  await build({
    entryPoints: [entry], outfile, bundle: true, format: 'iife', logLevel: 'error', jsx: 'automatic',
    nodePaths: [join(root, 'web/node_modules')], loader: {'.js': 'jsx', '.mjs': 'jsx'},
    define: {'process.env.NODE_ENV': '"development"', global: 'window', 'import.meta.url': '"http://localhost/"'},
  });
  return outfile;
}

const green = '#00ff00';
// Beside the served package, since a bundle in a page has no address of its own.
const options = () => JSON.stringify({
  worker: `${server.url}/package/dist/worker.js`, model: `${server.url}/package/dist/default.int8.scrim`,
});

/** Two pages in a call: the first one's script gives a track, and the second one's video shows it. */
async function call(script, check) {
  const context = await browser.newContext();
  const errors = [];
  try {
    const [caller, callee] = [await context.newPage(), await context.newPage()];
    for (const page of [caller, callee]) {
      page.on('pageerror', (error) => errors.push(String(error)));
      await page.goto(`${server.url}/adapter.html`);
    }
    await caller.addScriptTag({path: script});
    const offer = await caller.evaluate(async () => {
      window.track = await window.begin();
      window.peer = new RTCPeerConnection();
      peer.addTrack(track, new MediaStream([track]));
      await peer.setLocalDescription(await peer.createOffer());
      if (peer.iceGatheringState !== 'complete')
        await new Promise((resolve) => (peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && resolve()));
      return peer.localDescription.sdp;
    });
    const answer = await callee.evaluate(async (sdp) => {
      window.peer = new RTCPeerConnection();
      window.video = Object.assign(document.createElement('video'), {muted: true, autoplay: true, playsInline: true});
      document.body.append(video); // what no page shows is not drawn
      peer.ontrack = ({track}) => (video.srcObject = new MediaStream([track]));
      await peer.setRemoteDescription({type: 'offer', sdp});
      await peer.setLocalDescription(await peer.createAnswer());
      if (peer.iceGatheringState !== 'complete')
        await new Promise((resolve) => (peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && resolve()));
      return peer.localDescription.sdp;
    }, offer);
    await caller.evaluate((sdp) => peer.setRemoteDescription({type: 'answer', sdp}), answer);
    // Share of green in the upper corners, and in the middle, where the person is.
    await callee.evaluate(() => {
      window.look = () => {
        const {videoWidth: width, videoHeight: height} = video;
        if (width === 0) return null;
        const context = new OffscreenCanvas(width, height).getContext('2d', {willReadFrequently: true});
        context.drawImage(video, 0, 0);
        const share = (left, top, right, bottom) => {
          const x = Math.round(left * width), y = Math.round(top * height);
          const {data} = context.getImageData(x, y, Math.round(right * width) - x, Math.round(bottom * height) - y);
          let count = 0;
          for (let i = 0; i < data.length; i += 4) count += data[i] < 90 && data[i + 1] > 160 && data[i + 2] < 90;
          return count / (data.length / 4);
        };
        return {corners: Math.min(share(0, 0, 0.08, 0.2), share(0.92, 0, 1, 0.2)), middle: share(0.4, 0.5, 0.6, 0.9), width};
      };
    });
    const shows = (what) => callee.waitForFunction(what, undefined, {timeout: 60000}).catch(async ({message}) => {
      throw new Error(`${message} It shows ${JSON.stringify(await callee.evaluate(() => look()))}. ${errors}`);
    });
    await check({caller, callee, shows});
    assert.deepEqual(errors, []);
  } finally {
    await context.close();
  }
}

const person = () => {
  const seen = look();
  return seen !== null && seen.corners > 0.9 && seen.middle < 0.1;
};
const camera = `(await navigator.mediaDevices.getUserMedia({video: {width: 640, height: 360}})).getVideoTracks()[0]`;

test('LiveKit: a processor on its local track, another camera, and the end', async () => {
  const script = await bundle('livekit', `
    import {LocalVideoTrack} from 'livekit-client';
    import {ScrimProcessor} from 'scrim-web/livekit';
    window.begin = async () => {
      window.local = new LocalVideoTrack(${camera}, undefined, false);
      window.processor = new ScrimProcessor({background: '${green}', ...${options()}});
      await local.setProcessor(processor);
      return processor.processedTrack;
    };
    window.another = () => local.restartTrack({resolution: {width: 640, height: 360}});`);
  await call(script, async ({caller, shows}) => {
    await shows(person);
    // LiveKit stops the old camera first, and then gives the sender what the processor has.
    await caller.evaluate(async () => {
      await another();
      await peer.getSenders()[0].replaceTrack((window.track = processor.processedTrack));
    });
    assert.equal(await caller.evaluate(() => track.readyState), 'live');
    await shows(person);
    await caller.evaluate(() => local.stopProcessor());
    assert.equal(await caller.evaluate(() => track.readyState), 'ended');
  });
});

test('Twilio: a processor of every frame of its local track', async () => {
  const script = await bundle('twilio', `
    import {LocalVideoTrack} from 'twilio-video';
    import {ScrimVideoProcessor, processorOptions} from 'scrim-web/twilio';
    window.begin = async () => {
      window.local = new LocalVideoTrack(${camera});
      window.processor = await ScrimVideoProcessor.create({background: '${green}', ...${options()}});
      local.addProcessor(processor, processorOptions);
      document.body.append(local.attach()); // Twilio draws what somebody sees
      return local.processedTrack;
    };`);
  await call(script, async ({caller, shows}) => {
    await shows(person);
    await caller.evaluate(() => (processor.background = '#0000ff'));
    await shows(() => look().corners === 0);
    await caller.evaluate(() => (local.removeProcessor(processor), processor.close()));
  });
});

// lib-jitsi-meet is not on npm in a version with effects: the steps are those of its JitsiLocalTrack.
test('Jitsi: an effect that is started, stopped and started again', async () => {
  const script = await bundle('jitsi', `
    import {ScrimEffect} from 'scrim-web/jitsi';
    window.begin = async () => {
      window.effect = new ScrimEffect({background: '${green}', ...${options()}});
      const local = {isVideoTrack: () => true, videoType: 'camera'};
      if (!effect.isEnabled(local) || effect.isEnabled({...local, videoType: 'desktop'})) throw new Error('isEnabled');
      window.stream = new MediaStream([${camera}]);
      effect.startEffect(stream).getTracks().forEach((track) => track.stop());
      effect.stopEffect();
      return effect.startEffect(stream).getVideoTracks()[0];
    };`);
  await call(script, async ({caller, shows}) => {
    await shows(person);
    const ended = await caller.evaluate(async () => {
      const virtual = await effect.virtual;
      effect.stopEffect();
      await new Promise((resolve) => setTimeout(resolve, 100));
      return [virtual.track.readyState, stream.getVideoTracks()[0].readyState];
    });
    assert.deepEqual(ended, ['ended', 'live']);
  });
});

test('streams of frames: a transform between a processor and a generator', async () => {
  const script = await bundle('frames', `
    import {frameTransform} from 'scrim-web/frames';
    window.begin = async () => {
      const generator = new MediaStreamTrackGenerator({kind: 'video'});
      const processor = new MediaStreamTrackProcessor({track: ${camera}, maxBufferSize: 1});
      const transform = await frameTransform({background: '${green}', ...${options()}});
      processor.readable.pipeThrough(transform).pipeTo(generator.writable).catch(() => {});
      return generator;
    };`);
  await call(script, async ({caller, shows}) => {
    await shows(person);
    await caller.evaluate(() => track.stop());
  });
});

test('React: a hook that survives strict mode, another background and another camera', async () => {
  const script = await bundle('react', `
    import {StrictMode, useEffect, useState} from 'react';
    import {createRoot} from 'react-dom/client';
    import {VirtualBackground} from 'scrim-web';
    import {useVirtualBackground} from '${join(root, 'web/package/examples/use_virtual_background.js')}';
    const start = VirtualBackground.start.bind(VirtualBackground);
    window.running = new Set();
    VirtualBackground.start = async (camera, asked) => {
      const virtual = await start(camera, {...asked, ...${options()}});
      running.add(virtual);
      virtual.addEventListener('end', () => running.delete(virtual));
      return virtual;
    };
    function Call({camera}) {
      const [background, setBackground] = useState('${green}');
      const {track, error} = useVirtualBackground(camera, background);
      window.setBackground = setBackground;
      useEffect(() => { if (error) document.title = String(error); }, [error]);
      useEffect(() => { if (track !== null) window.arrived(track); }, [track]);
      return <p>{track === null ? 'starts' : 'runs'}</p>;
    }
    window.begin = () => new Promise(async (resolve) => {
      window.arrived = resolve;
      window.reactRoot = createRoot(document.getElementById('root'));
      reactRoot.render(<StrictMode><Call camera={${camera}} /></StrictMode>);
    });`);
  await call(script, async ({caller, shows}) => {
    await shows(person);
    assert.equal(await caller.evaluate(() => running.size), 1);
    await caller.evaluate(() => setBackground('#0000ff'));
    await shows(() => look().corners === 0);
    assert.equal(await caller.evaluate(() => (reactRoot.unmount(), track.readyState)), 'ended');
    assert.equal(await caller.evaluate(() => running.size), 0);
    assert.equal(await caller.title(), '');
  });
});
