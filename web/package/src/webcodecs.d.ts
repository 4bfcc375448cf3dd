// What TypeScript's own library lacks: Chromium's earlier form of W3C mediacapture-transform, in which the page has both
// ends and the generator is itself a track.
interface MediaStreamTrackProcessorInit {
  track: MediaStreamTrack;
}
interface MediaStreamTrack {
  readonly stats?: {readonly deliveredFrames: number};
}

interface MediaStreamTrackGenerator extends MediaStreamTrack {
  readonly writable: WritableStream<VideoFrame>;
}
declare var MediaStreamTrackGenerator: {new (init: {kind: 'video'}): MediaStreamTrackGenerator} | undefined;

interface VideoFrame {
  readonly rotation?: number;
  readonly flip?: boolean;
}
