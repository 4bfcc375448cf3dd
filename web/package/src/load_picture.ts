// Pictures for backgrounds, and photos: whatever pages have. Every wait has an end.
import {animatedType} from './animation.js';
import {fetchBlob} from './fetch.js';
import {ScrimError} from './options.js';

export interface Loaded {
  picture: ImageBitmap;
  /** The file, where there may be more pictures in it. */
  bytes?: Uint8Array;
}

// Somebody waits for the picture, while the old one stays.
const patience = 30_000;

/** `what` begins the message where that fails. `superseded`: nobody wants it any more. */
export async function loadPicture(
  what: string,
  source: string | ImageBitmapSource,
  superseded?: AbortSignal,
): Promise<Loaded> {
  const name = typeof source === 'string' ? ` ${source}` : nameOf(source);
  return withEnd(`${what}${name}`, superseded, async (called, signal) => {
    if (typeof source === 'string') {
      const url = new URL(source, document.baseURI).href;
      return read(called, await fetchBlob(called, url, signal), () => draw(called, url, signal));
    }
    if (source instanceof Blob) {
      const url = URL.createObjectURL(source);
      return read(called, source, () => draw(called, url, signal)).finally(() => URL.revokeObjectURL(url));
    }
    if (source instanceof HTMLImageElement) return {picture: await drawn(called, source)};
    return {
      picture: await createImageBitmap(source).catch(() => {
        throw new ScrimError(`${called}: not a picture that this browser can read`);
      }),
    };
  });
}

function nameOf(source: ImageBitmapSource): string {
  if (source instanceof File) return ` ${source.name}`;
  return source instanceof HTMLImageElement && !source.src.startsWith('data:') ? ` ${source.src}` : '';
}

// An end by the clock or by another wish. What is under way then is told, and not waited for.
async function withEnd(
  called: string,
  superseded: AbortSignal | undefined,
  work: (called: string, signal: AbortSignal) => Promise<Loaded>,
): Promise<Loaded> {
  const end = new AbortController(), listeners = new AbortController();
  let timer: ReturnType<typeof setTimeout>;
  const ended = new Promise<never>((_, reject) => {
    const give = (why: string) => {
      reject(new ScrimError(`${called}: ${why}`));
      end.abort();
    };
    const another = () => give('another one was asked for before it was there');
    if (superseded?.aborted === true) another();
    superseded?.addEventListener('abort', another, {signal: listeners.signal});
    timer = setTimeout(() => give(`it did not come within ${patience / 1000} seconds`), patience);
  });
  const loaded = work(called, end.signal);
  loaded.then(({picture}) => void (end.signal.aborted && picture.close()), () => {});
  return Promise.race([ended, loaded]).finally(() => {
    clearTimeout(timer);
    listeners.abort();
  });
}

// `other`: how browsers read what they take in image elements alone, which is SVG, and HEIC in Safari.
async function read(called: string, file: Blob, other: () => Promise<ImageBitmap>): Promise<Loaded> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (file.type.startsWith('image/svg')) return {picture: await other()};
  const picture = await createImageBitmap(file).catch(other).catch(() => {
    const reason = isHeic(bytes) ? 'HEIC is ' : '';
    throw new ScrimError(`${called}: ${reason}not a picture that this browser can read; JPEG, PNG and WebP are everywhere`);
  });
  return animatedType(bytes) === null ? {picture} : {picture, bytes};
}

function isHeic(bytes: Uint8Array): boolean {
  return /^ftyp(he|mif1|msf1)/.test(String.fromCharCode(...bytes.subarray(4, 12)));
}

function draw(called: string, url: string, signal: AbortSignal): Promise<ImageBitmap> {
  const image = new Image();
  image.crossOrigin = 'anonymous';
  image.src = url;
  signal.addEventListener('abort', () => (image.src = ''), {once: true});
  return drawn(called, image);
}

async function drawn(called: string, image: HTMLImageElement): Promise<ImageBitmap> {
  try {
    await image.decode();
    if (image.naturalWidth > 0) return await createImageBitmap(image).catch(() => canvasOf(image));
    return await canvasOf(image);
  } catch {
    throw new ScrimError(`${called}: not a picture that this browser can read, or not allowed by its server`);
  }
}

// SVG without a size of its own gets that of a large frame.
function canvasOf(image: HTMLImageElement): Promise<ImageBitmap> {
  const canvas = Object.assign(document.createElement('canvas'), {width: 1920, height: 1080});
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return createImageBitmap(canvas);
}
