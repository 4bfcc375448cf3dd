// The page's end of the worker.
import {whyUnsupported} from './abi.js';
import {loadPicture} from './load_picture.js';
import {Backend, BackgroundFit, EngineOptions, ModelSource, ScrimError} from './options.js';
import type {BackgroundMessage, Methods, OpenMessage, Port} from './serve.js';
import type {StreamEvent} from './stream.js';

export type WorkerEvent = StreamEvent | {event: 'beat'} | {event: 'crash'; message: string};

/** A worker, or one end of a MessageChannel whose other end is served in this thread. */
interface Server extends Port {
  address?: string;
  onerror?: ((event: ErrorEvent) => unknown) | null;
  terminate(): void;
}

// Where bundlers put the worker, and how they start it. They find `new Worker(new URL(...))` alone, and that would throw
// where its address is of another origin.
function bundledWorker(): {url: URL | string; options: WorkerOptions} {
  let found: {url: URL | string; options: WorkerOptions} | undefined;
  const Native = globalThis.Worker;
  globalThis.Worker = class {
    constructor(url: URL | string, options: WorkerOptions = {}) {
      found = {url, options};
    }
  } as typeof Worker;
  try {
    new Worker(new URL('./worker.js', import.meta.url), {type: 'module', name: 'scrim'});
  } finally {
    globalThis.Worker = Native;
  }
  return found!;
}

// Pages that require trusted types have to allow this policy: "trusted-types scrim".
let policy: {createScriptURL(url: string): string} | undefined;
function trusted(url: string): string {
  const {trustedTypes} = globalThis as {trustedTypes?: {createPolicy(name: string, rules: object): typeof policy}};
  policy ??= trustedTypes?.createPolicy('scrim', {createScriptURL: (address: string) => address});
  return policy === undefined ? url : policy.createScriptURL(url);
}

/** Null: this browser has no workers that are modules. */
function startWorker(address?: string | URL): Server | null {
  const {url, options} =
    address === undefined ? bundledWorker() : {url: address, options: {type: 'module', name: 'scrim'} as const};
  if (typeof OffscreenCanvas === 'undefined') return null;
  const {href, origin} = new URL(url, document.baseURI);
  const start = (script: string): Server | null => {
    // Browsers that know modules look at the type. Others would run the module as a script.
    let looked = false;
    const {type, name} = options;
    const watched = {
      name,
      get type() {
        looked = true;
        return type;
      },
    };
    const worker = new Worker(trusted(script), watched);
    if (looked || type !== 'module') return Object.assign(worker, {address: href});
    worker.terminate();
    return null;
  };
  if (origin === location.origin || href.startsWith('blob:')) return start(href);
  // Workers must be of the page's own origin, but may import from another, which a CDN is.
  const name = JSON.stringify(href);
  const script = options.type === 'module' ? `import ${name};` : `importScripts(${name});`;
  const blob = URL.createObjectURL(new Blob([script], {type: 'text/javascript'}));
  const worker = start(blob);
  setTimeout(() => URL.revokeObjectURL(blob), 60_000);
  return worker;
}

async function serveHere(): Promise<Server> {
  const {serve} = await import('./serve.js');
  const {port1, port2} = new MessageChannel();
  serve(port2);
  return Object.assign(port1 as unknown as Server, {terminate: () => port1.close()});
}

type Argument<Method extends keyof Methods> = Parameters<Methods[Method]>[0];
type Result<Method extends keyof Methods> = Awaited<ReturnType<Methods[Method]>>;

export class Remote {
  onevent: (event: WorkerEvent) => void = () => {};
  private readonly open_ = new Map<number, {resolve(value: unknown): void; reject(error: Error): void}>();
  private lastId = 0;
  private gone: ScrimError | null = null;

  private constructor(private readonly worker: Server) {
    this.worker.onmessage = ({data}) => {
      if (data.event === 'slowGpu') return keepSlowGpu(data.gpu);
      if (data.event !== undefined) return this.onevent(data);
      const call = this.open_.get(data.id);
      this.open_.delete(data.id);
      if (data.error !== undefined) call?.reject(new ScrimError(data.error));
      else call?.resolve(data.result);
    };
    this.worker.onerror = (event) => {
      const message = event.message ?? `${this.worker.address} or what it imports cannot be loaded`;
      this.close(`the worker of scrim failed: ${message}`);
      this.onevent({event: 'crash', message: `the worker of scrim failed: ${message}`});
    };
  }

  /** A worker with an engine in it, or this thread, where workers cannot. Rejects with a ScrimError when there can be none. */
  static async open(options: EngineOptions, backend: Backend = 'cpu'): Promise<Remote> {
    checkBackend(backend);
    const problem = whyUnsupported();
    if (problem !== null) throw new ScrimError(problem);
    const worker = options.worker === false ? null : startWorker(options.worker);
    const remote = new Remote(worker ?? (await serveHere()));
    try {
      const {density, inputSize = density, edges, threads} = options;
      const assets = options.assets === undefined ? undefined : new URL(options.assets, document.baseURI).href;
      const model = modelMessage(options.model);
      const settings = {inputSize, edges};
      const opened = await remote.call('open', {model, settings, threads, assets, backend, slowGpu: slowGpu()});
      if (!opened) {
        remote.close();
        return await Remote.open({...options, worker: false}, backend);
      }
    } catch (error) {
      remote.close();
      throw error;
    }
    return remote;
  }

  call<Method extends keyof Methods>(
    method: Method,
    argument?: Argument<Method>,
    transfer: Transferable[] = [],
  ): Promise<Result<Method>> {
    if (this.gone !== null) return Promise.reject(this.gone);
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.open_.set(id, {resolve: resolve as (value: unknown) => void, reject});
      this.worker.postMessage({id, method, argument}, {transfer});
    });
  }

  /** The old one stays where it rejects. `superseded` ends the wait for a picture. */
  async setBackground(
    background: string | ImageBitmapSource,
    fit: BackgroundFit = 'cover',
    superseded?: AbortSignal,
  ): Promise<void> {
    if (!['cover', 'contain', 'tile'].includes(fit)) throw new ScrimError("fit: it is 'cover', 'contain' or 'tile'");
    if ((background as unknown) instanceof URL) background = (background as unknown as URL).href;
    if (typeof background === 'string' && (await this.call('setBackground', {text: background}))) return;
    const {picture, bytes} = await loadPicture('background', background, superseded);
    const message: BackgroundMessage = {picture, fit, bytes};
    try {
      await this.call('setBackground', message, bytes === undefined ? [picture] : [picture, bytes.buffer]);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'DataCloneError')) throw error;
      throw new ScrimError('background: the picture is of another origin and was not loaded with crossorigin');
    }
  }

  async setModel(model: ModelSource): Promise<void> {
    await this.call('setModel', modelMessage(model));
  }

  async setBackend(backend: Backend): Promise<void> {
    checkBackend(backend);
    await this.call('setBackend', backend);
  }

  close(reason = 'closed'): void {
    this.gone ??= new ScrimError(reason);
    this.worker.terminate();
    for (const {reject} of this.open_.values()) reject(this.gone);
    this.open_.clear();
  }
}

// Kept for the next start. Some pages have no storage.
const slowGpuItem = 'scrim: slow GPU';
function slowGpu(): string | null {
  try {
    return localStorage.getItem(slowGpuItem);
  } catch {
    return null;
  }
}
function keepSlowGpu(gpu: string): void {
  try {
    localStorage.setItem(slowGpuItem, gpu);
  } catch {
    // It is tried again then.
  }
}

function checkBackend(backend: Backend): void {
  if (!['auto', 'gpu', 'cpu'].includes(backend)) throw new ScrimError("backend: it is 'auto', 'gpu' or 'cpu'");
}

function modelMessage(model?: ModelSource): OpenMessage['model'] {
  if (model instanceof ArrayBuffer) return new Uint8Array(model);
  if (model instanceof Uint8Array) return model;
  if (model !== undefined) return {url: new URL(model, document.baseURI).href};
  return {url: new URL('./default.int8.scrim', import.meta.url).href};
}
