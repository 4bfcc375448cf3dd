import {loadPicture} from './load_picture.js';
import {BackgroundFit, EngineOptions, Retouch, ScrimError} from './options.js';
import {isVideoFrame, Picture} from './picture.js';
import {Remote} from './remote.js';

/** 0 room to 255 person, rows from the top without gaps. */
export interface Alpha {
  width: number;
  height: number;
  data: Uint8Array;
}

export interface SegmentOptions {
  /** This picture is the next frame of the same clip: the last mask helps to find this one. Default: false. */
  follows?: boolean;
}

export interface AlphaOptions extends SegmentOptions {
  /** Of what: `'hair'` or `'skin'`, where the model knows them. Default: the person. */
  plane?: string;
}

export interface ComposeOptions extends SegmentOptions {
  /** How the background fills the picture. Default: `'cover'`. */
  fit?: BackgroundFit;
}

/**
 * Finds people in pictures, in a worker.
 *
 *     const segmenter = await Segmenter.create();
 *     const {width, height, data} = await segmenter.segment(document.querySelector('img'));
 *     const cutOut = await segmenter.compose(photo, 'transparent'); // an ImageBitmap
 */
export class Segmenter {
  private readonly remote: Remote;
  private last = Promise.resolve();
  private background: unknown = null; // that the engine has
  private fit: BackgroundFit = 'cover'; // with which it has it

  private constructor(remote: Remote) {
    this.remote = remote;
  }

  /** Rejects with a ScrimError: no SIMD, no model, a damaged one. */
  static async create(options: EngineOptions = {}): Promise<Segmenter> {
    return new Segmenter(await Remote.open(options));
  }

  /** The alpha of a picture, at its own size. */
  async segment(picture: ImageBitmapSource, {follows = false, plane}: AlphaOptions = {}): Promise<Alpha> {
    const own = await pictureOf(picture);
    return this.remote.call('segment', {picture: own, follows, plane}, [own]);
  }

  /**
   * The person of a picture before a background: a VideoFrame for a VideoFrame, else an ImageBitmap. The caller closes
   * it.
   */
  async compose<Source extends ImageBitmapSource>(
    picture: Source,
    background: string | ImageBitmapSource = 'transparent',
    {follows = false, fit}: ComposeOptions = {},
  ): Promise<Source extends VideoFrame ? VideoFrame : ImageBitmap> {
    const own = isVideoFrame(picture) ? picture.clone() : (await loadPicture('picture', picture)).picture;
    // A background belongs to its picture: no other call may come between the two.
    const result = this.last.then(async () => {
      await this.setBackground(background, fit);
      return this.remote.call('compose', {picture: own, follows}, [own]);
    });
    this.last = result.then(() => {}, () => {});
    const {picture: composed, failure} = await result;
    if (failure !== null) {
      composed.close();
      throw new ScrimError(failure);
    }
    return composed as never;
  }

  // A clip's frames come with the same one each, which need not be read again. What else may have changed since.
  private async setBackground(background: string | ImageBitmapSource, fit: BackgroundFit = 'cover'): Promise<void> {
    const keeps = typeof background === 'string' || background instanceof ImageBitmap;
    if (keeps && background === this.background && fit === this.fit) return;
    this.background = null;
    await this.remote.setBackground(background, fit);
    if (keeps) [this.background, this.fit] = [background, fit];
  }

  /** Hair and skin of the people in compose(), from the next call on; what is not given stays. */
  async retouch(change: Retouch): Promise<void> {
    await this.remote.call('retouch', change);
  }

  /** Changes the input size or the edges; what is not given stays. */
  async configure({density, inputSize = density, edges}: Pick<EngineOptions, 'inputSize' | 'density' | 'edges'>): Promise<void> {
    await this.remote.call('configure', {inputSize, edges});
  }

  /** Ends the worker. Calls that are open reject. */
  close(): void {
    this.remote.close();
  }
}

// A frame's pixels go to the engine as they are, a bitmap's by way of a canvas. Of an image WebKit makes no frame: it
// ends the page.
async function pictureOf(picture: ImageBitmapSource): Promise<Picture> {
  if (isVideoFrame(picture)) return picture.clone();
  const moves = picture instanceof HTMLVideoElement || picture instanceof HTMLCanvasElement;
  try {
    if (moves && typeof VideoFrame !== 'undefined') return new VideoFrame(picture, {timestamp: 0});
  } catch {
    // As a bitmap, then, or not at all.
  }
  return (await loadPicture('picture', picture)).picture;
}
