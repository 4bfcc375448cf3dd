// Answers the calls of remote.ts and reports what happens in between: one module, one engine for each port.
import {Animation} from './animation.js';
import {Backdrop} from './backdrop.js';
import {Engine, Settings} from './engine.js';
import {fetchBlob} from './fetch.js';
import {Backend, BackgroundFit, Retouch, ScrimError} from './options.js';
import {Picture, scaledDown} from './picture.js';
import {Stream} from './stream.js';

export interface OpenMessage {
  model: Uint8Array | {url: string};
  settings: Settings;
  threads?: number;
  /** Folder of the WebAssembly modules, if another. */
  assets?: string;
  backend: Backend;
  /** The GPU that was found slower than the CPU here, if one was. */
  slowGpu: string | null;
}

/** What stands for itself, or a picture; `bytes` are its file's where there may be more pictures in it. */
export type BackgroundMessage = {text: string} | {picture: ImageBitmap; fit: BackgroundFit; bytes?: Uint8Array};

/** The worker itself, or one end of a MessageChannel. */
export interface Port {
  onmessage: ((event: MessageEvent) => unknown) | null;
  postMessage(message: unknown, options: {transfer: Transferable[]}): void;
}

function methodsFor(port: Port) {
  let engine: Engine;
  let stream: Stream | null = null;
  let clock: ReturnType<typeof setInterval> | undefined;

  // One task at a time may use the engine: reading a frame's pixels takes a while in which nothing may move its memory.
  let tail: Promise<unknown> = Promise.resolve();
  function exclusive<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = tail.then(task);
    tail = result.catch(() => {});
    return result;
  }

  const bytesOf = async (model: OpenMessage['model']) =>
    'url' in model ? new Uint8Array(await (await fetchBlob('model', model.url)).arrayBuffer()) : model;
  /** An error of the engine about a model, with the model's address. */
  const about = (model: OpenMessage['model'], error: unknown) =>
    'url' in model && error instanceof ScrimError
      ? new ScrimError(error.message.replace(/^model in memory/, `model ${model.url}`))
      : error;

  const post = (message: object, transfer: Transferable[] = []) => port.postMessage(message, {transfer});

  const methods = {
    /** Resolves to false in a worker that cannot draw: the page has to. */
    async open({model, settings, threads, assets, backend, slowGpu}: OpenMessage) {
      if (typeof OffscreenCanvas === 'undefined' && typeof document === 'undefined') return false;
      try {
        const slow = {last: slowGpu, keep: (gpu: string) => post({event: 'slowGpu', gpu})};
        engine = await Engine.open(bytesOf(model), settings, threads, assets, backend, slow);
      } catch (error) {
        throw about(model, error);
      }
      return true;
    },

    async setModel(model: OpenMessage['model']) {
      const bytes = await bytesOf(model);
      await exclusive(async () => {
        try {
          engine.setModel(bytes);
        } catch (error) {
          throw about(model, error);
        }
      });
    },

    retouch: (change: Retouch) => exclusive(async () => engine.retouch(change)),

    configure: (settings: Settings) =>
      exclusive(async () => {
        engine.configure(settings);
        return engine.inputSize();
      }),

    setBackend: (choice: Backend) => exclusive(async () => engine.setBackend(choice)),

    /** Resolves to whether it is done: the text of one that is not is a picture's address. */
    async setBackground(message: BackgroundMessage) {
      if ('text' in message) {
        const parsed = engine.library.parseBackground(message.text);
        if (parsed.kind === 'image') return false;
        await exclusive(async () => engine.setBackground(parsed));
      } else {
        const {picture, fit, bytes} = message;
        const animation = bytes === undefined ? null : await Animation.open(bytes);
        const backdrop = new Backdrop(await scaledDown(picture), fit, animation);
        await exclusive(async () => engine.setBackdrop(backdrop));
      }
      return true;
    },

    segment: ({picture, follows, plane}: {picture: Picture; follows: boolean; plane?: string}) =>
      exclusive(async () => {
        try {
          if (!follows) engine.reset();
          return await engine.segment(picture, plane);
        } finally {
          picture.close();
        }
      }),

    compose: ({picture, follows}: {picture: Picture; follows: boolean}) =>
      exclusive(async () => {
        try {
          if (!follows) engine.reset();
          return await engine.compose(picture);
        } finally {
          picture.close();
        }
      }),

    async startStream({writable, showPictures}: {writable: WritableStream<VideoFrame> | null; showPictures: boolean}) {
      stream = new Stream(engine, exclusive, post, showPictures);
      if (writable !== null) stream.writeTo(writable);
    },
    async readFrom(readable: ReadableStream<VideoFrame>) {
      void stream!.readFrom(readable);
    },
    async push({picture, timestamp}: {picture: Picture; timestamp: number}) {
      return stream!.push(picture, timestamp);
    },
    reset: () => exclusive(async () => engine.reset()),
    hold: () => stream!.hold(),
    async release() {
      stream!.release();
    },
    passThrough: (on: boolean) => exclusive(async () => stream!.passThrough(on)),
    async setMaxFps(frames: number) {
      stream!.setMaxFps(frames);
    },
    /** Beats every so many milliseconds, also where the page's own timers sleep; 0: no more. */
    async beat(milliseconds: number) {
      clearInterval(clock);
      if (milliseconds > 0) clock = setInterval(() => post({event: 'beat'}), milliseconds);
    },
    async stop() {
      clearInterval(clock);
      stream?.close();
      await exclusive(async () => engine.close());
    },
  };

  return {methods, post};
}

export type Methods = ReturnType<typeof methodsFor>['methods'];

function transferables(result: unknown): Transferable[] {
  const {picture, data} = (result ?? {}) as {picture?: Picture; data?: Uint8Array};
  return [...(picture !== undefined ? [picture] : []), ...(data !== undefined ? [data.buffer as ArrayBuffer] : [])];
}

export function serve(port: Port): void {
  const {methods, post} = methodsFor(port);
  port.onmessage = async ({data: {id, method, argument}}: MessageEvent) => {
    try {
      const result = await methods[method as keyof Methods](argument as never);
      post({id, result}, transferables(result));
    } catch (error) {
      post({id, error: error instanceof Error ? error.message : String(error)});
    }
  };
}
