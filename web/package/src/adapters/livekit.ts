import {VirtualBackground, VirtualBackgroundOptions} from '../virtual_background.js';

/**
 * A video processor for LiveKit's client, version 2:
 *
 *     const processor = new ScrimProcessor({background: 'blur'});
 *     await localVideoTrack.setProcessor(processor);
 *     await processor.virtual.setBackground('office.jpg');
 */
export class ScrimProcessor {
  readonly name = 'scrim';
  processedTrack: MediaStreamTrack | undefined;
  /** While it runs. */
  virtual: VirtualBackground | undefined;

  constructor(private readonly options: VirtualBackgroundOptions = {}) {}

  async init({track}: {track: MediaStreamTrack}): Promise<void> {
    this.virtual = await VirtualBackground.start(track, this.options);
    this.processedTrack = this.virtual.track;
  }

  /** Another camera, or the same one after a while. The processed track stays, unless it ended with a lost camera. */
  async restart({track}: {track: MediaStreamTrack}): Promise<void> {
    if (this.processedTrack?.readyState === 'live') return this.virtual!.replaceTrack(track);
    await this.destroy();
    await this.init({track});
  }

  async destroy(): Promise<void> {
    this.virtual?.stop();
    this.virtual = this.processedTrack = undefined;
  }
}
