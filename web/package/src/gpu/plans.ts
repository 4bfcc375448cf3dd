// The plans of bindings/wasm/gpu.h, and the network on the CPU for a GPU that leaves it there.
import {Library, Params, ParsedBackground, withParams} from '../abi.js';
import {InputSize, ScrimError} from '../options.js';
import type {Plan} from './plan.js';

export enum Kind {
  network,
  input,
  picture,
  alone,
  cover,
}

export interface PlanOptions {
  /** Of the frame, upright. */
  frame: InputSize;
  network: InputSize;
  /** The frame is an external texture, not a texture_2d. */
  external: boolean;
  /** Half precision inside of the network. */
  halves: boolean;
  background: ParsedBackground;
}

// The room as it is never comes here: the CPU draws it.
const kinds = {image: 0, blur: 1, color: 2, transparent: 3, room: 2};

export class Plans {
  private readonly gpu: number;

  constructor(
    private readonly library: Library,
    model: Uint8Array,
  ) {
    const {wasm} = library;
    this.gpu = library.withMemory(model.length, model, (bytes) => wasm._scrim_gpu_open(bytes, model.length));
    if (this.gpu === 0) throw new ScrimError('model in memory: not a scrim model, or out of memory');
  }

  /** What the network is shown of frames of a size. */
  networkSize(params: Params, {width, height}: InputSize): InputSize {
    const {wasm} = this.library;
    return withParams(this.library, params, 8, (address, size) => {
      wasm._scrim_gpu_network_size(this.gpu, address, width, height, size);
      return {width: wasm.HEAP32[size >> 2], height: wasm.HEAP32[(size + 4) >> 2]};
    });
  }

  make(kind: Kind, params: Params, options: PlanOptions): {plan: Plan; constants: Uint8Array} {
    const {wasm} = this.library, {frame, network, external, halves, background} = options;
    return withParams(this.library, params, 44, (address, out) => {
      const color = background.kind === 'color' ? background.color : [0, 0, 0];
      const sizes = [frame.width, frame.height, network.width, network.height];
      wasm.HEAP32.set([...sizes, Number(external), Number(halves), kinds[background.kind], ...color], out >> 2);
      wasm.HEAPF32[(out + 40) >> 2] = background.kind === 'blur' ? background.strength : 14;
      const json = wasm.UTF8ToString(wasm._scrim_gpu_plan(this.gpu, kind, address, out));
      const begin = wasm._scrim_gpu_constants(this.gpu);
      const constants = wasm.HEAPU8.slice(begin, begin + wasm._scrim_gpu_constants_size(this.gpu));
      return {plan: JSON.parse(json) as Plan, constants};
    });
  }

  /** The network's mask of its input, on the CPU. */
  runNetwork({width, height}: InputSize, input: Float32Array): Float32Array {
    const {wasm, threads} = this.library;
    const size = 4 * width * height;
    return this.library.withMemory(input.byteLength + size, new Uint8Array(input.buffer), (address) => {
      const mask = address + input.byteLength;
      if (wasm._scrim_gpu_run_network(this.gpu, threads, width, height, address, mask) !== 0) {
        throw new ScrimError('the network does not run on the CPU');
      }
      return wasm.HEAPF32.slice(mask >> 2, (mask + size) >> 2);
    });
  }

  free(): void {
    this.library.wasm._scrim_gpu_free(this.gpu);
  }
}
