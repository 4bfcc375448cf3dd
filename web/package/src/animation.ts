// Animated pictures (GIF, WebP, AVIF, PNG), where the browser has an ImageDecoder.
import {scaledDown} from './picture.js';

/** What an ImageDecoder takes for the type of animated pictures; null: these bytes do not move. */
export function animatedType(bytes: Uint8Array): string | null {
  const text = (begin: number, end: number) => String.fromCharCode(...bytes.subarray(begin, end));
  if (text(0, 4) === 'GIF8') return 'image/gif';
  if (text(0, 4) === 'RIFF' && text(8, 16) === 'WEBPVP8X' && (bytes[20] & 2) !== 0) return 'image/webp';
  if (text(4, 12) === 'ftypavis') return 'image/avif';
  // Of a PNG that moves, the chunk that says so stands before the pixels'.
  if (text(1, 4) !== 'PNG') return null;
  const head = text(0, Math.min(bytes.length, 4096)), moves = head.indexOf('acTL'), pixels = head.indexOf('IDAT');
  return moves >= 0 && (pixels < 0 || moves < pixels) ? 'image/png' : null;
}

// What no picture is meant to do: browsers take such short times for a tenth of a second.
const shortest = 11, usual = 100;

export class Animation {
  private next: {bitmap: ImageBitmap; milliseconds: number} | null = null; // decoded ahead
  private index = 0;
  private rounds = 0;
  private due = -Infinity;
  private closed = false;

  private constructor(
    private decoder: ImageDecoder,
    private readonly open: () => ImageDecoder,
    private readonly count: number,
    private readonly repetitions: number, // after the first round
  ) {
    this.decode();
  }

  /** Null: the picture does not move, or not in this browser. */
  static async open(bytes: Uint8Array): Promise<Animation | null> {
    const type = animatedType(bytes);
    if (type === null || typeof ImageDecoder === 'undefined') return null;
    try {
      if (!(await ImageDecoder.isTypeSupported(type))) return null;
      const open = () => new ImageDecoder({data: bytes as BufferSource, type}), decoder = open();
      await Promise.all([decoder.tracks.ready, decoder.completed]);
      const {frameCount = 1, repetitionCount = 0} = decoder.tracks.selectedTrack ?? {};
      if (frameCount > 1) return new Animation(decoder, open, frameCount, repetitionCount);
      decoder.close();
    } catch {
      // Its first picture is there all the same.
    }
    return null;
  }

  /** The picture that is due, which is the caller's; null: the one before stays. */
  at(now: number): ImageBitmap | null {
    if (this.next === null || now < this.due) return null;
    const {bitmap, milliseconds} = this.next;
    this.next = null;
    // One that comes late, as after a pause, is not caught up with.
    this.due = (now - this.due < 1000 ? this.due : now) + milliseconds;
    this.decode();
    return bitmap;
  }

  private decode(): void {
    if (this.index === this.count) {
      if (this.rounds++ >= this.repetitions) return;
      this.index = 0;
      this.decoder.close();
      this.decoder = this.open(); // Firefox's gives pictures again that have been closed
    }
    void this.decodeNext(this.index++).catch(() => {}); // a damaged one stands still from there on
  }

  private async decodeNext(frameIndex: number): Promise<void> {
    const {image} = await this.decoder.decode({frameIndex});
    const milliseconds = (image.duration ?? 0) / 1000;
    const bitmap = await createImageBitmap(image).finally(() => image.close());
    const scaled = await scaledDown(bitmap);
    if (this.closed) return scaled.close();
    this.next = {bitmap: scaled, milliseconds: milliseconds < shortest ? usual : milliseconds};
  }

  close(): void {
    this.closed = true;
    this.next?.bitmap.close();
    this.decoder.close();
  }
}
