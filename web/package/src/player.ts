// The canvas path: a track's frames by way of a video element.
import {onNextFrame} from './next_frame.js';
import {ScrimError} from './options.js';
import type {Picture} from './picture.js';

// A track that gives no frame yet starts no element; nobody has to wait for it here.
const playPatience = 3000;

/** Turns a track into pictures, one at a time: the newest when the last one is done with. */
export class Player {
  private readonly video = document.createElement('video');
  private busy = false;
  private held = false;
  private stopped = false;

  constructor(private readonly take: (picture: Picture, timestamp: number) => void) {
    this.video.muted = true;
    this.video.playsInline = true;
    this.waitForFrame();
  }

  async play(track: MediaStreamTrack): Promise<void> {
    const stream = new MediaStream([track]);
    this.video.srcObject = stream;
    const played = this.video.play().catch((error: Error) => {
      if (this.video.srcObject !== stream || this.stopped) return; // another one plays
      throw new ScrimError(`track: this browser does not play it: ${error.message}`);
    });
    let timer: ReturnType<typeof setTimeout>;
    const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, playPatience)));
    await Promise.race([played, enough]).finally(() => clearTimeout(timer));
  }

  grab(): void {
    if (this.busy || this.held || this.stopped || this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    this.busy = true;
    // The element's own time is none in WebKit, where it plays a canvas's track.
    const timestamp = Math.round(1000 * performance.now());
    const give = (picture: Picture) => this.take(picture, timestamp);
    try {
      if (typeof VideoFrame !== 'undefined') return give(new VideoFrame(this.video, {timestamp}));
    } catch {
      // As a bitmap, then.
    }
    createImageBitmap(this.video).then(give, () => this.next());
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
      this.waitForFrame();
      this.grab();
    });
  }
}
