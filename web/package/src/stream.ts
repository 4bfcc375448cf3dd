// Frames in, frames out, in the worker. The newest frame wins: what comes while one is worked on replaces what waits.
import type {Engine} from './engine.js';
import type {BackendName} from './gpu/backend.js';
import {InputSize, Times} from './options.js';
import {bitmapOf, contextOf, hiddenCanvas, isVideoFrame, Picture, sizeOf, timestampOf} from './picture.js';

/** What happened since the last report, about once a second while frames come. */
export interface Stats {
  /** Frames put out a second. */
  fps: number;
  /** Frames put out in this report. */
  frames: number;
  /** Frames of the source in the same time that got no mask because a newer one was there. */
  skipped: number;
  /** Frames that could not be processed and showed the background alone, in this report. */
  failures: number;
  /** Milliseconds of a frame from the source's memory to the output's: the stages below and copies. */
  total: number;
  /** The stages' means, in milliseconds. */
  times: Times;
  width: number;
  height: number;
  inputSize: InputSize;
  /** @deprecated the name of `inputSize` in version 0.1. */
  density: InputSize;
  threads: number;
  /** Where frames are drawn: by the GPU, by the GPU with the network on the CPU, or by the CPU. */
  backend: BackendName;
  /** Why there. */
  backendReason: string;
}

export type StreamEvent =
  | {event: 'stats'; stats: Stats}
  | {event: 'source'} // its first frame is there
  | {event: 'first'}
  | {event: 'failure'; message: string}
  | {event: 'end'}
  | {event: 'picture'; picture: Picture};

const reportInterval = 1000;

export class Stream {
  private reader: ReadableStreamDefaultReader<VideoFrame> | null = null;
  private writer: WritableStreamDefaultWriter<VideoFrame> | null = null;
  private waiting: {picture: Picture; timestamp: number} | null = null;
  private running = false;
  private held = false;
  private passing = false; // frames leave as they came
  private interval = 0; // milliseconds between frames at least
  private due = 0; // when the next frame may be taken
  private masked = false; // there was a mask
  private told = false; // ... and the page knows
  private dead = false; // the module gave up: nothing but black leaves from then on
  private last = {timestamp: 0, at: 0}; // the last frame's, and when it was put out
  private sum = emptySum();

  /** showPictures: send them to the page, too. exclusive: runs one task of the worker at a time. */
  constructor(
    private readonly engine: Engine,
    private readonly exclusive: <Result>(task: () => Promise<Result>) => Promise<Result>,
    private readonly emit: (event: StreamEvent, transfer?: Transferable[]) => void,
    private readonly showPictures: boolean,
  ) {}

  writeTo(writable: WritableStream<VideoFrame>): void {
    this.writer = writable.getWriter();
    this.writer.closed.catch(() => {}).then(() => this.end());
  }

  /** Takes over from whatever was read before. */
  async readFrom(readable: ReadableStream<VideoFrame>): Promise<void> {
    const reader = readable.getReader();
    void this.reader?.cancel().catch(() => {});
    this.reader = reader;
    this.dropWaiting();
    for (let frames = 0; this.reader === reader; ++frames) {
      const {done, value} = await reader.read().catch(() => ({done: true as const, value: undefined}));
      if (this.reader !== reader) value?.close();
      else if (done) this.end();
      else {
        if (frames === 0) this.emit({event: 'source'});
        this.push(value, timestampOf(value));
      }
    }
  }

  /** Whether the picture is taken. */
  push(picture: Picture, timestamp: number): boolean {
    if (this.waiting !== null) this.sum.skipped += 1;
    this.dropWaiting();
    const now = performance.now();
    if (this.held || now < this.due) {
      picture.close();
      return false;
    }
    // Cameras are not exact: a frame that comes a little early counts as in time.
    if (this.interval > 0) this.due = Math.max(this.due + this.interval, now) - this.interval * 0.1;
    this.waiting = {picture, timestamp};
    if (!this.running) void this.run();
    return true;
  }

  /** Puts out the background alone and takes no frames until release(). */
  async hold(): Promise<void> {
    this.held = true;
    this.dropWaiting();
    await this.exclusive(async () => {
      const timestamp = this.last.timestamp + Math.round(1000 * (performance.now() - this.last.at));
      const picture = this.dead ? null : await this.engine.background(timestamp);
      this.engine.reset();
      if (picture !== null) await this.put(picture);
    });
  }

  release(): void {
    this.held = false;
  }

  /** on: the frames as they come, with the room; off: masked ones from the next on, the first of them cold. */
  passThrough(on: boolean): void {
    if (this.passing && !on) this.engine.reset();
    this.passing = on;
  }

  /** 0: all of them. */
  setMaxFps(frames: number): void {
    this.interval = frames > 0 ? 1000 / frames : 0;
    this.due = 0;
  }

  close(): void {
    const reader = this.reader;
    this.reader = null;
    void reader?.cancel().catch(() => {});
    void this.writer?.close().catch(() => {});
    this.writer = null;
    this.dropWaiting();
  }

  private dropWaiting(): void {
    this.waiting?.picture.close();
    this.waiting = null;
  }

  private end(): void {
    if (this.writer === null && this.reader === null) return;
    this.close();
    this.emit({event: 'end'});
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.waiting !== null) {
      const {picture, timestamp} = this.waiting;
      this.waiting = null;
      const out = await this.exclusive(() => this.handle(picture, timestamp)).catch((error) => {
        this.fail(String(error)); // not even black could be made: a frame without a size
        return null;
      });
      picture.close();
      if (this.held) out?.close(); // it came late, and the background alone is there
      else if (out !== null) await this.put(out);
      if (this.masked && !this.told) this.emit({event: 'first'});
      this.told = this.masked;
    }
    this.running = false;
  }

  private async handle(picture: Picture, timestamp: number): Promise<Picture | null> {
    if (this.held) return null;
    if (this.passing) {
      this.last = {timestamp, at: performance.now()};
      return isVideoFrame(picture) ? picture.clone() : createImageBitmap(picture);
    }
    const start = performance.now();
    let out: Picture;
    try {
      if (this.dead) {
        out = await black(picture);
      } else {
        const composed = await this.engine.compose(picture);
        out = composed.picture;
        if (composed.failure !== null) this.fail(composed.failure);
        else this.masked = true;
      }
    } catch (error) {
      // Not an answer of the engine's: the module itself broke (a trap, no memory) or the browser took the frame away.
      this.fail(String(error));
      this.dead ||= error instanceof WebAssembly.RuntimeError;
      out = await black(picture);
    }
    const total = performance.now() - start;
    if (!this.dead) this.count(total, out);
    this.last = {timestamp, at: performance.now()};
    return out;
  }

  private async put(picture: Picture): Promise<void> {
    if (this.showPictures) {
      const shown = this.writer === null ? picture : (picture as VideoFrame).clone();
      this.emit({event: 'picture', picture: shown}, [shown]);
    }
    if (this.writer !== null) await this.writer.write(picture as VideoFrame).catch(() => picture.close());
  }

  private fail(message: string): void {
    this.sum.failures += 1;
    this.emit({event: 'failure', message});
  }

  private count(total: number, out: Picture): void {
    const {sum} = this;
    const times = this.engine.times();
    sum.frames += 1;
    sum.total += total;
    for (const stage of stages) sum.times[stage] += times[stage];
    const elapsed = performance.now() - sum.since;
    if (elapsed < reportInterval) return;
    for (const stage of stages) sum.times[stage] /= sum.frames;
    const inputSize = this.engine.inputSize(), backend = this.engine.backendInUse();
    this.emit({
      event: 'stats',
      stats: {
        fps: (1000 * sum.frames) / elapsed,
        frames: sum.frames,
        skipped: sum.skipped,
        failures: sum.failures,
        total: sum.total / sum.frames,
        times: sum.times,
        ...sizeOf(out),
        inputSize,
        density: inputSize,
        threads: this.engine.library.threads,
        backend: backend.name,
        backendReason: backend.reason,
      },
    });
    this.sum = emptySum();
  }
}

const stages = ['sample', 'network', 'matte', 'compose'] as const;

function emptySum() {
  const times = {sample: 0, network: 0, matte: 0, compose: 0};
  return {since: performance.now(), frames: 0, skipped: 0, failures: 0, total: 0, times};
}

// For when there is no engine left to draw a background with.
async function black(like: Picture): Promise<Picture> {
  const {width, height} = sizeOf(like), canvas = hiddenCanvas(width, height);
  contextOf(canvas, {alpha: false}).fillRect(0, 0, width, height);
  return isVideoFrame(like) ? new VideoFrame(canvas, {timestamp: timestampOf(like)}) : bitmapOf(canvas);
}
