// The page works offline, from the files of one build (service_worker.js). A newer build takes over when the tab agrees.
export async function keepUpToDate(tell: (reload: () => void) => void): Promise<void> {
  const registration = await navigator.serviceWorker.register('./sw.js');
  const offer = () => {
    const {waiting} = registration;
    if (waiting === null || navigator.serviceWorker.controller === null) return;
    tell(() => {
      navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), {once: true});
      waiting.postMessage('take over');
    });
  };
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', offer);
  });
  offer();
  // A page that comes from the cache without waking its worker asks for a newer one by itself.
  await registration.update();
}
