// When a video element has a new frame.

// Where there are frames and no callback for so long, it is not waited for any more.
const patience = 1000;
const silent = new WeakSet<HTMLVideoElement>();

/**
 * Calls back once, with the next frame. Some browsers have requestVideoFrameCallback and never call back (WebKitGTK
 * without its shared-buffer renderer), although they count frames: those are looked for whenever the page is drawn.
 */
export function onNextFrame(video: HTMLVideoElement, callback: () => void): void {
  let over = false;
  const once = () => {
    if (!over) callback();
    over = true;
  };
  if (!('requestVideoFrameCallback' in video)) return void requestAnimationFrame(once);
  video.requestVideoFrameCallback(() => {
    silent.delete(video);
    once();
  });
  const shown = frameCount(video);
  const look = () => {
    if (over) return;
    if (frameCount(video) === shown) return void setTimeout(look, patience);
    silent.add(video);
    once();
  };
  const lookSoon = () => {
    if (over) return;
    if (frameCount(video) === shown) requestAnimationFrame(lookSoon);
    else once();
  };
  if (silent.has(video)) lookSoon();
  else setTimeout(look, patience);
}

// 0 where the browser does not count.
function frameCount(video: HTMLVideoElement): number {
  return video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;
}
