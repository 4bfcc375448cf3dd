// Which of three ways a frame goes: all on the GPU, its network on the CPU, or all on the CPU; and why.
import type {Library} from '../abi.js';
import type {Backend as BackendChoice} from '../options.js';
import type {Picture} from '../picture.js';
import {Gpu, openGpu} from './device.js';
import {Fit, FramePath} from './frame_path.js';
import {Plans} from './plans.js';

export type BackendName = 'gpu' | 'gpu+cpu' | 'cpu';

/** What the engine does on the CPU, for the trial of a GPU. */
export interface Rival {
  compose(): Promise<Picture>;
  /** Milliseconds that the last compose took. */
  milliseconds(): number;
}

/** GPUs that were slower than the CPU here: a trial's result that is kept. */
export interface SlowGpus {
  /** The last one; null: none. */
  readonly last: string | null;
  keep(gpu: string): void;
}

// A trial compares so many frames, the first of which are not timed.
const trialFrames = 8, warmUp = 3;
// Mean differences, of 255, from which on a GPU is taken to be wrong. Masks of an int8 network are less than 1 from
// those of the same weights in floats, 64×36 pixels of what leaves well below 2.
const maskTolerance = 4, pictureTolerance = 8;

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
const ms = (value: number) => `${value.toFixed(1)} ms`;

export class Backend {
  name: BackendName = 'cpu';
  reason: string;
  private path: FramePath | null = null;
  private key = ''; // of its GPU
  private fitted: Fit | null = null; // what the path is prepared for
  private bitmap: ImageBitmap | null = null;
  private trial: {gpu: number[]; cpu: number[]} | null = null;
  private preparing = false;
  private compared = false; // the network's masks with the CPU's
  private closed = false;
  private readonly opened: Promise<void>;

  constructor(
    readonly wanted: BackendChoice,
    private readonly library: Library,
    private readonly model: Uint8Array,
    private readonly slow: SlowGpus = {last: null, keep() {}},
  ) {
    this.reason = wanted === 'cpu' ? 'it was asked for' : 'the GPU is not ready yet';
    this.opened = wanted === 'cpu' ? Promise.resolve() : this.open();
  }

  private async open(): Promise<void> {
    const gpu = await openGpu();
    if (typeof gpu === 'string') this.reason = gpu;
    else if (this.closed) gpu.device.destroy();
    else if (this.wanted === 'auto' && gpu.software) {
      this.reason = `WebGPU is drawn by the CPU here (${gpu.name})`;
      gpu.device.destroy();
    } else if (this.wanted === 'auto' && this.slow.last === this.keyOf(gpu)) {
      this.reason = `it was faster than the GPU when both were tried here (${gpu.name})`;
      gpu.device.destroy();
    } else this.use(gpu);
  }

  // What decides which is faster: another one is tried again.
  private keyOf({name}: Gpu): string {
    return [name, this.model.length, navigator.userAgent].join('; ');
  }

  private use(gpu: Gpu): void {
    try {
      this.path = new FramePath(gpu, new Plans(this.library, this.model), true);
      this.key = this.keyOf(gpu);
    } catch (error) {
      gpu.device.destroy();
      this.leave(String(error));
    }
    if (this.bitmap !== null) this.path?.setPicture(this.bitmap);
  }

  /** Takes the GPU out, for good. */
  private leave(why: string): void {
    this.path?.destroy();
    this.path = this.fitted = null;
    this.name = 'cpu';
    this.reason = why;
  }

  /** The picture of the background, which stays the caller's and is read before another comes. */
  setPicture(bitmap: ImageBitmap | null): void {
    this.bitmap = bitmap;
    if (bitmap !== null) this.guard(() => this.path?.setPicture(bitmap));
  }

  private guard(body: () => void): void {
    try {
      body();
    } catch (error) {
      this.leave(messageOf(error));
    }
  }

  /** Whether frames of this kind come from the GPU. */
  get active(): boolean {
    return this.path !== null && this.name !== 'cpu';
  }

  networkSize() {
    return this.path!.networkSize;
  }
  times() {
    return this.path!.times;
  }
  reset(): void {
    this.path?.reset();
  }

  /**
   * The frame, drawn by the GPU, or null: the CPU has to. `rival` draws it there, and where it was asked that is the
   * answer; afterwards the GPU may have been given up, but no frame has been lost.
   */
  async compose(source: Picture, fit: Fit, rival: Rival): Promise<Picture | null> {
    if (this.wanted === 'gpu') await this.opened;
    if (this.path === null) return null;
    try {
      if (this.wanted === 'gpu' || this.name !== 'cpu') {
        if (this.fitted !== fit) await this.prepare(this.path, fit);
        const doubtful = !this.compared && this.path.halves && this.path.ownNetwork;
        if (doubtful && (await this.compareMasks(this.path, source, fit)) === null) return null;
        return await this.path.compose(source, fit);
      }
      if (this.fitted === fit) return await this.tryOut(this.path, source, fit, rival);
      if (!this.preparing) {
        this.preparing = true; // frames are drawn by the CPU meanwhile
        void this.prepare(this.path, fit)
          .catch((error: unknown) => this.leave(messageOf(error)))
          .finally(() => (this.preparing = false));
      }
      return null;
    } catch (error) {
      this.leave(this.path?.failure ?? (messageOf(error)));
      return null;
    }
  }

  private async prepare(path: FramePath, fit: Fit): Promise<void> {
    if (path.ownNetwork) {
      const unsupported = path.unsupported(fit);
      if (unsupported.length > 0) {
        path.ownNetwork = false;
        this.reason = `the GPU does not run ${unsupported.join('; ')}`;
      }
    }
    await path.prepare(fit);
    this.fitted = fit;
    if (this.wanted === 'gpu' && this.name === 'cpu') {
      this.enter(path, path.ownNetwork ? 'it was asked for' : this.reason);
    }
  }

  private enter(path: FramePath, why: string): void {
    this.name = path.ownNetwork ? 'gpu' : 'gpu+cpu';
    this.reason = why;
    this.trial = null;
  }

  // Values that are too large for halves may be right as floats. Null: the GPU has been given up.
  private async compareMasks(path: FramePath, source: Picture, fit: Fit): Promise<{gpu: number; cpu: number} | null> {
    let compared = await path.compare(source, fit);
    if (path.halves && !(255 * compared.mean <= maskTolerance)) {
      path.halves = false;
      await path.prepare(fit);
      compared = await path.compare(source, fit);
    }
    this.compared = true;
    if (255 * compared.mean <= maskTolerance) return compared;
    this.leave(`the GPU's masks differ from the CPU's, by ${(255 * compared.mean).toFixed(1)} of 255`);
    return null;
  }

  // Both draw; what the CPU drew leaves.
  private async tryOut(path: FramePath, source: Picture, fit: Fit, rival: Rival): Promise<Picture | null> {
    if (this.trial === null) {
      this.trial = {gpu: [], cpu: []};
      if (path.ownNetwork) {
        const times = await this.compareMasks(path, source, fit);
        if (times === null) return null;
        const {gpu, cpu} = times;
        if (gpu > 1.5 * cpu) { // its time has the sampling in it, the other does not
          path.ownNetwork = false;
          this.reason = `the GPU takes ${ms(gpu)} for the network, the CPU ${ms(cpu)}`;
          this.fitted = null; // it is prepared for that with the next frame
          return null;
        }
      }
    }
    const expected = await rival.compose();
    const drawn = await path.compose(source, fit).catch((error: unknown) => error as Error);
    if (drawn instanceof Error) {
      this.leave(path.failure ?? drawn.message);
      return expected;
    }
    const difference = meanDifference(expected, drawn);
    drawn.close();
    const {gpu, cpu} = this.trial;
    const milliseconds = await path.finished();
    gpu.push(milliseconds);
    cpu.push(rival.milliseconds());
    if (gpu.length === warmUp && !(difference <= pictureTolerance)) {
      this.leave(`the GPU's pictures differ from the CPU's, by ${difference.toFixed(1)} of 255`);
    } else if (gpu.length >= trialFrames) {
      const [mine, theirs] = [median(gpu.slice(warmUp)), median(cpu.slice(warmUp))];
      const why = `a frame takes ${ms(mine)} on the GPU, ${ms(theirs)} on the CPU`;
      if (mine <= theirs) this.enter(path, path.ownNetwork ? why : `${this.reason}; ${why}`);
      else {
        this.leave(why);
        this.slow.keep(this.key);
      }
    }
    return expected;
  }

  /** The background alone, drawn by the GPU; null: the CPU has to. */
  async background(timestamp: number, fit: Fit): Promise<Picture | null> {
    if (!this.active) return null;
    try {
      if (this.fitted !== fit) await this.prepare(this.path!, fit);
      return await this.path!.alone(timestamp, fit);
    } catch (error) {
      this.leave(this.path?.failure ?? String(error));
      return null;
    }
  }

  close(): void {
    this.closed = true;
    this.leave('closed');
  }
}

// Of two pictures, seen from afar.
function meanDifference(a: Picture, b: Picture): number {
  const pixels = (picture: Picture) => {
    const context = new OffscreenCanvas(64, 36).getContext('2d', {willReadFrequently: true})!;
    context.drawImage(picture, 0, 0, 64, 36);
    return context.getImageData(0, 0, 64, 36).data;
  };
  const mine = pixels(a), theirs = pixels(b);
  return mine.reduce((sum, value, i) => sum + Math.abs(value - theirs[i]), 0) / mine.length;
}
