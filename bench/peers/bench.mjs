// node bench.mjs BUILD WASM_MODULE SHARED: the same networks in scrim and in other runtimes, one thread each, taking turns
// in one run. Writes docs/benchmarks/peers.json, the table of it and docs/images/peers.svg. What is not there is left out,
// with a line. SHARED: the folder of research data.
import {execFileSync, spawn} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {cpus} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {record} from '../record.mjs';

const here = dirname(fileURLToPath(import.meta.url)), root = resolve(here, '../..');
const [build, wasmModule, shared] = process.argv.slice(2).map((path) => resolve(path));
const runNative = join(build, 'bench/peers/run_native'), converted = join(build, 'peers');
const rounds = 80, runsInATurn = 4, tolerance = 1e-3;

const median = (values) => {
  const sorted = Float64Array.from(values).sort(), middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
// As in run_native.cc.
const inputValue = (y, x, c) => (c === 3 ? 0 : Math.sin(0.1 * (x + 2 * y + c)));

// Bytes instead of floats: another network's mask. exact: whether the mask is held against the first runtime's.
const bytes = async (runtime) => ({...(await runtime), exact: false});
// A runtime takes turns: turn(n) runs n times and gives milliseconds; output() gives the mask of the first run.
async function native(engine, model, extra) {
  const child = spawn(runNative, [engine, model, extra], {stdio: ['pipe', 'pipe', 'pipe']});
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  const ask = async (question) => {
    if (question) child.stdin.write(`${question}\n`);
    const {value, done} = await lines.next();
    if (done) throw new Error(said.trim());
    return value;
  };
  await ask('');
  const numbers = async (question) => (await ask(question)).trim().split(' ').map(Number);
  return {turn: numbers, output: () => numbers('output'), stop: () => child.stdin.end()};
}

async function onnx(ort, model, network, options) {
  const session = await ort.InferenceSession.create(model, options);
  const {height, width, channels, layout} = network;
  const data = new Float32Array(height * width * channels);
  for (let y = 0; y < height; ++y)
    for (let x = 0; x < width; ++x)
      for (let c = 0; c < channels; ++c)
        data[layout === 'NCHW' ? (c * height + y) * width + x : (y * width + x) * channels + c] = inputValue(y, x, c);
  const shape = layout === 'NCHW' ? [1, channels, height, width] : [1, height, width, channels];
  const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', data, shape)};
  return {
    async turn(runs) {
      const times = [];
      for (let i = 0; i < runs; ++i) {
        const start = performance.now();
        await session.run(feeds);
        times.push(performance.now() - start);
      }
      return times;
    },
    output: async () => (await session.run(feeds))[session.outputNames[0]].data,
    stop() {},
  };
}

// The module through its C ABI; the time is the network's own, without sampling and matte.
async function scrimWasm(model) {
  const {default: createScrim} = await import(pathToFileURL(wasmModule));
  const scrim = await createScrim({wasmBinary: readFileSync(wasmModule.replace(/\.mjs$/, '.wasm'))});
  const bytes = readFileSync(model), address = scrim._malloc(bytes.length), out = scrim._malloc(8);
  scrim.HEAPU8.set(bytes, address);
  if (scrim._scrim_create_from_memory(address, bytes.length, 0, out) !== 0)
    throw new Error(scrim.UTF8ToString(scrim._scrim_last_error()));
  const session = scrim.HEAPU32[out >> 2], width = 256, height = 144;
  const pixels = scrim._malloc(4 * width * height), alpha = scrim._malloc(width * height);
  for (let i = 0; i < 4 * width * height; ++i) scrim.HEAPU8[pixels + i] = (i * 7) & 255;
  const frame = scrim._malloc(40), times = scrim._malloc(32);
  scrim.HEAPU32.set([0, 0, width, height, pixels, 0, 0, 4 * width, 0, 0], frame >> 2);
  return {
    async turn(runs) {
      const milliseconds = [];
      for (let i = 0; i < runs; ++i) {
        if (scrim._scrim_segment(session, frame, alpha, width) !== 0) throw new Error('the module failed');
        scrim._scrim_get_times(session, times, 32);
        milliseconds.push(scrim.HEAPF64[(times >> 3) + 1]);
      }
      return milliseconds;
    },
    stop() {},
  };
}

const require = createRequire(import.meta.url);
const ortNative = () => require('onnxruntime-node');
let web;
async function ortWeb() {
  web ??= await import(pathToFileURL(join(here, 'node_modules/onnxruntime-web/dist/ort.wasm.min.mjs')));
  web.env.wasm.numThreads = 1;
  return web;
}
const version = (name) => JSON.parse(readFileSync(join(here, 'node_modules', name, 'package.json'))).version;
const oneThread = {intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential'};
const tflite = join(here, 'node_modules/tfjs-tflite-node/cc_deps/linux_amd64/libtensorflowlite_c.so');

const networks = [
  {title: 'scrim default', int8: join(root, 'models/default.int8.scrim'), scrim: join(root, 'models/default.scrim'), onnx: join(converted, 'default.onnx'),
   tflite: join(converted, 'default.tflite'), width: 256, height: 144, channels: 4, layout: 'NCHW'},
  {title: 'MediaPipe selfie landscape', scrim: join(converted, 'landscape.scrim'),
   onnx: join(shared, 'peers/mediapipe_selfie_landscape_256x144.onnx'),
   tflite: join(converted, 'landscape.tflite'), width: 256, height: 144, channels: 3, layout: 'NHWC'},
];
const groups = [
  {title: 'native', runtimes: (n) => [
     ['scrim, AVX2', () => native('scrim', n.scrim, 'AVX2')],
     ['scrim, best target', () => native('scrim', n.scrim, '')],
     ...(n.int8 ? [['scrim int8, AVX2', () => bytes(native('scrim', n.int8, 'AVX2'))],
                   ['scrim int8, best target', () => bytes(native('scrim', n.int8, ''))]] : []),
     [`ONNX Runtime ${version('onnxruntime-node')}`, () => onnx(ortNative(), n.onnx, n, oneThread)],
     ['TFLite (tfjs-tflite-node ' + version('tfjs-tflite-node') + ') with XNNPACK', () => native('tflite', n.tflite, tflite)],
   ]},
  {title: 'WebAssembly in node', runtimes: (n) => [
     ['scrim, WASM SIMD', () => scrimWasm(n.scrim)],
     ...(n.int8 ? [['scrim int8, WASM SIMD', () => scrimWasm(n.int8)]] : []),
     [`onnxruntime-web ${version('onnxruntime-web')}, wasm`,
      async () => onnx(await ortWeb(), readFileSync(n.onnx), n, {executionProviders: ['wasm']})],
   ]},
];

async function compare(network, group) {
  const runtimes = [];
  let expected;
  for (const [name, open] of group.runtimes(network)) {
    try {
      const runtime = await open();
      const mask = runtime.output && (await runtime.output());
      expected ??= mask;
      if (mask && runtime.exact !== false && mask.some((value, i) => Math.abs(value - expected[i]) > tolerance))
        throw new Error('gives another mask');
      runtimes.push({name, ...runtime, all: [], turns: []});
    } catch (error) {
      console.log(`left out: ${network.title} in ${name}: ${error.message}`);
    }
  }
  for (const runtime of runtimes) await runtime.turn(5 * runsInATurn);  // warm
  for (let round = 0; round < rounds; ++round)
    for (const runtime of runtimes) {
      const times = await runtime.turn(runsInATurn);
      runtime.all.push(...times);
      runtime.turns.push(median(times));
    }
  for (const runtime of runtimes) runtime.stop();
  // A ratio is the median over the rounds: a load on the machine slows neighbours in time alike.
  return runtimes.map(({name, all, turns}) => ({
    network: network.title, group: group.title, name, ms: median(all), best: Math.min(...all),
    ratio: median(turns.map((ms, round) => ms / runtimes[0].turns[round])),
  }));
}

const rows = [];
for (const network of networks) {
  if (!existsSync(network.onnx) || !existsSync(network.scrim)) {
    console.log(`left out: ${network.title}: ${network.onnx} is not there`);
    continue;
  }
  for (const group of groups) rows.push(...(await compare(network, group)));
}

const tables = record('peers', {
  command: 'make bench-peers',
  about: `256×144, f32 but where int8 is said, one thread each, ${rounds} rounds of ${runsInATurn} runs\nin turn. ` +
    'Ratios are medians over the rounds, native ones to scrim on AVX2.',
  tables: [{
    columns: [{name: 'network'}, {name: 'runtime'}, {name: 'median ms', decimals: 2}, {name: 'best ms', decimals: 2},
      {name: 'time against scrim', decimals: 2, unit: '×'}],
    rows: rows.map(({network, name, ms, best, ratio}) => [network, name, ms, best, ratio]),
  }],
});
console.log(`\n${tables}`);

execFileSync('gnuplot', [], {input: `
set terminal svg size 900,${60 + 34 * rows.length} font 'sans,12' background 'white'
set output '${join(root, 'docs/images/peers.svg')}'
set style fill solid
set boxwidth 0.7
set xlabel 'median ms a frame at 256×144, one thread'
set yrange [${rows.length - 0.4}:-0.6] 
set key off
set grid x
set lmargin 52
$rows << END
${rows.map((row, i) => `${i} ${row.ms.toFixed(3)} ${row.name.startsWith('scrim') ? 1 : 2} "${row.network}: ${row.name.replace(/ \(.*\)/, '')}"`).join('\n')}
END
set xrange [0:*]
plot $rows using (0):0:(0):2:($0-0.35):($0+0.35):($3==1 ? 0x2a6fbb : 0xa0a0a0):ytic(4) with boxxyerror lc rgb variable, \\
     $rows using 2:0:(sprintf(' %.2f', $2)) with labels left
`});
process.exit(0);
