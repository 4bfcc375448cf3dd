// The picture of a background as it stands behind a frame: laid out for the frame's shape, and moving where it moves.
import type {Animation} from './animation.js';
import {BackgroundFit, InputSize} from './options.js';
import {bitmapOf, contextOf, hiddenCanvas} from './picture.js';

export class Backdrop {
  private shown: ImageBitmap;
  private shape = ''; // of the frame that `shown` is laid out for
  private stale: ImageBitmap[] = []; // whoever shows them gets another one first

  /** Takes the bitmap and the animation. */
  constructor(
    private source: ImageBitmap,
    private readonly fit: BackgroundFit = 'cover',
    private readonly animation: Animation | null = null,
  ) {
    this.shown = source;
  }

  /** For a frame that is not known yet. */
  get first(): ImageBitmap {
    return this.shown;
  }

  /** To be cut to cover a frame of this size at this time, in milliseconds of any clock. Good until the next call. */
  async at(now: number, frame: InputSize): Promise<ImageBitmap> {
    for (const bitmap of this.stale.splice(0)) bitmap.close();
    const next = this.animation?.at(now) ?? null;
    const shape = this.fit === 'cover' ? '' : `${frame.width}x${frame.height}`;
    if (next === null && shape === this.shape) return this.shown;
    const laidOut = await layOut(next ?? this.source, this.fit, frame);
    if (next !== null) {
      if (this.source !== this.shown) this.stale.push(this.source);
      this.source = next;
    }
    if (this.shown !== this.source) this.stale.push(this.shown);
    this.shown = laidOut;
    this.shape = shape;
    return laidOut;
  }

  close(): void {
    this.animation?.close();
    for (const bitmap of [...this.stale, this.source, this.shown]) bitmap.close();
  }
}

// As the program does it: `contain` adds black borders, which the frame's shape asks for; `tile` is as large as the frame.
async function layOut(bitmap: ImageBitmap, fit: BackgroundFit, frame: InputSize): Promise<ImageBitmap> {
  if (fit === 'cover') return bitmap;
  const {width, height} = bitmap, shape = frame.width / frame.height;
  const padded = {width: Math.max(width, Math.round(height * shape)), height: Math.max(height, Math.round(width / shape))};
  const size = fit === 'tile' ? frame : padded;
  const canvas = hiddenCanvas(size.width, size.height), context = contextOf(canvas, {alpha: false});
  if (fit === 'tile') {
    for (let y = 0; y < size.height; y += height) {
      for (let x = 0; x < size.width; x += width) context.drawImage(bitmap, x, y);
    }
  } else {
    context.drawImage(bitmap, (size.width - width) >> 1, (size.height - height) >> 1);
  }
  return bitmapOf(canvas);
}
