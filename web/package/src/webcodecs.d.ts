// What TypeScript's own library and the published types of mediacapture-transform lack.
/// <reference types="dom-mediacapture-transform" />
interface MediaStreamTrack {
  readonly stats?: {readonly deliveredFrames: number};
}
interface VideoFrame {
  readonly rotation?: number;
  readonly flip?: boolean;
}
