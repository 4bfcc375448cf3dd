// The frame path on the GPU beside the engine on the CPU, on the same frames. For web/tests/gpu.test.mjs.
import {Format, FrameMemory, Library, Session} from '/package/dist/abi.js';
import {openGpu} from '/package/dist/gpu/device.js';
import {FramePath} from '/package/dist/gpu/frame_path.js';
import {Plans} from '/package/dist/gpu/plans.js';

// Differences of bytes, of which `of` takes some: mean, most, and most of all but the largest 0.1 %.
function differences(a, b, of) {
  const counts = new Uint32Array(256);
  let sum = 0, count = 0, most = 0;
  for (let i = 0; i < a.length; ++i) {
    if (!of(i)) continue;
    const difference = Math.round(Math.abs(a[i] - b[i]));
    counts[difference] += 1;
    sum += difference;
    count += 1;
    most = Math.max(most, difference);
  }
  let left = Math.floor(count / 1000), most999 = 255;
  while (most999 > 0 && counts[most999] <= left) left -= counts[most999--];
  return {mean: sum / count, most, most999};
}

const isAlpha = (i) => i % 4 === 3;

// What a picture adds where it is drawn: straight alpha has any colours where there is next to none of it.
const premultiplied = (bytes) => Float32Array.from(bytes, (value, i) => (isAlpha(i) ? value : (value * bytes[i | 3]) / 255));

/** Whether frames of video can become textures here. */
export async function readable() {
  const gpu = await openGpu();
  if (typeof gpu === 'string') return false;
  const frame = new VideoFrame(new Uint8Array(4 * 64 * 64), {format: 'RGBA', codedWidth: 64, codedHeight: 64, timestamp: 0});
  try {
    gpu.device.importExternalTexture({source: frame});
    return true;
  } catch {
    return false;
  } finally {
    frame.close();
    gpu.device.destroy();
  }
}

async function rgba(frame) {
  const bytes = new Uint8Array(4 * frame.displayWidth * frame.displayHeight);
  await frame.copyTo(bytes, {format: 'RGBA', colorSpace: 'srgb'});
  return bytes;
}

/**
 * frames: RGBA pictures. background: as scrim_parse_background gives it;
 * picture: {width, height, data} of one. own: the GPU runs the network, too. Returns the differences of every frame's
 * colours and alpha, and of the network's masks; or a text where there is no GPU.
 */
export async function compareFrames({model, frames, width, height, background, picture, edges = {}, own = true}) {
  const bytes = new Uint8Array(await (await fetch(model)).arrayBuffer());
  const library = await Library.load(1);
  const session = Session.create(library, bytes, undefined, edges);
  const gpu = await openGpu();
  if (typeof gpu === 'string') return gpu;
  const path = new FramePath(gpu, new Plans(library, bytes), own);
  const fit = {frame: {width, height}, external: true, params: {edges}, background};
  const memory = new FrameMemory(library, Format.RGBA, width, height), out = new FrameMemory(library, Format.RGBA, width, height);
  if (background.kind === 'color') session.setColor(...background.color);
  if (background.kind === 'blur') session.setBlur(background.strength);
  if (background.kind === 'transparent') session.setTransparent();
  if (background.kind === 'image') {
    const behind = new FrameMemory(library, Format.RGBA, picture.width, picture.height);
    behind.bytes().set(picture.data);
    session.setPicture(behind);
    path.setPicture(await createImageBitmap(new ImageData(picture.data, picture.width, picture.height)));
  }
  await path.prepare(fit);
  const results = [];
  const frameOf = (data, timestamp) => new VideoFrame(data, {format: 'RGBA', codedWidth: width, codedHeight: height, timestamp});
  for (const [i, data] of frames.entries()) {
    const frame = frameOf(data, 33_333 * i);
    memory.bytes().set(data);
    session.process(memory, out);
    const expected = out.bytes().slice(), drawn = await path.compose(frame, fit), got = await rgba(drawn);
    const colours = differences(premultiplied(got), premultiplied(expected), (k) => !isAlpha(k));
    const alpha = differences(got, expected, isAlpha);
    const covered = expected.reduce((sum, value, k) => (isAlpha(k) ? sum + value : sum), 0) / 255 / (width * height);
    results.push({colours, alpha, covered, timestamp: drawn.timestamp});
    frame.close();
    drawn.close();
  }
  let masks = null;
  if (own) {
    const frame = frameOf(frames[0], 0);
    masks = await path.compare(frame, fit);
    frame.close();
  }
  path.destroy();
  return {results, masks};
}
