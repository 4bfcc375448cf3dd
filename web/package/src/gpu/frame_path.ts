// A frame's whole way on the GPU: in as an external texture, out through a canvas. Where the network stays on the CPU,
// its input is read back and its mask goes up again; else nothing is.
import type {Params, ParsedBackground} from '../abi.js';
import {InputSize, ScrimError} from '../options.js';
import {isVideoFrame, Picture, timestampOf} from '../picture.js';
import type {Gpu} from './device.js';
import {Executor, Pictures} from './executor.js';
import {Kind, PlanOptions, Plans} from './plans.js';

/** A plan's executor, kept while nothing changes that it was made of. */
interface Slot {
  key: string;
  executor: Executor;
}

export interface Fit {
  frame: InputSize;
  external: boolean;
  params: Params;
  background: ParsedBackground;
}

export class FramePath {
  /** Why the GPU cannot be used any more; null: it can. */
  failure: string | null = null;
  /** Milliseconds of the last frame: until its mask's input was read back, of the network on the CPU, of the rest. */
  readonly times = {sample: 0, network: 0, matte: 0, compose: 0};
  networkSize: InputSize = {width: 0, height: 0};
  /** Whether the network's values and weights are halves. */
  halves: boolean;

  private readonly device: GPUDevice;
  private readonly slots: Partial<Record<keyof typeof Kind, Slot>> = {};
  private readonly canvas = new OffscreenCanvas(1, 1);
  private readonly context = this.canvas.getContext('webgpu') as GPUCanvasContext;
  private settings: {cold: boolean | null} = {cold: null}; // what the buffer holds; null: not known
  private cold = true;
  private transparent = false;
  private maskUp: GPUBuffer | null = null; // of a network on the CPU
  private back: GPUBuffer | null = null; // for reading
  private source: GPUTexture | null = null; // of frames that are no external textures
  private picture: GPUTexture | null = null; // the background as it came
  private covering: {texture: GPUTexture; fresh: boolean} | null = null; // the same, of the frame's size; fresh: drawn
  private done: Promise<unknown> = Promise.resolve();
  private readonly waiting = new Set<(error: ScrimError) => void>();

  constructor(
    gpu: Gpu,
    private readonly plans: Plans,
    /** Whether the GPU runs the network, too. */
    public ownNetwork: boolean,
  ) {
    this.device = gpu.device;
    this.halves = gpu.halves;
    void this.device.lost.then(({message}) => this.fail(`the GPU was lost${message === '' ? '' : `: ${message}`}`));
    this.device.onuncapturederror = ({error}) => this.fail(error.message.split('\n')[0]);
  }

  private fail(why: string): void {
    this.failure ??= why;
    for (const reject of this.waiting) reject(new ScrimError(this.failure));
  }

  /**
   * Rejects where the GPU has failed, so that nobody waits for what it will never do. Not Promise.race: a promise that
   * stays open, as that of a device's loss does, would keep what was hung on it for every frame.
   */
  private async live<Result>(promise: Promise<Result>): Promise<Result> {
    let failed: (error: ScrimError) => void;
    const result = await new Promise<Result>((resolve, reject) => {
      this.waiting.add((failed = reject));
      promise.then(resolve, reject);
      if (this.failure !== null) reject(new ScrimError(this.failure));
    }).finally(() => this.waiting.delete(failed));
    if (this.failure !== null) throw new ScrimError(this.failure);
    return result;
  }

  /** The nodes that the GPU's kernels cannot run, with the reasons; empty: none. */
  unsupported({params, frame}: Fit): string[] {
    return this.plans.make(Kind.network, params, this.options({params, frame} as Fit)).plan.unsupported;
  }

  private options({frame, external, params, background}: Fit): PlanOptions {
    const network = this.plans.networkSize(params, frame);
    return {frame, network, external, halves: this.halves, background: background ?? {kind: 'transparent'}};
  }

  /** Compiles what frames of this kind need, where it is not there yet. */
  async prepare(fit: Fit): Promise<void> {
    const {frame, params, background} = fit;
    const options = this.options(fit), {network} = options;
    this.networkSize = network;
    const networkKey = JSON.stringify({...network, halves: this.halves});
    const own = this.ownNetwork ? (await this.slot('network', fit, networkKey)).named() : null;
    const inputKey = JSON.stringify({...options, background: null, params, own: this.ownNetwork});
    const shared = (await this.slot('input', fit, inputKey, own === null ? {} : {input: own.input})).named();
    shared.mask = own?.output ?? this.uploaded(network, shared.input.size);
    const key = JSON.stringify({...options, params, own: this.ownNetwork});
    await this.slot('picture', fit, key, shared);
    await this.slot('alone', fit, key);
    if (background.kind === 'image') await this.slot('cover', fit, JSON.stringify(frame));
    this.transparent = background.kind === 'transparent';
    const alphaMode = this.transparent ? 'premultiplied' : 'opaque';
    if (this.canvas.width !== frame.width || this.canvas.height !== frame.height) {
      this.canvas.width = frame.width;
      this.canvas.height = frame.height;
    }
    const usage = GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.RENDER_ATTACHMENT;
    this.context.configure({device: this.device, format: 'rgba8unorm', usage, alphaMode});
    if (this.failure !== null) throw new ScrimError(this.failure);
  }

  /** Buffers for a network on the CPU: where its mask goes up; its input comes down through `back`. */
  private uploaded({width, height}: InputSize, inputBytes: number): GPUBuffer {
    const {STORAGE, COPY_DST, MAP_READ} = GPUBufferUsage;
    const size = 4 * width * height;
    if (this.maskUp?.size !== size || this.back?.size !== inputBytes) {
      this.maskUp?.destroy();
      this.back?.destroy();
      this.maskUp = this.device.createBuffer({size, usage: STORAGE | COPY_DST});
      this.back = this.device.createBuffer({size: inputBytes, usage: COPY_DST | MAP_READ});
    }
    return this.maskUp;
  }

  // Plans share buffers with those before them, and are made anew with them.
  private async slot(
    name: keyof typeof Kind,
    fit: Fit,
    key: string,
    shared: {[name: string]: GPUBuffer} = {},
  ): Promise<Executor> {
    const old = this.slots[name];
    if (old?.key === key) return old.executor;
    const {plan, constants} = this.plans.make(Kind[name], fit.params, this.options(fit));
    if (plan.unsupported.length > 0) throw new ScrimError(plan.unsupported.join('; '));
    const executor = await this.live(Executor.create(this.device, plan, constants, shared));
    old?.executor.destroy();
    const order = ['network', 'input', 'picture'] as const, place = order.indexOf(name as 'input');
    if (place >= 0) {
      for (const later of order.slice(place + 1)) {
        this.slots[later]?.executor.destroy();
        delete this.slots[later];
      }
    }
    if (name === 'input') {
      this.settings.cold = null;
      this.cold = true;
    }
    this.slots[name] = {key, executor};
    return executor;
  }

  /** The picture of a background of that kind; stays the caller's. */
  setPicture(bitmap: ImageBitmap): void {
    const {width, height} = bitmap;
    if (this.picture?.width !== width || this.picture?.height !== height) {
      this.picture?.destroy();
      const {TEXTURE_BINDING, COPY_DST, RENDER_ATTACHMENT} = GPUTextureUsage;
      this.picture = this.device.createTexture({
        size: [width, height],
        format: 'rgba8unorm',
        usage: TEXTURE_BINDING | COPY_DST | RENDER_ATTACHMENT,
      });
    }
    this.device.queue.copyExternalImageToTexture({source: bitmap}, {texture: this.picture}, [width, height]);
    if (this.covering !== null) this.covering.fresh = false;
  }

  /** The background picture at the frame's size, made where it is not there. */
  private background({frame, background}: Fit): GPUTextureView | undefined {
    if (background.kind !== 'image' || this.picture === null) return undefined;
    const {width, height} = frame;
    if (this.covering?.texture.width !== width || this.covering.texture.height !== height) {
      this.covering?.texture.destroy();
      const usage = GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.STORAGE_BINDING;
      const texture = this.device.createTexture({size: [width, height], format: 'rgba8unorm', usage});
      this.covering = {texture, fresh: false};
    }
    const {texture, fresh} = this.covering;
    if (!fresh) {
      const pictures: Pictures = [undefined, this.picture.createView(), texture.createView()];
      this.pass((pass) => this.slots.cover!.executor.record(pass, pictures));
      this.covering.fresh = true;
    }
    return texture.createView();
  }

  private frameResource(source: Picture, {external, frame}: Fit): GPUBindingResource {
    if (external) return this.device.importExternalTexture({source: source as VideoFrame});
    if (this.source?.width !== frame.width || this.source.height !== frame.height) {
      this.source?.destroy();
      const {TEXTURE_BINDING, COPY_DST, RENDER_ATTACHMENT} = GPUTextureUsage;
      this.source = this.device.createTexture({
        size: [frame.width, frame.height],
        format: 'rgba8unorm',
        usage: TEXTURE_BINDING | COPY_DST | RENDER_ATTACHMENT,
      });
    }
    const size = [frame.width, frame.height];
    this.device.queue.copyExternalImageToTexture({source: source as ImageBitmap}, {texture: this.source}, size);
    return this.source.createView();
  }

  private pass(
    record: (pass: GPUComputePassEncoder) => void,
    after: (encoder: GPUCommandEncoder) => void = () => {},
  ): void {
    const encoder = this.device.createCommandEncoder(), pass = encoder.beginComputePass();
    record(pass);
    pass.end();
    after(encoder);
    this.device.queue.submit([encoder.finish()]);
  }

  /** Draws the frame; `prepare` has seen its kind. What comes back is of its kind, too, and the caller's. */
  async compose(source: Picture, fit: Fit): Promise<Picture> {
    await this.live(this.done); // one frame's work is under way at most
    const start = performance.now();
    const {input, network, picture} = this.slots;
    if (this.settings.cold !== this.cold) {
      this.tellCold(this.cold);
    }
    const background = this.background(fit);
    const draw = (pass: GPUComputePassEncoder, frame: GPUBindingResource) =>
      picture!.executor.record(pass, [frame, background, this.context.getCurrentTexture().createView()]);
    if (this.ownNetwork) {
      const frame = this.frameResource(source, fit);
      this.pass((pass) => {
        input!.executor.record(pass, [frame]);
        network!.executor.record(pass);
        draw(pass, frame);
      });
      this.times.sample = this.times.network = 0;
    } else {
      await this.networkOnCpu(source, fit, start);
      const frame = this.frameResource(source, fit);
      this.pass((pass) => draw(pass, frame));
    }
    const out = isVideoFrame(source) ? this.output(timestampOf(source), source.duration) : this.output(null, null);
    this.cold = false;
    const submitted = performance.now();
    this.done = this.device.queue.onSubmittedWorkDone().then(() => {
      this.times.compose = performance.now() - (this.ownNetwork ? start : submitted);
    });
    this.done.catch(() => {});
    if (this.failure === null) return out;
    out.close();
    throw new ScrimError(this.failure);
  }

  private tellCold(cold: boolean): void {
    const settings = this.slots.input!.executor.buffer('settings');
    this.device.queue.writeBuffer(settings, 0, new Float32Array([Number(cold), 0, 0, 0]));
    this.settings.cold = cold;
  }

  private async networkOnCpu(source: Picture, fit: Fit, start: number): Promise<void> {
    const {executor} = this.slots.input!, back = this.back!;
    const frame = this.frameResource(source, fit);
    this.pass(
      (pass) => executor.record(pass, [frame]),
      (encoder) => encoder.copyBufferToBuffer(executor.buffer('input'), 0, back, 0, back.size),
    );
    const shown = await this.read(back);
    const read = performance.now();
    const mask = this.plans.runNetwork(this.networkSize, shown);
    this.times.sample = read - start;
    this.times.network = performance.now() - read;
    this.device.queue.writeBuffer(this.maskUp!, 0, mask as Float32Array<ArrayBuffer>);
  }

  private async read(buffer: GPUBuffer): Promise<Float32Array> {
    await this.live(buffer.mapAsync(GPUMapMode.READ));
    const floats = new Float32Array(buffer.getMappedRange().slice(0));
    buffer.unmap();
    return floats;
  }

  // timestamp null: a bitmap.
  private output(timestamp: number | null, duration: number | null): Picture {
    if (timestamp === null) return this.canvas.transferToImageBitmap();
    const alpha = this.transparent ? 'keep' : 'discard';
    return new VideoFrame(this.canvas, {timestamp, duration: duration ?? undefined, alpha});
  }

  /** Waits for the last frame: the milliseconds from its coming until the GPU was done. */
  async finished(): Promise<number> {
    await this.live(this.done);
    const {sample, network, compose} = this.times;
    return sample + network + compose;
  }

  /** The background alone, of the last frame's size. */
  async alone(timestamp: number, fit: Fit): Promise<Picture> {
    await this.live(this.done);
    const background = this.background(fit);
    this.pass((pass) =>
      this.slots.alone!.executor.record(pass, [undefined, background, this.context.getCurrentTexture().createView()]),
    );
    return this.output(fit.external ? timestamp : null, null);
  }

  /**
   * Runs the network on a frame, here and on the CPU: how far the two masks are apart (mean and most, 0 to 1), and the
   * milliseconds that each took, reading back included.
   */
  async compare(source: Picture, fit: Fit): Promise<{mean: number; most: number; gpu: number; cpu: number}> {
    const {input, network} = this.slots;
    const mask = network!.executor.buffer('output'), shown = input!.executor.buffer('input');
    const {COPY_DST, MAP_READ} = GPUBufferUsage;
    const usage = COPY_DST | MAP_READ;
    const [maskBack, shownBack] = [mask, shown].map(({size}) => this.device.createBuffer({size, usage}));
    try {
      this.tellCold(true);
      let start = 0;
      for (let run = 0; run < 2; ++run) { // the first one warms up
        start = performance.now();
        const frame = this.frameResource(source, fit);
        this.pass(
          (pass) => {
            input!.executor.record(pass, [frame]);
            network!.executor.record(pass);
          },
          (encoder) => encoder.copyBufferToBuffer(mask, 0, maskBack, 0, mask.size),
        );
        await this.live(this.device.queue.onSubmittedWorkDone());
      }
      const gpu = performance.now() - start;
      this.pass(() => {}, (encoder) => encoder.copyBufferToBuffer(shown, 0, shownBack, 0, shown.size));
      const [here, given] = [await this.read(maskBack), await this.read(shownBack)];
      this.plans.runNetwork(this.networkSize, given);
      start = performance.now();
      const there = this.plans.runNetwork(this.networkSize, given);
      const cpu = performance.now() - start;
      let sum = 0, most = 0;
      there.forEach((value, i) => {
        const difference = Math.abs(value - here[i]);
        sum += difference;
        most = difference <= most ? most : difference;
      });
      return {mean: sum / there.length, most, gpu, cpu};
    } finally {
      maskBack.destroy();
      shownBack.destroy();
      this.cold = true;
    }
  }

  /** The next frame has nothing to do with the last one. */
  reset(): void {
    this.cold = true;
  }

  destroy(): void {
    this.fail('closed'); // whoever still waits gives up
    this.device.destroy();
    this.plans.free();
  }
}
