// A video as the background.
import {onNextFrame} from './next_frame.js';
import {BackgroundFit, ScrimError} from './options.js';
import type {Remote} from './remote.js';

const videoTimeout = 10_000;

/** Makes every frame of a playing video the background. */
export class BackgroundVideo {
  private stopped = false;
  private waiting = false; // for the video's next frame
  private onItsWay: Promise<void> = Promise.resolve(); // the newest frame

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly fit: BackgroundFit,
    private readonly remote: Remote,
    private readonly fail: (error: ScrimError) => void,
  ) {}

  /** Resolves when the first frame is there. `signal` ends the waiting. */
  async start(signal: AbortSignal): Promise<void> {
    if (this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) await this.firstPicture(signal);
    await this.remote.setBackground(this.video, this.fit);
    this.waitForFrame();
  }

  private async firstPicture(signal: AbortSignal): Promise<void> {
    const {video} = this;
    const failed = () => new ScrimError('background: the video cannot be played');
    if (signal.aborted) throw new ScrimError('background: another one was asked for before the video was there');
    if (video.error !== null || video.networkState === HTMLMediaElement.NETWORK_NO_SOURCE) throw failed();
    if (video.networkState === HTMLMediaElement.NETWORK_EMPTY && video.srcObject === null) throw failed();
    const listeners = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const told = {signal: listeners.signal};
        video.addEventListener('loadeddata', () => resolve(), told);
        video.addEventListener('error', () => reject(failed()), told);
        signal.addEventListener('abort', () => reject(new ScrimError('background: another one was asked for')), told);
        timer = setTimeout(
          () => reject(new ScrimError('background: the video gave no picture within 10 seconds')),
          videoTimeout,
        );
        if (video.preload === 'none') video.preload = 'auto';
      });
    } finally {
      listeners.abort();
      clearTimeout(timer);
    }
  }

  stop(): void {
    this.stopped = true;
  }

  /** No more frames. Resolves when none is on its way any more: it would replace whatever is set next. */
  hold(): Promise<void> {
    this.stopped = true;
    return this.onItsWay;
  }

  resume(): void {
    this.stopped = false;
    this.waitForFrame();
  }

  private waitForFrame(): void {
    if (this.waiting) return;
    this.waiting = true;
    onNextFrame(this.video, () => {
      this.waiting = false;
      if (!this.stopped) this.onItsWay = this.show();
    });
  }

  private async show(): Promise<void> {
    try {
      await this.remote.setBackground(this.video, this.fit);
      if (!this.stopped) this.waitForFrame();
    } catch (error) {
      if (!this.stopped) this.fail(error as ScrimError);
    }
  }
}
