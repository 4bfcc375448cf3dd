import {createPartialResponse} from 'workbox-range-requests';

// Keeps all files of one build; answers from there first. vite.config.js fills in the two constants.
const files = FILES;
const cacheName = `scrim-${VERSION}`;

self.addEventListener('install', (event) => {
  // Where the browser can (Chrome 123), it reads the cache by itself and need not wake this worker; clips come in parts,
  // and a model that was not there at first is kept below.
  const ours = ['*.mp4', '*.scrim'].map((pathname) => ({urlPattern: {pathname}}));
  event.addRoutes?.({condition: {not: {or: ours}}, source: {cacheName}});
  event.waitUntil(
    caches.open(cacheName).then((cache) => cache.addAll(files)),
  );
});

// A tab that is open goes on with the files of its own build: those of a newer one wait until it has gone or asks.
self.addEventListener('message', ({data}) => {
  if (data === 'take over') self.skipWaiting();
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name !== cacheName).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== location.origin) return;
  event.respondWith(answer(event.request));
});

async function answer(request) {
  const cached = await caches.match(request, {cacheName, ignoreSearch: true});
  if (cached === undefined) {
    const response = await fetch(request);
    if (response.ok && new URL(request.url).pathname.endsWith('.scrim')) {
      await caches.open(cacheName).then((cache) => cache.put(request, response.clone())).catch(() => {}); // no room for it
    }
    return response;
  }
  // Media elements ask for parts, and some browsers refuse a whole file in answer.
  return request.headers.has('Range') ? createPartialResponse(request, cached) : cached;
}
