// A session with its background, fed with what browsers call frames. Runs in the worker; one call at a time.
import {Format, FrameMemory, Library, ParsedBackground, Session} from './abi.js';
import {Backend, BackendName, SlowGpus} from './gpu/backend.js';
import type {Fit} from './gpu/frame_path.js';
import {Backend as BackendChoice, InputSize, Edges, ScrimError, Times} from './options.js';

/** What comes in and goes out: a frame of a track where the browser has those, else a bitmap. Both are transferable. */
export type Picture = VideoFrame | ImageBitmap;

export interface Settings {
  inputSize?: InputSize;
  edges?: Edges;
  budget?: number; // milliseconds of a frame's stages; 0: none
}

/** `text` is what scrim_parse_background understands; where that is a picture's address, `url` is it in full. */
export type Background = Exclude<ParsedBackground, {kind: 'image'}> | ImageBitmap;
export type BackgroundMessage = {text: string; url: string} | {picture: ImageBitmap};

// Backgrounds are kept as they come; a camera's whole resolution serves nobody behind a frame of 720 rows.
const maxBackgroundSide = 1920;

// RGBX and BGRX are not among them: their fourth byte may be anything, and would be taken for alpha.
const nativeFormats: {[name: string]: Format} = {
  RGBA: Format.RGBA,
  BGRA: Format.BGRA,
  NV12: Format.NV12,
  I420: Format.I420,
};

function isVideoFrame(picture: Picture): picture is VideoFrame {
  return typeof VideoFrame !== 'undefined' && picture instanceof VideoFrame;
}

// scrim_matrix. What a track does not tell is BT.601, as browsers take it.
function matrixOf({matrix, fullRange}: VideoColorSpace): number {
  return (matrix === 'bt709' ? 1 : 0) + (fullRange ? 2 : 0);
}

export class Engine {
  private session!: Session;
  private memory: FrameMemory | null = null;
  private cutOut: FrameMemory | null = null;
  private kind: Partial<VideoFrameBufferInit> | null = null; // what else makes a VideoFrame like the last; null: a bitmap
  private canvas: OffscreenCanvas | null = null;
  private transparent = false;
  private applyBackground: (session: Session) => void = (session) => session.setColor(0, 0, 0);
  private picture: FrameMemory | null = null;
  private parsed: ParsedBackground = {kind: 'color', color: [0, 0, 0]};
  private bitmap: ImageBitmap | null = null; // the background's picture as it came
  private bitmapIsNew = false; // the session does not have it yet
  private last: Pick<Fit, 'frame' | 'external'> | null = null; // what the last frame was like
  private fit: Fit | null = null; // that with all settings; null: something changed
  private drawnByGpu = false; // the last frame

  private constructor(
    readonly library: Library,
    private readonly model: Uint8Array,
    private settings: Settings,
    private backend: Backend,
    private readonly slow?: SlowGpus,
  ) {}

  /** The model may still be on its way: the module loads meanwhile. */
  static async open(
    model: Promise<Uint8Array>,
    settings: Settings,
    threads?: number,
    assets?: string,
    backend: BackendChoice = 'cpu',
    slow?: SlowGpus,
  ): Promise<Engine> {
    const [library, bytes] = await Promise.all([Library.load(threads, assets), model]);
    const engine = new Engine(library, bytes, settings, new Backend(backend, library, bytes, slow), slow);
    try {
      engine.configure(settings);
    } catch (error) {
      engine.close();
      throw error;
    }
    return engine;
  }

  /** Where frames are drawn from now on. */
  setBackend(choice: BackendChoice): void {
    this.backend.close();
    this.backend = new Backend(choice, this.library, this.model, this.slow);
    this.backend.setPicture(this.bitmap);
  }
  /** Where they are, and why. */
  backendInUse(): {name: BackendName; reason: string} {
    const {name, reason} = this.backend;
    return {name, reason};
  }

  close(): void {
    this.backend.close();
  }

  /** Changes what is given. On an error everything stays as it was. */
  configure(settings: Settings): void {
    const wanted = {
      inputSize: settings.inputSize ?? this.settings.inputSize,
      edges: {...this.settings.edges, ...settings.edges},
      budget: settings.budget ?? this.settings.budget,
    };
    const {inputSize, edges, budget} = wanted;
    const session = Session.create(this.library, this.model, inputSize, edges, budget);
    try {
      this.applyBackground(session);
    } catch (error) {
      session.free();
      throw error;
    }
    this.session?.free();
    this.session = session;
    this.settings = wanted;
    this.fit = null;
  }

  /** What useBackground shows. Pictures are fetched here: frames go on meanwhile. */
  async prepare(message: BackgroundMessage, signal: AbortSignal): Promise<Background> {
    if ('picture' in message) return message.picture;
    const parsed = this.library.parseBackground(message.text);
    return parsed.kind === 'image' ? fetchPicture(message.text, message.url, signal) : parsed;
  }

  setBackground(parsed: Background): void {
    if (!('kind' in parsed)) return this.setPicture(parsed);
    switch (parsed.kind) {
      case 'blur':
        this.useBackground((session) => session.setBlur(parsed.strength));
        break;
      case 'color':
        this.useBackground((session) => session.setColor(...parsed.color));
        break;
      case 'transparent':
        this.useBackground((session) => session.setTransparent(), true);
        break;
    }
    this.setBitmap(null);
    this.parsed = parsed;
    this.fit = null;
  }

  private setPicture(bitmap: ImageBitmap): void {
    this.setBitmap(fitted(bitmap));
    if (this.parsed.kind !== 'image') this.fit = null;
    this.parsed = {kind: 'image'};
    if (!this.backend.active) this.showBitmap();
  }

  private setBitmap(bitmap: ImageBitmap | null): void {
    this.bitmap?.close();
    this.bitmap = bitmap;
    this.bitmapIsNew = bitmap !== null;
    this.backend.setPicture(bitmap);
  }

  /** Brings the background's picture to the session: a GPU has it already, and copies of a video's frames cost. */
  private showBitmap(): void {
    const {bitmap} = this;
    if (bitmap === null || !this.bitmapIsNew) return;
    const {width, height} = bitmap;
    const memory =
      this.picture?.holds(Format.RGBA, width, height) === true
        ? this.picture
        : new FrameMemory(this.library, Format.RGBA, width, height);
    this.readByCanvas(bitmap, memory);
    this.useBackground((session) => session.setPicture(memory), false, memory);
    this.bitmapIsNew = false;
  }

  private useBackground(apply: (session: Session) => void, transparent = false, picture: FrameMemory | null = null) {
    try {
      apply(this.session);
    } catch (error) {
      if (picture !== this.picture) picture?.free();
      throw error;
    }
    if (this.picture !== picture) this.picture?.free();
    this.picture = picture;
    this.transparent = transparent;
    this.applyBackground = apply;
  }

  /**
   * The person of `source` before the background, as a picture of the same kind. Does not close `source`. When the
   * engine refuses the frame, `failure` says why and the picture is the background alone.
   */
  async compose(source: Picture): Promise<{picture: Picture; failure: string | null}> {
    let failure: string | null = null;
    const onCpu = async () => {
      const composed = await this.composeOnCpu(source);
      failure = composed.failure;
      return composed.picture;
    };
    const total = () => Object.values(this.session.times()).reduce((sum, stage) => sum + stage, 0);
    const drawn = await this.backend.compose(source, this.fitFor(source), {compose: onCpu, milliseconds: total});
    this.drawnByGpu = drawn !== null && this.backend.active;
    return {picture: drawn ?? (await onCpu()), failure};
  }

  private async composeOnCpu(source: Picture): Promise<{picture: Picture; failure: string | null}> {
    if (this.drawnByGpu) this.session.reset(); // whose last frame was long ago
    this.drawnByGpu = false;
    this.showBitmap();
    const memory = await this.read(source), out = this.outputFor(memory);
    let failure: string | null = null;
    try {
      this.session.process(memory, out);
    } catch (error) {
      if (!(error instanceof ScrimError)) throw error;
      failure = error.message;
    }
    return {picture: await this.write(out, isVideoFrame(source) ? source.timestamp : 0), failure};
  }

  private fitFor(source: Picture): Fit {
    const external = isVideoFrame(source);
    const width = external ? source.displayWidth : source.width;
    const height = external ? source.displayHeight : source.height;
    const {last} = this;
    if (last?.external !== external || last.frame.width !== width || last.frame.height !== height) {
      this.last = {frame: {width, height}, external};
      this.fit = null;
    }
    return this.currentFit(this.last!);
  }

  // Made anew where anything changed.
  private currentFit(last: Pick<Fit, 'frame' | 'external'>): Fit {
    const {inputSize, edges} = this.settings;
    return (this.fit ??= {...last, params: {inputSize, edges}, background: this.parsed});
  }

  /** The background alone, as the last frame was; null before there was one. */
  async background(timestamp: number): Promise<Picture | null> {
    const {last} = this;
    if (last !== null) {
      const drawn = await this.backend.background(timestamp, this.currentFit(last));
      if (drawn !== null) return drawn;
      if (this.memory === null) {
        // No frame has been on the CPU yet.
        this.kind = last.external ? {} : null;
        this.memoryFor(Format.RGBA, last.frame.width, last.frame.height);
      }
    }
    if (this.memory === null) return null;
    this.showBitmap();
    const out = this.outputFor(this.memory);
    this.session.drawBackground(out);
    return this.write(out, timestamp);
  }

  async segment(source: Picture): Promise<{width: number; height: number; data: Uint8Array}> {
    const memory = await this.read(source);
    return {width: memory.width, height: memory.height, data: this.session.segment(memory)};
  }

  /** The next picture has nothing to do with the last one. */
  reset(): void {
    this.session.reset();
    this.backend.reset();
  }
  inputSize(): InputSize {
    return this.drawnByGpu ? this.backend.networkSize() : this.session.inputSize();
  }
  times(): Times {
    return this.drawnByGpu ? this.backend.times() : this.session.times();
  }

  private async read(source: Picture): Promise<FrameMemory> {
    if (!isVideoFrame(source)) {
      this.kind = null;
      const memory = this.memoryFor(Format.RGBA, source.width, source.height);
      this.readByCanvas(source, memory);
      return memory;
    }
    const {displayWidth, displayHeight, duration, colorSpace} = source;
    const format = nativeFormats[source.format ?? ''];
    const isPacked = format === Format.RGBA || format === Format.BGRA;
    const {x = 0, y = 0, width, height} = source.visibleRect ?? {x: 1, width: 0, height: 0};
    const upright = !source.rotation && !source.flip;
    if (format !== undefined && upright && (isPacked || (x % 2 === 0 && y % 2 === 0))) {
      this.kind = {displayWidth, displayHeight, duration: duration ?? undefined, colorSpace};
      const memory = this.memoryFor(format, width, height);
      memory.setMatrix(matrixOf(colorSpace));
      await source.copyTo(memory.bytes(), {layout: memory.layout});
      return memory;
    }
    this.kind = {displayWidth, displayHeight, duration: duration ?? undefined};
    const memory = this.memoryFor(Format.RGBA, displayWidth, displayHeight);
    this.readByCanvas(source, memory);
    return memory;
  }

  private readByCanvas(source: Picture, memory: FrameMemory): void {
    const {width, height} = memory;
    if (this.canvas === null) this.canvas = new OffscreenCanvas(width, height);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const context = this.canvas.getContext('2d', {willReadFrequently: true})!;
    context.globalCompositeOperation = 'copy';
    context.drawImage(source, 0, 0, width, height);
    memory.bytes().set(context.getImageData(0, 0, width, height).data);
  }

  private async write(memory: FrameMemory, timestamp: number): Promise<Picture> {
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

  private memoryFor(format: Format, width: number, height: number): FrameMemory {
    return (this.memory = this.fitted('memory', format, width, height));
  }

  // Where the frame's own format has no alpha, what is cut out needs another.
  private outputFor(memory: FrameMemory): FrameMemory {
    if (!this.transparent || memory.format === Format.RGBA || memory.format === Format.BGRA) return memory;
    return (this.cutOut = this.fitted('cutOut', Format.RGBA, memory.width, memory.height));
  }

  private fitted(which: 'memory' | 'cutOut', format: Format, width: number, height: number): FrameMemory {
    const old = this[which];
    if (old?.holds(format, width, height) === true) return old;
    this[which] = null; // also where there is no memory for another
    old?.free();
    return new FrameMemory(this.library, format, width, height);
  }
}

// No larger than backgrounds are kept.
function fitted(bitmap: ImageBitmap): ImageBitmap {
  const scale = Math.min(1, maxBackgroundSide / Math.max(bitmap.width, bitmap.height));
  if (scale === 1) return bitmap;
  const width = Math.max(1, Math.round(bitmap.width * scale)), height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')!.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return canvas.transferToImageBitmap();
}

// Somebody waits for the picture of a background, while the old one stays.
const pictureTimeout = 30_000;

async function fetchPicture(name: string, url: string, signal: AbortSignal): Promise<ImageBitmap> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), pictureTimeout);
  const abort = () => timeout.abort();
  signal.addEventListener('abort', abort);
  let bytes: ArrayBuffer;
  try {
    bytes = await fetchBytes(`background ${name}`, url, timeout.signal);
  } catch (error) {
    if (signal.aborted) throw new ScrimError(`background ${name}: another one was asked for before it was there`);
    if (timeout.signal.aborted) throw new ScrimError(`background ${name}: ${url} did not come within 30 seconds`);
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
  try {
    return await createImageBitmap(new Blob([bytes]));
  } catch {
    throw new ScrimError(`background ${name}: not a picture that this browser can read`);
  }
}

/** `what` begins the message where that fails. */
export async function fetchBytes(what: string, url: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  let response: Response;
  try {
    response = await fetch(url, {signal});
    if (response.ok) return await response.arrayBuffer();
  } catch {
    throw new ScrimError(`${what}: cannot be fetched from ${url}; a server of another origin must allow it (CORS)`);
  }
  throw new ScrimError(`${what}: ${url} answers ${response.status}`);
}
