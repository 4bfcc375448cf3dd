import {VirtualBackground, VirtualBackgroundOptions} from '../virtual_background.js';

/**
 * An effect for lib-jitsi-meet:
 *
 *     await localVideoTrack.setEffect(new ScrimEffect({background: 'blur'}));
 */
export class ScrimEffect {
  /** While it runs; resolves once frames are drawn. */
  virtual: Promise<VirtualBackground> | undefined;

  constructor(private readonly options: VirtualBackgroundOptions = {}) {}

  isEnabled(track: {isVideoTrack(): boolean; videoType?: string}): boolean {
    return track.isVideoTrack() && track.videoType === 'camera';
  }

  /** Returns at once, as Jitsi wants it. The stream shows nothing until the engine is there. */
  startEffect(stream: MediaStream): MediaStream {
    const [camera] = stream.getVideoTracks();
    const {width = 1280, height = 720} = camera.getSettings();
    const canvas = Object.assign(document.createElement('canvas'), {width, height});
    canvas.getContext('2d'); // before captureStream, which wants to know the kind
    this.virtual = VirtualBackground.start(camera, {...this.options, canvas});
    this.virtual.catch((error) => console.error(error));
    return canvas.captureStream();
  }

  stopEffect(): void {
    this.virtual?.then((virtual) => virtual.stop(), () => {});
    this.virtual = undefined;
  }
}
