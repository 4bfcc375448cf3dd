// Puts the WebAssembly modules, the model and what is not TypeScript beside the compiled sources: dist/ is then complete.
// node assemble.mjs [BUILD]: BUILD holds wasm/ and wasm-threads/, as `make wasm` leaves them.
import {copyFileSync, readFileSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const build = process.argv[2] ?? here('../../build');
// *.mjs becomes *.js: many servers do not know that *.mjs is JavaScript.
for (const [preset, name, endings] of [
  ['wasm', 'scrim', ['mjs', 'wasm']],
  ['wasm-threads', 'scrim-threads', ['mjs', 'wasm', 'worker.js']],
]) {
  for (const ending of endings) {
    const from = `${build}/${preset}/bindings/wasm/${name}.${ending}`, to = here(`dist/${name}.${ending.replace('mjs', 'js')}`);
    if (ending === 'wasm') copyFileSync(from, to);
    else writeFileSync(to, readFileSync(from, 'utf8').replaceAll(`${name}.mjs`, `${name}.js`));
  }
}
for (const model of ['default', 'parts']) copyFileSync(here(`../../models/${model}.int8.scrim`), here(`dist/${model}.int8.scrim`));
