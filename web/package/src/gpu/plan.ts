// What src/gpu/plan.h describes, as its JSON has it.

/** Number of a buffer, or below 0 one of the pictures; first byte; bytes, 0 for all of the buffer. */
export type Binding = [number, number, number];

export interface Plan {
  kernels: {name: string; code: string}[];
  buffers: {bytes: number; constant: boolean}[];
  dispatches: {kernel: number; bindings: Binding[]; groups: [number, number, number]; name: string}[];
  named: {[name: string]: number};
  unsupported: string[];
  bytesMoved: number;
}
