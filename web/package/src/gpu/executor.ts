// Runs a plan on a device: makes its buffers and pipelines once, and puts its dispatches into a pass for each frame. It
// knows nothing of what the plan computes.
import type {Plan} from './plan.js';

/** What the bindings below 0 stand for, in the order of src/gpu/plan.h: frame, background, picture. */
export type Pictures = [GPUBindingResource?, GPUBindingResource?, GPUBindingResource?];

interface Step {
  pipeline: GPUComputePipeline;
  entries: GPUBindGroupEntry[]; // of the buffers
  pictures: {binding: number; picture: number}[];
  group: GPUBindGroup | null; // of steps without pictures, which stay the same
  groups: [number, number, number];
}

export class Executor {
  private constructor(
    private readonly device: GPUDevice,
    private readonly plan: Plan,
    private readonly buffers: GPUBuffer[],
    private readonly steps: Step[],
    private readonly own: GPUBuffer[],
  ) {}

  /**
   * Rejects with the first error of the device: a kernel that it does not take, no memory. shared: buffers of the plan
   * by name that stand already, elsewhere.
   */
  static async create(
    device: GPUDevice,
    plan: Plan,
    constants: Uint8Array,
    shared: {[name: string]: GPUBuffer} = {},
  ): Promise<Executor> {
    for (const kind of ['validation', 'out-of-memory', 'internal'] as const) device.pushErrorScope(kind);
    const given = new Map<number, GPUBuffer | undefined>();
    for (const [name, buffer] of Object.entries(plan.named)) given.set(buffer, shared[name]);
    const {STORAGE, COPY_SRC, COPY_DST} = GPUBufferUsage;
    const buffers = plan.buffers.map(
      ({bytes}, i) => given.get(i) ?? device.createBuffer({size: bytes, usage: STORAGE | COPY_SRC | COPY_DST}),
    );
    plan.buffers.forEach(({constant}, i) => {
      if (constant) device.queue.writeBuffer(buffers[i], 0, constants as BufferSource);
    });
    const pipelines = await Promise.all(
      plan.kernels.map(({name, code}) =>
        device.createComputePipelineAsync({
          label: name,
          layout: 'auto',
          compute: {module: device.createShaderModule({label: name, code}), entryPoint: 'main'},
        }),
      ),
    ).catch((error: unknown) => error as Error);
    const errors = await Promise.all([0, 1, 2].map(() => device.popErrorScope()));
    const failure = errors.find((error) => error !== null) ?? (Array.isArray(pipelines) ? null : pipelines);
    if (failure !== null) throw new Error(failure.message);
    const steps = plan.dispatches.map(({kernel, bindings, groups}): Step => {
      const pipeline = (pipelines as GPUComputePipeline[])[kernel];
      const entries: GPUBindGroupEntry[] = [], pictures: Step['pictures'] = [];
      bindings.forEach(([buffer, offset, size], binding) => {
        if (buffer < 0) pictures.push({binding, picture: -buffer - 1});
        else entries.push({binding, resource: {buffer: buffers[buffer], offset, size: size === 0 ? undefined : size}});
      });
      const layout = pipeline.getBindGroupLayout(0);
      const group = pictures.length > 0 ? null : device.createBindGroup({layout, entries});
      return {pipeline, entries, pictures, group, groups};
    });
    const own = buffers.filter((_, i) => given.get(i) === undefined);
    return new Executor(device, plan, buffers, steps, own);
  }

  buffer(name: string): GPUBuffer {
    return this.buffers[this.plan.named[name]];
  }

  /** The buffers that have names. */
  named(): {[name: string]: GPUBuffer} {
    return Object.fromEntries(Object.keys(this.plan.named).map((name) => [name, this.buffer(name)]));
  }

  record(pass: GPUComputePassEncoder, pictures: Pictures = []): void {
    for (const step of this.steps) {
      pass.setPipeline(step.pipeline);
      pass.setBindGroup(0, step.group ?? this.bind(step, pictures));
      pass.dispatchWorkgroups(...step.groups);
    }
  }

  private bind({pipeline, entries, pictures: wanted}: Step, pictures: Pictures): GPUBindGroup {
    const all = [...entries, ...wanted.map(({binding, picture}) => ({binding, resource: pictures[picture]!}))];
    return this.device.createBindGroup({layout: pipeline.getBindGroupLayout(0), entries: all});
  }

  destroy(): void {
    for (const buffer of this.own) buffer.destroy();
  }
}
