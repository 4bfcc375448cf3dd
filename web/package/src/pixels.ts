// Brings what browsers call frames into the module's memory, and out of it again.
import {Format, FrameMemory, Library} from './abi.js';
import {ScrimError} from './options.js';
import {Context2D, contextOf, hiddenCanvas, isVideoFrame, Picture, sizeOf} from './picture.js';

const nativeFormats: {[name: string]: Format} = {
  RGBA: Format.RGBA,
  RGBX: Format.RGBA,
  BGRA: Format.BGRA,
  BGRX: Format.BGRA,
  NV12: Format.NV12,
  I420: Format.I420,
};

const isPacked = (format: Format) => format === Format.RGBA || format === Format.BGRA;

// scrim_matrix, or null where the core has none that is meant for sure. A frame that tells nothing is BT.601 of limited
// range: all browsers draw it so. One that tells half of it is drawn differently by each.
function matrixOf({matrix, fullRange}: VideoColorSpace): number | null {
  if (matrix === null) return fullRange === true ? null : 0;
  if (fullRange === null) return null;
  const known: {[name: string]: number} = {smpte170m: 0, bt470bg: 0, bt709: 1};
  return matrix in known ? known[matrix] + (fullRange ? 2 : 0) : null;
}

// What frames with the planes of `matrix` are told to be. Said in full, and BT.601 by the name that all browsers know:
// new frames that tell nothing are taken for BT.709, as bt470bg is in Firefox.
function coloursOf(matrix: number, {primaries, transfer}: VideoColorSpace): VideoColorSpaceInit {
  const name = matrix % 2 === 1 ? 'bt709' : 'smpte170m';
  return {primaries: primaries ?? name, transfer: transfer ?? name, matrix: name, fullRange: matrix >= 2};
}

// The fourth byte of RGBX and BGRX may be anything, and would be taken for alpha.
function makeOpaque(bytes: Uint8Array): void {
  const pixels = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  for (let i = 0; i < pixels.length; ++i) pixels[i] |= 0xff000000;
}

// Against fingerprinting some browsers fill what is read of a canvas with noise (Firefox with resistFingerprinting).
function tellsTruth(context: Context2D): boolean {
  context.fillStyle = '#4080c0';
  context.fillRect(0, 0, 8, 8);
  return context.getImageData(0, 0, 8, 8).data.every((value, i) => Math.abs(value - [0x40, 0x80, 0xc0, 0xff][i % 4]) < 8);
}

function openContext(): Context2D {
  const context = contextOf(hiddenCanvas(8, 8), {willReadFrequently: true});
  if (tellsTruth(context)) return context;
  throw new ScrimError('this browser does not let canvases be read, to hinder fingerprinting; scrim needs that here');
}

export class Pixels {
  private memory: FrameMemory | null = null;
  private cutOut: FrameMemory | null = null;
  private kind: Partial<VideoFrameBufferInit> | null = null; // what else makes a VideoFrame like the last; null: a bitmap
  private readonly refused = new Set<string | null>(); // formats that this browser does not copy
  private context: Context2D | null = null;

  constructor(private readonly library: Library) {
    if (typeof VideoFrame === 'undefined') this.context = openContext(); // nothing goes without it
  }

  /** The last frame's, if there was one; what leaves is made like it. */
  get last(): FrameMemory | null {
    return this.memory;
  }

  /** Makes `last` for frames that have not been read here. */
  expect(width: number, height: number, videoFrames: boolean): void {
    this.kind = videoFrames ? {} : null;
    this.memory = this.fitted('memory', Format.RGBA, width, height);
  }

  /** Good until the next call. One at a time, and meanwhile nothing may move the module's memory. */
  async read(source: Picture): Promise<FrameMemory> {
    if (isVideoFrame(source)) {
      const copied = await this.copyPlanes(source);
      if (copied !== null) return copied;
    }
    const {width, height} = sizeOf(source);
    this.kind = isVideoFrame(source)
      ? {displayWidth: width, displayHeight: height, duration: source.duration ?? undefined}
      : null;
    this.memory = this.fitted('memory', Format.RGBA, width, height);
    this.draw(source, this.memory);
    return this.memory;
  }

  // Null: the frame has to be drawn, because it is turned, or of a format or of colours that the core does not have.
  private async copyPlanes(source: VideoFrame): Promise<FrameMemory | null> {
    const {displayWidth, displayHeight, duration, colorSpace} = source;
    const format = nativeFormats[source.format ?? ''];
    if (format === undefined || this.refused.has(source.format) || source.rotation || source.flip) return null;
    const {x = 0, y = 0, width, height} = source.visibleRect ?? {x: 1, width: 0, height: 0};
    const matrix = isPacked(format) ? 0 : matrixOf(colorSpace);
    if (matrix === null || (!isPacked(format) && (x % 2 !== 0 || y % 2 !== 0))) return null;
    const memory = (this.memory = this.fitted('memory', format, width, height));
    memory.setMatrix(matrix);
    try {
      await source.copyTo(memory.bytes(), {layout: memory.layout});
    } catch (error) {
      // It may be drawn all the same, as WebKit's of some formats. One that is closed may not, and says nothing of others.
      if ((error as Error).name !== 'InvalidStateError') this.refused.add(source.format);
      return null;
    }
    if (source.format!.endsWith('X')) makeOpaque(memory.bytes());
    this.kind = {
      displayWidth, displayHeight, duration: duration ?? undefined,
      colorSpace: !isPacked(format) ? coloursOf(matrix, colorSpace) : colorSpace.matrix === null ? undefined : colorSpace,
    };
    return memory;
  }

  /** By way of a canvas, scaled to the size of `memory`, which is RGBA. */
  draw(source: CanvasImageSource, memory: FrameMemory): void {
    const {width, height} = memory;
    this.context ??= openContext();
    const {canvas} = this.context;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    this.context.globalCompositeOperation = 'copy';
    this.context.drawImage(source, 0, 0, width, height);
    memory.bytes().set(this.context.getImageData(0, 0, width, height).data);
  }

  /** Where the last frame's result goes: over the frame, unless its format has no alpha and the result needs one. */
  output(transparent: boolean): FrameMemory {
    const memory = this.memory!;
    if (!transparent || isPacked(memory.format)) return memory;
    return (this.cutOut = this.fitted('cutOut', Format.RGBA, memory.width, memory.height));
  }

  /** `memory`, as a picture of the last frame's kind. */
  async write(memory: FrameMemory, timestamp: number): Promise<Picture> {
    const {format, width, height, layout} = memory;
    if (this.kind === null) return createImageBitmap(new ImageData(new Uint8ClampedArray(memory.bytes()), width, height));
    return new VideoFrame(memory.bytes() as BufferSource, {
      format: Format[format] as VideoPixelFormat,
      codedWidth: width,
      codedHeight: height,
      layout,
      timestamp,
      ...this.kind,
      colorSpace: memory === this.cutOut ? undefined : this.kind.colorSpace,
    });
  }

  private fitted(which: 'memory' | 'cutOut', format: Format, width: number, height: number): FrameMemory {
    const old = this[which];
    if (old?.holds(format, width, height) === true) return old;
    this[which] = null; // also where there is no memory for another
    old?.free();
    return new FrameMemory(this.library, format, width, height);
  }
}
