import {Audience, onSwitch} from './audience.js';
import {BackgroundVideo} from './background_video.js';
import {Backend, Background, BackgroundFit, InputSize, EngineOptions, ModelSource, Retouch, ScrimError} from './options.js';
import {Picture, sizeOf} from './picture.js';
import {Player} from './player.js';
import {Remote, WorkerEvent} from './remote.js';
import type {Stats} from './stream.js';

// Milliseconds: from one look at the tracks to the next, and after which it is worth a word that nothing comes.
const pulse = 500, silence = 10_000;

export interface VirtualBackgroundOptions extends EngineOptions {
  /** Or the promise of one: the engine loads meanwhile. Default: `'blur'`. */
  background?: Background | Promise<Background>;
  /** How a background's picture or video fills the frame. Default: `'cover'`. */
  fit?: BackgroundFit;
  /**
   * Milliseconds that a frame's stages (Stats.times) may take together before the input size falls. It rises again when
   * there is time, and stays where the network is too small a part of them to help. Default: 0, never.
   */
  budget?: number;
  /**
   * Where frames are drawn. `'auto'`: on the GPU (WebGPU), where there is one that is faster than the CPU and draws the
   * same; frames are drawn by both for a moment at the start. `'gpu'`: on any GPU, a software one, too; the CPU takes over
   * where it fails. `'cpu'`: without it. Stats say which it is, and why. The budget counts on the CPU alone. Default:
   * `'auto'`.
   */
  backend?: Backend;
  /** Hair of another colour, smoother skin. */
  retouch?: Retouch;
  /** Frames a second at most; what comes sooner is left out. Default: all. */
  maxFps?: number;
  /** Ends start(), which then rejects with the signal's reason. What runs already is ended by stop(). */
  signal?: AbortSignal;
  /** Frames are drawn there, too, at their own size. The only way to see `'transparent'`: calls carry no alpha. */
  canvas?: HTMLCanvasElement;
  /**
   * How frames travel: as streams of frames between track and worker (Chromium), or through a video element and a canvas
   * (everywhere). Default: streams where there are any.
   */
  path?: 'streams' | 'canvas';
}

export interface VirtualBackgroundEvents {
  /** About once a second while frames come. */
  stats: CustomEvent<Stats>;
  /**
   * A frame could not be processed (it shows the background alone), no frame came from the track for ten seconds, or the
   * video of the background broke.
   */
  failure: CustomEvent<ScrimError>;
  /** No more frames: the source ended, the processed track was stopped, the worker died, or stop() was called. */
  end: Event;
}

export interface VirtualBackground {
  addEventListener<Type extends keyof VirtualBackgroundEvents>(
    type: Type,
    listener: (event: VirtualBackgroundEvents[Type]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/**
 * Gives a camera's track another background.
 *
 *     const virtual = await VirtualBackground.start(camera.getVideoTracks()[0], {background: 'office.jpg'});
 *     peer.addTrack(virtual.track);
 *
 * Fails closed: the processed track shows nothing before the first mask, and the background alone for every frame that
 * fails and while the camera is muted or lost. The camera's track stays the caller's, to stop as well.
 */
export class VirtualBackground extends EventTarget {
  /** The processed track. Stopping it stops all work. */
  readonly track: MediaStreamTrack;
  readonly path: 'streams' | 'canvas';
  /** Resolves when the first masked frame is out; never, when none comes. */
  readonly first: Promise<void>;

  private tellFirst!: () => void;
  private source: MediaStreamTrack | null = null;
  private readonly canvas: HTMLCanvasElement | null;
  private readonly player: Player | null = null;
  private backgroundVideo: BackgroundVideo | null = null;
  private change: Promise<void> = Promise.resolve(); // of the background, the last that was asked for
  private superseded = new AbortController(); // what that one waits for
  private delivered: number | null = null;
  private paused = false;
  private again: ReturnType<typeof setTimeout> | undefined;
  private fit: BackgroundFit = 'cover';
  private silent = false; // no frame has come from this source yet
  private running = -1; // since when frames should come; -1: they should not
  private readonly pulse: ReturnType<typeof setInterval>;
  private readonly audience = new Audience(() => void this.holdOrRelease().catch(() => {}));
  private stopped = false;
  private readonly listeners = new AbortController();
  private sourceListeners = new AbortController();

  private constructor(
    private readonly remote: Remote,
    options: VirtualBackgroundOptions,
  ) {
    super();
    this.first = new Promise((resolve) => (this.tellFirst = resolve));
    this.path = options.path ?? (hasStreams() ? 'streams' : 'canvas');
    if (this.path !== 'streams' && this.path !== 'canvas') throw new ScrimError("path: it is 'streams' or 'canvas'");
    this.canvas = options.canvas ?? (this.path === 'canvas' ? document.createElement('canvas') : null);
    remote.onevent = (event) => this.handle(event);
    let writable: WritableStream<VideoFrame> | null = null;
    if (this.path === 'streams') {
      if (!hasStreams()) throw new ScrimError('path: this browser has no streams of frames; leave it to scrim');
      const generator = new MediaStreamTrackGenerator!({kind: 'video'});
      this.track = generator;
      writable = generator.writable;
    } else {
      this.canvas!.getContext('2d'); // before captureStream, which wants to know the kind
      this.track = this.canvas!.captureStream().getVideoTracks()[0];
      this.player = new Player((picture, timestamp) => {
        this.silent = false;
        const taken = remote.call('push', {picture, timestamp}, [picture]);
        taken.then((taken) => void (taken || this.player!.next()), () => {});
      });
      document.addEventListener('visibilitychange', () => this.beat(), {signal: this.listeners.signal});
      this.beat();
    }
    this.audience.watch(this.track);
    this.pulse = setInterval(() => this.checkPulse(), pulse);
    const showPictures = this.canvas !== null;
    remote.call('startStream', {writable, showPictures}, writable !== null ? [writable] : []).catch(() => {});
  }

  /**
   * source: a camera's track, or the promise of one: the engine loads while people are asked. Rejects with a ScrimError,
   * and no track, when the engine, its model or the background cannot be had, and as the promises do.
   */
  static async start(
    source: MediaStreamTrack | Promise<MediaStreamTrack>,
    options: VirtualBackgroundOptions = {},
  ): Promise<VirtualBackground> {
    const {signal} = options;
    if (signal?.aborted) throw signal.reason;
    const opening = Remote.open(options, options.backend ?? 'auto');
    let virtual: VirtualBackground | null = null;
    const aborted = new Promise<never>((_, reject) =>
      signal?.addEventListener('abort', () => {
        virtual?.stop(); // whatever is under way rejects
        reject(signal.reason);
      }),
    );
    aborted.catch(() => {});
    try {
      const wanted = Promise.all([opening, source, options.background ?? 'blur']);
      const [remote, track, background] = await Promise.race([wanted, aborted]);
      checkSource(track);
      virtual = new VirtualBackground(remote, options);
      await virtual.setBackground(background, {fit: options.fit});
      await virtual.setBudget(options.budget ?? 0);
      if (options.retouch !== undefined) await virtual.retouch(options.retouch);
      await virtual.setMaxFps(options.maxFps ?? 0);
      await virtual.replaceTrack(track);
      if (signal?.aborted) throw signal.reason;
      return virtual;
    } catch (reason) {
      const error = signal?.aborted ? signal.reason : reason;
      if (virtual !== null) virtual.stop();
      else opening.then((remote) => remote.close(), () => {});
      throw error;
    }
  }

  /**
   * From the next frame on. Rejects when it cannot be had; the old one stays then. Of several calls the last one counts:
   * those before it that still wait for their picture reject. `fit` stays what it was where it is not given.
   */
  setBackground(background: Background, {fit = this.fit}: {fit?: BackgroundFit} = {}): Promise<void> {
    this.superseded.abort();
    this.superseded = new AbortController();
    const {signal} = this.superseded;
    const change = this.change.then(() => this.changeBackground(background, fit, signal));
    this.change = change.catch(() => {});
    return change;
  }

  private async changeBackground(background: Background, fit: BackgroundFit, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new ScrimError('background: another one was asked for');
    const before = this.backgroundVideo;
    await before?.hold();
    try {
      if (background instanceof HTMLVideoElement) {
        const video = new BackgroundVideo(background, fit, this.remote, (error) => this.fail(error));
        await video.start(signal);
        this.backgroundVideo = video;
      } else {
        await this.remote.setBackground(background, fit, signal);
        this.backgroundVideo = null;
      }
    } catch (error) {
      before?.resume();
      throw error;
    }
    this.fit = fit;
    if (this.stopped) this.backgroundVideo?.stop();
  }

  /** Another camera; the processed track stays the same. */
  async replaceTrack(source: MediaStreamTrack): Promise<void> {
    checkSource(source);
    this.sourceListeners.abort();
    this.sourceListeners = new AbortController();
    this.source = source;
    this.delivered = null;
    this.silent = true;
    this.running = -1;
    const {signal} = this.sourceListeners;
    source.addEventListener('ended', () => this.stop(), {signal});
    signal.addEventListener('abort', onSwitch(source, () => void this.holdOrRelease().catch(() => {})));
    for (const change of ['mute', 'unmute']) source.addEventListener(change, () => void this.holdOrRelease(), {signal});
    await this.remote.call('reset');
    await this.holdOrRelease();
    if (this.player !== null) {
      await this.player.play(source);
    } else {
      const {readable} = new MediaStreamTrackProcessor!({track: source, maxBufferSize: 1});
      await this.remote.call('readFrom', readable, [readable]);
    }
  }

  /** Changes the input size or the edges; what is not given stays. Resolves to the input size in use. */
  configure({density, inputSize = density, edges}: Pick<EngineOptions, 'inputSize' | 'density' | 'edges'>): Promise<InputSize> {
    return this.remote.call('configure', {inputSize, edges});
  }

  /** Hair of another colour, smoother skin, from the next frame on; what is not given stays. */
  retouch(change: Retouch): Promise<void> {
    return this.remote.call('retouch', change);
  }

  /** Another model, from the next frame on; all settings stay. Rejects when it cannot be had; the old one stays then. */
  setModel(model: ModelSource): Promise<void> {
    return this.remote.setModel(model);
  }

  /** See VirtualBackgroundOptions.budget. */
  setBudget(milliseconds: number): Promise<void> {
    return this.remote.call('configure', {budget: milliseconds}).then(() => {});
  }

  /** See VirtualBackgroundOptions.maxFps. */
  setMaxFps(frames: number): Promise<void> {
    return this.remote.call('setMaxFps', frames);
  }

  /**
   * on: the track carries the camera's frames as they are, with the room. It is the only way by which the room leaves,
   * and only while it is asked for: a muted or lost camera and pause() show the background alone all the same.
   */
  passThrough(on: boolean): Promise<void> {
    return this.remote.call('passThrough', on);
  }

  /** Changes where frames are drawn; see VirtualBackgroundOptions.backend. */
  setBackend(backend: Backend): Promise<void> {
    return this.remote.setBackend(backend);
  }

  /** Shows the background alone and does no work until resume(): for when nobody looks. */
  async pause(): Promise<void> {
    this.paused = true;
    await this.holdOrRelease();
  }
  async resume(): Promise<void> {
    this.paused = false;
    await this.holdOrRelease();
  }

  /** Ends the processed track and the worker. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    clearInterval(this.pulse);
    this.listeners.abort();
    this.sourceListeners.abort();
    this.superseded.abort();
    this.backgroundVideo?.stop();
    this.player?.stop();
    clearTimeout(this.again);
    this.track.stop();
    const close = () => this.remote.close('stopped');
    this.remote.call('stop').then(close, close);
    this.dispatchEvent(new Event('end'));
  }

  private async holdOrRelease(): Promise<void> {
    if (this.stopped || this.source === null) return;
    if (this.paused || this.source.muted || !this.source.enabled || !this.audience.looks) {
      this.running = -1;
      this.player?.hold();
      await this.remote.call('hold');
    } else {
      if (this.running < 0) this.running = performance.now();
      await this.remote.call('release');
      this.player?.release();
    }
  }

  // Nobody tells that a track was stopped by the page itself; nor that no frame comes.
  private checkPulse(): void {
    if (this.source?.readyState === 'ended' || this.audience.gone) return this.stop();
    if (!this.silent || this.running < 0 || document.hidden) return;
    if (performance.now() - this.running < silence) return;
    this.silent = false;
    this.fail(new ScrimError(`track: no frame has come within ${silence / 1000} seconds`));
  }

  private handle(event: WorkerEvent): void {
    switch (event.event) {
      case 'source':
        this.silent = false;
        break;
      case 'stats':
        this.dispatchEvent(new CustomEvent('stats', {detail: this.withSkipped(event.stats)}));
        break;
      case 'first':
        this.tellFirst();
        break;
      case 'failure':
        this.fail(new ScrimError(event.message));
        break;
      case 'picture':
        this.show(event.picture);
        break;
      case 'beat':
        this.player?.grab();
        break;
      case 'crash':
        this.fail(new ScrimError(event.message));
        this.stop();
        break;
      case 'end':
        this.stop();
        break;
    }
  }

  // The stream of frames drops without telling; where the track counts, the difference is known.
  private withSkipped(stats: Stats): Stats {
    const delivered = this.source?.stats?.deliveredFrames;
    if (delivered === undefined) return stats;
    const before = this.delivered;
    this.delivered = delivered;
    return before === null ? stats : {...stats, skipped: Math.max(0, delivered - before - stats.frames)};
  }

  private fail(error: ScrimError): void {
    this.dispatchEvent(new CustomEvent('failure', {detail: error}));
  }

  private show(picture: Picture): void {
    const canvas = this.canvas!;
    const {width, height} = sizeOf(picture);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const context = canvas.getContext('2d')!;
    context.globalCompositeOperation = 'copy'; // keeps nothing of the last one where this one is transparent
    context.drawImage(picture, 0, 0);
    picture.close();
    if (this.player === null) return;
    // The stream of a canvas may leave out what is drawn right behind something else, and would stand still with that.
    clearTimeout(this.again);
    this.again = setTimeout(() => context.drawImage(canvas, 0, 0), 100);
    this.player.next();
  }

  // Hidden pages get no frame callbacks and slow timers, but calls go on: the worker's clock takes over.
  private beat(): void {
    this.remote.call('beat', document.hidden ? 33 : 0).catch(() => {});
  }
}

function checkSource(track: MediaStreamTrack): void {
  if (!(track instanceof MediaStreamTrack)) throw new ScrimError('track: it must be a MediaStreamTrack');
  if (track.kind !== 'video') throw new ScrimError('track: it carries no video');
  if (track.readyState === 'ended') throw new ScrimError('track: it has ended');
}

function hasStreams(): boolean {
  return typeof MediaStreamTrackProcessor !== 'undefined' && typeof MediaStreamTrackGenerator !== 'undefined';
}
