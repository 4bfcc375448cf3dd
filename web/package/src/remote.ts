// The page's end of the worker.
import {whyUnsupported} from './abi.js';
import {EngineOptions, ScrimError} from './options.js';
import type {BackgroundMessage} from './engine.js';
import type {StreamEvent} from './stream.js';
import type {Methods, OpenMessage} from './worker.js';

export type WorkerEvent = StreamEvent | {event: 'beat'} | {event: 'crash'; message: string};

function startWorker(): Worker {
  if (new URL(import.meta.url).origin === location.origin) {
    return new Worker(new URL('./worker.js', import.meta.url), {type: 'module', name: 'scrim'}); // as bundlers want it
  }
  // Workers must be of the page's own origin, but may import from another, which a CDN is.
  const url = import.meta.url.replace(/[^/]*$/, 'worker.js');
  const blob = URL.createObjectURL(new Blob([`import ${JSON.stringify(url)};`], {type: 'text/javascript'}));
  const worker = new Worker(blob, {type: 'module', name: 'scrim'});
  setTimeout(() => URL.revokeObjectURL(blob), 60_000);
  return worker;
}

type Argument<Method extends keyof Methods> = Parameters<Methods[Method]>[0];
type Result<Method extends keyof Methods> = Awaited<ReturnType<Methods[Method]>>;

export class Remote {
  onevent: (event: WorkerEvent) => void = () => {};
  private readonly worker = startWorker();
  private readonly open_ = new Map<number, {resolve(value: unknown): void; reject(error: Error): void}>();
  private lastId = 0;
  private gone: ScrimError | null = null;

  private constructor() {
    this.worker.onmessage = ({data}) => {
      if (data.event !== undefined) return this.onevent(data);
      const call = this.open_.get(data.id);
      this.open_.delete(data.id);
      if (data.error !== undefined) call?.reject(new ScrimError(data.error));
      else call?.resolve(data.result);
    };
    this.worker.onerror = (event) => {
      const message = `the worker of scrim failed: ${event.message ?? 'its files cannot be loaded'}`;
      this.close(message);
      this.onevent({event: 'crash', message});
    };
  }

  /** A worker with an engine in it. Rejects with a ScrimError when there can be none. */
  static async open(options: EngineOptions): Promise<Remote> {
    const problem = whyUnsupported();
    if (problem !== null) throw new ScrimError(problem);
    const remote = new Remote();
    try {
      const {inputSize, edges, threads} = options;
      await remote.call('open', {model: modelMessage(options.model), settings: {inputSize, edges}, threads});
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
      this.worker.postMessage({id, method, argument}, transfer);
    });
  }

  async setBackground(background: string | ImageBitmapSource): Promise<void> {
    const message = await backgroundMessage(background);
    await this.call('setBackground', message, 'picture' in message ? [message.picture] : []);
  }

  close(reason = 'closed'): void {
    this.gone ??= new ScrimError(reason);
    this.worker.terminate();
    for (const {reject} of this.open_.values()) reject(this.gone);
    this.open_.clear();
  }
}

function modelMessage(model: EngineOptions['model']): OpenMessage['model'] {
  if (model instanceof ArrayBuffer) return new Uint8Array(model);
  if (model instanceof Uint8Array) return model;
  if (model !== undefined) return {url: new URL(model, document.baseURI).href};
  return {url: new URL('./default.int8.scrim', import.meta.url).href};
}

async function backgroundMessage(background: string | ImageBitmapSource): Promise<BackgroundMessage> {
  if (typeof background !== 'string') return {picture: await createImageBitmap(background)};
  let url = background;
  try {
    url = new URL(background, document.baseURI).href;
  } catch {
    // Not an address; the engine says what else it may be.
  }
  return {text: background, url};
}
