// scrim's own times on this machine: docs/benchmarks/native.json.
// node bench/native.mjs BUILD: a build of the preset `bench`. Nothing else should run.
import {execFileSync} from 'node:child_process';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {record} from './record.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const scrim = join(resolve(process.argv[2]), 'apps/scrim/scrim');
const kRounds = 3;

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const bench = (...options) => JSON.parse(execFileSync(scrim, ['bench', '--json', ...options], {encoding: 'utf8'}));
const model = (name) => ['--model', join(root, `models/${name}.scrim`)];

// Rounds one after another, so that whatever else the machine does slows all alike.
const networks = new Map(), rounds = {AVX2: [], best: []}, live = [];
for (let round = 0; round < kRounds; ++round) {
  for (const name of ['default', 'default.int8', 'lite', 'lite.int8', 'quality', 'quality.int8', 'edges']) {
    for (const target of ['AVX2', 'best']) {
      const report = bench(...model(name), ...(target === 'best' ? [] : ['--target', target]));
      const key = `${name} ${target}`;
      networks.set(key, [...(networks.get(key) ?? []), report]);
      if (name === 'default') rounds[target].push(report);
    }
  }
  live.push(bench('--live').live);
}

const of = (key, field) => median(networks.get(key).map((report) => report[field]));
const rows = ['default', 'lite', 'quality'].map((name) => {
  const {input_size: size, mmac} = networks.get(`${name} AVX2`)[0];
  const [avx2, best, int8, bestInt8] = [name, `${name}.int8`]
      .flatMap((file) => ['AVX2', 'best'].map((target) => of(`${file} ${target}`, 'network_ms')));
  return [name, size, mmac, avx2, of(`${name} AVX2`, 'percent_of_peak'), int8, best,
    of(`${name} best`, 'percent_of_peak'), bestInt8, best / bestInt8];
});
const edges = networks.get('edges AVX2')[0];
rows.push(['edges', edges.input_size, edges.mmac, of('edges AVX2', 'network_ms'), of('edges AVX2', 'percent_of_peak'),
  null, of('edges best', 'network_ms'), of('edges best', 'percent_of_peak'), null, null]);
const bestTarget = rounds.best[0].target;

const stages = ['input', 'network', 'matte', 'compose', 'total'];
const ofPath = (target, path, stage) =>
  median(rounds[target].map((report) => report.frame_path_ms.find((p) => p.path === path)[stage]));
const paths = rounds.AVX2[0].frame_path_ms.map(({path}) =>
  [path, ...stages.map((stage) => ofPath('AVX2', path, stage)), ofPath('best', path, 'total')]);

const scenes = live[0].map(({path}, i) => [path, ...['cpu_ms', 'percent_of_core', 'latency_ms', 'masks', 'late']
  .map((field) => median(live.map((scene) => scene[i][field])))]);

const ms = (name) => ({name, decimals: 2}), share = (name) => ({name, decimals: 0, unit: ' %'});
console.log(record('native', {
  command: 'make bench-native',
  about: `one thread, medians of ${kRounds} rounds in turn.`,
  tables: [
    {
      title: 'The network alone:',
      columns: [{name: 'model'}, {name: 'input'}, {name: 'MMAC', decimals: 1}, ms('AVX2 ms'), share('of peak'),
        ms('int8 ms'), ms(`${bestTarget} ms`), share('of peak'), ms('int8 ms'), {name: 'int8 gains', decimals: 2, unit: ' ×'}],
      rows,
    },
    {
      title: 'The frame path of the default model at 720p, AVX2: frame to network input, network, matte (stabiliser, ' +
        'islands and\nguided refinement to the frame\'s size), background and blending with the outline\'s colours; ' +
        `and the total with ${bestTarget}.\nMilliseconds:`,
      columns: [{name: 'frames, background'}, ...stages.map(ms), ms(bestTarget)],
      rows: paths,
    },
    {
      title: 'Live, 720p at 30 frames a second: NV12 frames as from a camera, processor time of all threads, all but ' +
        'decoding. A\nscene of 70 frames; late ones are drawn with an earlier mask:',
      columns: [{name: ''}, ms('CPU ms a frame'), share('of one core'), ms('latency ms'), {name: 'masks', decimals: 0},
        {name: 'late', decimals: 0}],
      rows: scenes,
    },
  ],
}));
