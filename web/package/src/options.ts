// What callers can choose, shared by Segmenter and VirtualBackground.

/** Width and height of the network's input: a larger one is finer and slower. */
export interface InputSize {
  width: number;
  height: number;
}

/** How the network's mask becomes the alpha of the frame; see scrim_params in scrim.h. */
export interface Edges {
  /** Let the edge follow the frame's own edges (default), or stretch the mask bilinearly. */
  refineEdges?: boolean;
  /** Hold the mask still where nothing moves (default). */
  stabilise?: boolean;
  /** Drop what stands alone and is faint or tiny, fill small holes (default). */
  removeIslands?: boolean;
  /** Take the old room's colour out of the outline (default). */
  decontaminateEdges?: boolean;
  /** Share of the new background's light on the outline, 0 to 1. */
  lightWrap?: number;
  /** Mask values, 0 to 1, that become fully room and fully person. */
  low?: number;
  high?: number;
}

/** Hair of another colour, as if dyed. */
export interface Hair {
  /** #rrggbb: what the hair is on the whole. */
  color: string;
  /** How far it goes there, 0 to 1. Default: 0.8. */
  strength?: number;
}

/** Changes of the person, for models that know hair and skin: this package's parts.int8.scrim. Frames are drawn by the CPU. */
export interface Retouch {
  /** null (default): as it is. */
  hair?: Hair | null;
  /** How far small wrinkles and blemishes of the face go, 0 (default) to 1. */
  smoothSkin?: number;
}

/** Where frames are drawn; see VirtualBackgroundOptions.backend. */
export type Backend = 'auto' | 'gpu' | 'cpu';

/** A model file: its address or its bytes. */
export type ModelSource = string | URL | ArrayBuffer | Uint8Array;

export interface EngineOptions {
  /** Default: the int8 model of this package that knows the person alone. */
  model?: ModelSource;
  /** Default: the model's own. */
  inputSize?: InputSize;
  /** @deprecated the name of `inputSize` in version 0.1. */
  density?: InputSize;
  edges?: Edges;
  /**
   * Address of this package's worker.js; false: everything runs in the page's own thread. Default: beside the package's
   * files, as bundlers give it.
   */
  worker?: string | URL | false;
  /** Folder of scrim.js, scrim.wasm and their like for threads. Default: that of the worker, as bundlers give it. */
  assets?: string | URL;
  /**
   * Threads of the network. More than one needs a page that is isolated across origins (`crossOriginIsolated`); elsewhere
   * one is used. Default: 2 where that is possible and the machine has at least four.
   */
  threads?: number;
}

/**
 * What stands behind the person: `'blur'` or `'blur:N'` (N the strength, 0.5 to 100), `'#rrggbb'`, `'transparent'`,
 * `'room'` (the real one, which everybody sees then), any other text the address of a picture; a picture; or a video,
 * which the caller plays.
 */
export type Background = string | HTMLVideoElement | ImageBitmapSource;

/**
 * How a background's picture or video fills the frame: cut to cover it, all of it with black borders, or as large as it
 * is, over and over.
 */
export type BackgroundFit = 'cover' | 'contain' | 'tile';

/** Milliseconds of one frame by stage; see scrim_times in scrim.h. */
export interface Times {
  sample: number;
  network: number;
  matte: number;
  compose: number;
}

/** Everything that goes wrong here; the message is one line that says what and where. */
export class ScrimError extends Error {
  override name = 'ScrimError';
}
