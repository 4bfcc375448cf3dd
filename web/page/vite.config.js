import {createHash} from 'node:crypto';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {defineConfig} from 'vite';

// With these headers browsers give the page shared memory, and the network its second thread.
const headers = {'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp'};

// Writes sw.js with the list of everything built and a version of it, so that the page works without a network.
function serviceWorker() {
  return {
    name: 'service-worker',
    apply: 'build',
    async generateBundle(_, bundle) {
      const files = ['./', 'manifest.webmanifest', 'icon.svg', 'icon-192.png', 'icon-512.png', ...Object.keys(bundle)]
        // Hair and skin come when they are asked for.
        .filter((file) => file !== 'index.html' && !/^assets\/parts.*\.scrim$/.test(file)).sort();
      const hash = createHash('sha256');
      for (const file of Object.values(bundle)) hash.update(file.type === 'chunk' ? file.code : file.source);
      const {outputFiles: [{text}]} = await build({
        entryPoints: [fileURLToPath(new URL('src/service_worker.js', import.meta.url))],
        bundle: true, write: false, target: 'es2022',
        define: {FILES: JSON.stringify(files), VERSION: JSON.stringify(hash.digest('hex').slice(0, 16)),
          'process.env.NODE_ENV': '"production"'},
      });
      this.emitFile({type: 'asset', fileName: 'sw.js', source: text});
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
