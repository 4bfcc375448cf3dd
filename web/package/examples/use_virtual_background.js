// A React hook: the processed track of a camera's track, or null until there is one. Survives strict mode, which starts
// every effect twice: what the first start began is aborted.
import {useEffect, useState} from 'react';
import {VirtualBackground} from 'scrim-web';

export function useVirtualBackground(camera, background) {
  const [virtual, setVirtual] = useState(null);
  const [error, setError] = useState(null);

  useEffect(() => {
    if (camera === null) return undefined;
    const ends = new AbortController();
    let started = null;
    VirtualBackground.start(camera, {background, signal: ends.signal}).then(
      (virtual) => setVirtual((started = virtual)),
      (error) => ends.signal.aborted || setError(error),
    );
    return () => {
      ends.abort();
      started?.stop();
      setVirtual(null);
    };
  }, [camera]); // another background needs no new start

  useEffect(() => {
    virtual?.setBackground(background).catch(setError);
  }, [virtual, background]);

  return {track: virtual?.track ?? null, error};
}
