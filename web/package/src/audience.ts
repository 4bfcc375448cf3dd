// Who still watches a processed track.

// Browsers tell nobody when a track is switched off or on. Returns what ends the telling.
export function onSwitch(track: MediaStreamTrack, switched: () => void): () => void {
  const {get, set} = Object.getOwnPropertyDescriptor(MediaStreamTrack.prototype, 'enabled')!;
  Object.defineProperty(track, 'enabled', {
    configurable: true,
    get: () => get!.call(track),
    set: (enabled: boolean) => {
      set!.call(track, enabled);
      switched();
    },
  });
  return () => Reflect.deleteProperty(track, 'enabled');
}

/**
 * A track and what was cloned from it: whether anybody still watches.
 */
export class Audience {
  private readonly tracks: MediaStreamTrack[] = [];

  constructor(private readonly changed: () => void) {}

  watch(track: MediaStreamTrack): void {
    this.tracks.push(track);
    onSwitch(track, this.changed);
    track.clone = () => {
      const clone = MediaStreamTrack.prototype.clone.call(track);
      this.watch(clone);
      return clone;
    };
  }

  get gone(): boolean {
    return this.tracks.every((track) => track.readyState === 'ended');
  }
  get looks(): boolean {
    return this.tracks.some((track) => track.enabled && track.readyState === 'live');
  }
}
