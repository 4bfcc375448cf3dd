import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {defineConfig} from 'vite';

// With these headers browsers give the page shared memory, and the network its second thread.
const headers = {'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp'};

// Writes sw.js with the list of everything built and a version of it, so that the page works without a network.
function serviceWorker() {
  return {
    name: 'service-worker',
    apply: 'build',
    generateBundle(_, bundle) {
      const files = ['./', 'manifest.webmanifest', 'icon.svg', 'icon-192.png', 'icon-512.png', ...Object.keys(bundle)]
        .filter((file) => file !== 'index.html').sort();
      const hash = createHash('sha256');
      for (const file of Object.values(bundle)) hash.update(file.type === 'chunk' ? file.code : file.source);
      const source = readFileSync(new URL('src/service_worker.js', import.meta.url), 'utf8')
        .replace('FILES', JSON.stringify(files)).replace('VERSION', JSON.stringify(hash.digest('hex').slice(0, 16)));
      this.emitFile({type: 'asset', fileName: 'sw.js', source});
    },
  };
}

export default defineConfig({
  base: './',
  worker: {format: 'es'},
  build: {target: 'es2022', reportCompressedSize: false},
  server: {headers, fs: {allow: ['../..']}},
  preview: {headers, port: 8000},
  optimizeDeps: {exclude: ['scrim-web']},
  plugins: [serviceWorker()],
});
