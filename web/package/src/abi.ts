// The C ABI of scrim.h as objects. Runs where the WebAssembly module runs: in the worker. Struct offsets are those that
// bindings/wasm/module.cc asserts.
import {InputSize, Edges, ScrimError, Times} from './options.js';

interface WasmModule {
  HEAPU8: Uint8Array;
  HEAP32: Int32Array;
  HEAPU32: Uint32Array;
  HEAPF32: Float32Array;
  HEAPF64: Float64Array;
  UTF8ToString(address: number): string;
  _malloc(size: number): number;
  _free(address: number): void;
  _scrim_version(): number;
  _scrim_last_error(): number;
  _scrim_params_init(params: number, size: number): number;
  _scrim_create_from_memory(bytes: number, size: number, params: number, out: number): number;
  _scrim_free(session: number): void;
  _scrim_set_background_color(session: number, red: number, green: number, blue: number): number;
  _scrim_set_background_blur(session: number, strength: number): number;
  _scrim_set_background_image(session: number, frame: number): number;
  _scrim_set_background_transparent(session: number): number;
  _scrim_set_background_room(session: number): number;
  _scrim_set_hair_color(session: number, red: number, green: number, blue: number, strength: number): number;
  _scrim_set_skin_smoothing(session: number, strength: number): number;
  _scrim_get_plane_name(session: number, index: number): number;
  _scrim_want_plane(session: number, plane: number, want: number): number;
  _scrim_get_plane_alpha(
    session: number, plane: number, width: number, height: number, alpha: number, stride: number): number;
  _scrim_parse_background(text: number, out: number): number;
  _scrim_process(session: number, input: number, output: number): number;
  _scrim_draw_background(session: number, output: number): number;
  _scrim_segment(session: number, input: number, alpha: number, stride: number): number;
  _scrim_reset(session: number): void;
  _scrim_get_input_size(session: number, width: number, height: number): void;
  _scrim_get_times(session: number, times: number, size: number): number;
  _scrim_gpu_open(model: number, size: number): number;
  _scrim_gpu_free(gpu: number): void;
  _scrim_gpu_network_size(gpu: number, params: number, width: number, height: number, size: number): void;
  _scrim_gpu_plan(gpu: number, which: number, params: number, options: number): number;
  _scrim_gpu_constants(gpu: number): number;
  _scrim_gpu_constants_size(gpu: number): number;
  _scrim_gpu_run_network(gpu: number, threads: number, width: number, height: number, input: number, mask: number): number;
}

// (func (result v128) i32.const 0 i8x16.splat i8x16.popcnt): refused by engines without SIMD.
const simdProbe = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

/** Why scrim cannot run here, or null where it can. */
export function whyUnsupported(): string | null {
  if (typeof WebAssembly === 'undefined') return 'this browser has no WebAssembly, which scrim needs';
  if (!WebAssembly.validate(simdProbe)) {
    return 'this browser has no WebAssembly SIMD, which scrim needs: Chrome 91, Firefox 89, Safari 16.4 or later';
  }
  return null;
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n')[0].replace(/^Aborted\((.*)\)\.? .*$/, '$1');
}

/** How many threads `wanted` really gives here. */
export function threadsHere(wanted?: number): number {
  if (!globalThis.crossOriginIsolated || typeof SharedArrayBuffer === 'undefined') return 1;
  const cores = navigator.hardwareConcurrency || 1;
  return Math.max(1, Math.min(wanted ?? (cores >= 4 ? 2 : 1), cores));
}

async function instantiate(threads: number, assets?: string): Promise<WasmModule> {
  if (assets !== undefined) {
    const address = new URL(threads === 1 ? 'scrim.js' : 'scrim-threads.js', assets).href;
    const {default: create} = await import(/* @vite-ignore */ /* webpackIgnore: true */ address);
    return create({threads});
  }
  // Written out, and without locateFile, so that bundlers find all files by themselves.
  const {default: create} = threads === 1 ? await import('./scrim.js') : await import('./scrim-threads.js');
  return create({threads});
}

export enum Format {
  RGBA = 0,
  BGRA = 1,
  NV12 = 3,
  I420 = 4,
}

export interface PlaneLayout {
  offset: number;
  stride: number;
}

const frameStructSize = 40;

/** A frame in the module's memory. Packed planes, which is the layout that VideoFrame expects, too. */
export class FrameMemory {
  readonly layout: PlaneLayout[];
  readonly size: number;
  readonly struct: number; // the scrim_frame, behind the pixels
  private readonly address: number;

  constructor(
    private readonly module: Library,
    readonly format: Format,
    readonly width: number,
    readonly height: number,
  ) {
    const halfWidth = (width + 1) >> 1, halfHeight = (height + 1) >> 1, luma = width * height;
    if (format === Format.I420) {
      this.layout = [
        {offset: 0, stride: width},
        {offset: luma, stride: halfWidth},
        {offset: luma + halfWidth * halfHeight, stride: halfWidth},
      ];
      this.size = luma + 2 * halfWidth * halfHeight;
    } else if (format === Format.NV12) {
      this.layout = [{offset: 0, stride: width}, {offset: luma, stride: 2 * halfWidth}];
      this.size = luma + 2 * halfWidth * halfHeight;
    } else {
      this.layout = [{offset: 0, stride: 4 * width}];
      this.size = 4 * luma;
    }
    const structOffset = (this.size + 15) & ~15;
    this.address = module.allocate(structOffset + frameStructSize);
    this.struct = this.address + structOffset;
    const fields = module.wasm.HEAPU32.subarray(this.struct >> 2, (this.struct + frameStructSize) >> 2).fill(0);
    fields.set([format, 0, width, height]);
    this.layout.forEach(({offset, stride}, plane) => {
      fields[4 + plane] = this.address + offset;
      fields[7 + plane] = stride;
    });
  }

  /** The pixels; good until the module next allocates. */
  bytes(): Uint8Array {
    return this.module.wasm.HEAPU8.subarray(this.address, this.address + this.size);
  }

  setMatrix(matrix: number): void {
    this.module.wasm.HEAPU32[(this.struct >> 2) + 1] = matrix;
  }

  holds(format: Format, width: number, height: number): boolean {
    return this.format === format && this.width === width && this.height === height;
  }

  free(): void {
    this.module.wasm._free(this.address);
  }
}

export type ParsedBackground =
  | {kind: 'image'}
  | {kind: 'blur'; strength: number}
  | {kind: 'color'; color: [number, number, number]}
  | {kind: 'transparent'}
  | {kind: 'room'};

/** One instance of the module: memory of its own, any number of sessions. */
export class Library {
  private constructor(
    readonly wasm: WasmModule,
    readonly threads: number,
  ) {}

  /** assets: the folder of the modules, if not that of this file. */
  static async load(wantedThreads?: number, assets?: string): Promise<Library> {
    const problem = whyUnsupported();
    if (problem !== null) throw new ScrimError(problem);
    const threads = threadsHere(wantedThreads);
    if (threads > 1) {
      try {
        return new Library(await instantiate(threads, assets), threads);
      } catch {
        // The threads' worker may be of another origin, as on a CDN. One thread needs none.
      }
    }
    try {
      return new Library(await instantiate(1, assets), 1);
    } catch (error) {
      const folder = assets ?? new URL('.', import.meta.url).href;
      throw new ScrimError(
        `scrim.js or scrim.wasm in ${folder} cannot be loaded: ${firstLine(error)}. Both must be there, as text/javascript ` +
          "and application/wasm, and a content security policy must allow 'wasm-unsafe-eval'",
      );
    }
  }

  allocate(size: number): number {
    const address = this.wasm._malloc(size);
    if (address === 0) throw new ScrimError('out of memory');
    return address;
  }

  check(status: number): void {
    if (status !== 0) throw new ScrimError(this.wasm.UTF8ToString(this.wasm._scrim_last_error()));
  }

  /** Runs `body` with `size` bytes that hold `bytes` first, which are given back afterwards. */
  withMemory<Result>(size: number, bytes: Uint8Array | null, body: (address: number) => Result): Result {
    const address = this.allocate(size);
    try {
      if (bytes !== null) this.wasm.HEAPU8.set(bytes, address);
      return body(address);
    } finally {
      this.wasm._free(address);
    }
  }

  parseBackground(text: string): ParsedBackground {
    const bytes = new TextEncoder().encode(text + '\0');
    return this.withMemory(12 + bytes.length, null, (out) => {
      this.wasm.HEAPU8.set(bytes, out + 12);
      this.check(this.wasm._scrim_parse_background(out + 12, out));
      switch (this.wasm.HEAPU32[out >> 2]) {
        case 0:
          return {kind: 'image'};
        case 1:
          return {kind: 'blur', strength: this.wasm.HEAPF32[(out + 4) >> 2]};
        case 2:
          return {kind: 'color', color: [...this.wasm.HEAPU8.subarray(out + 8, out + 11)] as [number, number, number]};
        case 3:
          return {kind: 'transparent'};
        default:
          return {kind: 'room'};
      }
    });
  }
}

/** What scrim_params are filled with; the rest has its defaults. budget: milliseconds, 0: none. */
export interface Params {
  inputSize?: InputSize;
  edges?: Edges;
  budget?: number;
}

/** Runs `body` with scrim_params and `more` bytes behind them. */
export function withParams<Result>(
  library: Library,
  {inputSize, edges = {}, budget = 0}: Params,
  more: number,
  body: (params: number, behind: number) => Result,
): Result {
  const {wasm} = library;
  const paramsSize = 84; // of wasm32
  return library.withMemory(paramsSize + more, null, (params) => {
    library.check(wasm._scrim_params_init(params, paramsSize));
    if (inputSize !== undefined) wasm.HEAP32.set([inputSize.width, inputSize.height], (params + 4) >> 2);
    wasm.HEAP32[(params + 12) >> 2] = library.threads;
    wasm.HEAPF32[(params + 76) >> 2] = budget;
    const switches = [
      ['stabilise', 20], ['removeIslands', 24], ['refineEdges', 28], ['decontaminateEdges', 40],
    ] as const;
    for (const [field, offset] of switches) {
      if (edges[field] !== undefined) wasm.HEAP32[(params + offset) >> 2] = Number(edges[field]);
    }
    for (const [field, offset] of [['low', 32], ['high', 36], ['lightWrap', 44]] as const) {
      if (edges[field] !== undefined) wasm.HEAPF32[(params + offset) >> 2] = edges[field];
    }
    return body(params, params + paramsSize);
  });
}

/** A scrim_session. */
export class Session {
  private constructor(
    private readonly library: Library,
    private readonly handle: number,
  ) {}

  static create(
    library: Library,
    model: Uint8Array,
    inputSize?: InputSize,
    edges: Edges = {},
    budget = 0, // milliseconds; 0: none
  ): Session {
    const {wasm} = library;
    return withParams(library, {inputSize, edges, budget}, 4, (params, out) => {
      library.withMemory(model.length, model, (bytes) =>
        library.check(wasm._scrim_create_from_memory(bytes, model.length, params, out)),
      );
      return new Session(library, wasm.HEAPU32[out >> 2]);
    });
  }

  setColor(red: number, green: number, blue: number): void {
    this.library.check(this.library.wasm._scrim_set_background_color(this.handle, red, green, blue));
  }
  setBlur(strength: number): void {
    this.library.check(this.library.wasm._scrim_set_background_blur(this.handle, strength));
  }
  setTransparent(): void {
    this.library.check(this.library.wasm._scrim_set_background_transparent(this.handle));
  }
  setRoom(): void {
    this.library.check(this.library.wasm._scrim_set_background_room(this.handle));
  }
  /** strength 0 leaves hair alone. */
  setHairColor(red: number, green: number, blue: number, strength: number): void {
    this.library.check(this.library.wasm._scrim_set_hair_color(this.handle, red, green, blue, strength));
  }
  /** 0 leaves skin alone. */
  setSkinSmoothing(strength: number): void {
    this.library.check(this.library.wasm._scrim_set_skin_smoothing(this.handle, strength));
  }
  setPicture(picture: FrameMemory): void {
    this.library.check(this.library.wasm._scrim_set_background_image(this.handle, picture.struct));
  }

  /** `out` may be the frame itself. Whatever this throws, `out` then shows the background alone. */
  process(frame: FrameMemory, out: FrameMemory): void {
    this.library.check(this.library.wasm._scrim_process(this.handle, frame.struct, out.struct));
  }
  drawBackground(frame: FrameMemory): void {
    this.library.check(this.library.wasm._scrim_draw_background(this.handle, frame.struct));
  }

  /** The alpha of the frame, a copy. */
  segment(frame: FrameMemory): Uint8Array {
    const size = frame.width * frame.height;
    return this.library.withMemory(size, null, (alpha) => {
      this.library.check(this.library.wasm._scrim_segment(this.handle, frame.struct, alpha, frame.width));
      return this.library.wasm.HEAPU8.slice(alpha, alpha + size);
    });
  }

  /** The alpha of another plane than the person's, by its name, a copy. */
  segmentPlane(frame: FrameMemory, plane: string): Uint8Array {
    const {wasm} = this.library, size = frame.width * frame.height;
    const name = new TextEncoder().encode(plane + '\0');
    return this.library.withMemory(size + name.length, null, (alpha) => {
      const text = alpha + size;
      wasm.HEAPU8.set(name, text);
      this.library.check(wasm._scrim_want_plane(this.handle, text, 1));
      try {
        this.library.check(wasm._scrim_segment(this.handle, frame.struct, alpha, frame.width));
        this.library.check(wasm._scrim_get_plane_alpha(this.handle, text, frame.width, frame.height, alpha, frame.width));
      } finally {
        wasm._scrim_want_plane(this.handle, text, 0);
      }
      return wasm.HEAPU8.slice(alpha, alpha + size);
    });
  }

  reset(): void {
    this.library.wasm._scrim_reset(this.handle);
  }

  inputSize(): InputSize {
    const {wasm} = this.library;
    return this.library.withMemory(8, null, (out) => {
      wasm._scrim_get_input_size(this.handle, out, out + 4);
      return {width: wasm.HEAP32[out >> 2], height: wasm.HEAP32[(out + 4) >> 2]};
    });
  }

  times(): Times {
    const {wasm} = this.library;
    const size = 32; // the first four of its doubles
    return this.library.withMemory(size, null, (out) => {
      this.library.check(wasm._scrim_get_times(this.handle, out, size));
      const [sample, network, matte, compose] = wasm.HEAPF64.subarray(out >> 3, (out + size) >> 3);
      return {sample, network, matte, compose};
    });
  }

  free(): void {
    this.library.wasm._scrim_free(this.handle);
  }
}
