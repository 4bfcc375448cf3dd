// The canvas path: a track's frames by way of a video element.
import type {Picture} from './engine.js';

// A video element's next frame, once.
export function onNextFrame(video: HTMLVideoElement, callback: () => void): void {
  if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(callback);
  else requestAnimationFrame(callback);
}

/** Turns a track into pictures, one at a time: the newest when the last one is done with. */
export class Player {
  private readonly video = document.createElement('video');
  private busy = false;
  private held = false;
  private stopped = false;

  constructor(private readonly take: (picture: Picture) => void) {
    this.video.muted = true;
    this.video.playsInline = true;
    this.waitForFrame();
  }

  async play(track: MediaStreamTrack): Promise<void> {
    this.video.srcObject = new MediaStream([track]);
    await this.video.play();
  }

  grab(): void {
    if (this.busy || this.held || this.stopped || this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    this.busy = true;
    if (typeof VideoFrame !== 'undefined') {
      this.take(new VideoFrame(this.video));
    } else {
      createImageBitmap(this.video).then(this.take, () => this.next());
    }
  }

  next(): void {
    this.busy = false;
  }

  hold(): void {
    this.held = true;
  }
  release(): void {
    this.held = false;
    this.busy = false;
  }

  stop(): void {
    this.stopped = true;
    this.video.srcObject = null;
  }

  private waitForFrame(): void {
    onNextFrame(this.video, () => {
      if (this.stopped) return;
      this.grab();
      this.waitForFrame();
    });
  }
}
