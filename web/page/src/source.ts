// Where frames come from: the camera or the sample clip. Both also play in the element that shows "before".
import clip from '../../../testdata/clips/doctor.mp4?url';

export interface Source {
  kind: 'camera' | 'sample';
  track: MediaStreamTrack;
  stop(): void;
}

// Counts what has played in the element: a source that is stopped late must not pause the one after it.
let opened = 0;

/** What to ask a camera for. */
export function cameraSize(width: number, height: number): MediaTrackConstraints {
  return {width: {ideal: width}, height: {ideal: height}, frameRate: {ideal: 30}};
}

/** Rejects with a sentence for people. */
export async function openCamera(before: HTMLVideoElement, size: MediaTrackConstraints): Promise<Source> {
  if (navigator.mediaDevices === undefined) {
    throw new Error('The camera needs a safe address: https, or localhost.');
  }
  const asked = opened;
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({video: {...size, facingMode: 'user'}});
  } catch (error) {
    const {name} = error as DOMException;
    if (name === 'NotAllowedError') throw new Error('The camera may not be used. Allow it in the address bar, then try again.');
    if (name === 'NotFoundError') throw new Error('There is no camera. The sample clip shows what scrim does.');
    throw new Error('The camera cannot be opened. Another program may be using it.');
  }
  if (asked !== opened) {  // something else was chosen while people were asked
    for (const track of stream.getTracks()) track.stop();
    throw new Error('Another source was chosen.');
  }
  ++opened;
  before.removeAttribute('src');
  before.srcObject = stream;
  await before.play();
  const [track] = stream.getVideoTracks();
  return {kind: 'camera', track, stop: () => track.stop()};
}

export async function openSample(before: HTMLVideoElement): Promise<Source> {
  const mine = ++opened;
  before.srcObject = null;
  before.src = clip;
  before.loop = true;
  before.muted = true;
  try {
    await before.play();
  } catch {
    throw new Error('The sample clip cannot be played here.');
  }
  const track = trackOf(before);
  return {
    kind: 'sample',
    track,
    stop() {
      track.stop();
      if (mine === opened) before.pause();
    },
  };
}

// What the element plays. Safari cannot capture from it, so a canvas stands in between.
function trackOf(video: HTMLVideoElement & {captureStream?(): MediaStream}): MediaStreamTrack {
  const captured = video.captureStream?.().getVideoTracks()[0];
  if (captured !== undefined) return captured;
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext('2d')!;
  const track = canvas.captureStream(30).getVideoTracks()[0];
  const draw = () => {
    if (track.readyState === 'ended') return;
    context.drawImage(video, 0, 0);
    requestAnimationFrame(draw);
  };
  draw();
  return track;
}
