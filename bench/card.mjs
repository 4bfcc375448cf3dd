// The figures of a model card: docs/benchmarks/card-NAME.json and the tables of models/NAME.md, from what `scrim eval
// --json` wrote. docs/develop/release.md has the commands.
// node bench/card.mjs NAME FOLDER [against LABEL=FILE ...]: NAME is the model, each FILE another to compare it with.
// FOLDER holds for both, as far as they were measured: NAME.val.json (photos by source, with the groups "portraits" and
// "scenes"), NAME.int8.json (the same in int8), NAME.second.json (the newer sources) and NAME.clips.json. NAME.planes.json
// has rows of what the model knows beside the person: plane, photos_of, photos, iou, below_080, boundary_f.
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {record} from './record.mjs';

const [name, folder, , ...others] = process.argv.slice(2);
const read = (file, kind) => {
  const path = join(folder, `${file}.${kind}.json`);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
};
const summary = (file, kind) => new Map((read(file, kind)?.summary ?? []).map((row) => [row.name, row]));

const sources = ['eg1800_portrait', 'picsart_hackathon', 'celebamask_ce7454', 'portraits', 'clothing_coparsing',
  'vikram_human', 'coco_val_single', 'coco_subsets', 'scenes'];
const fine = (column) => ({name: column, decimals: 4}), share = (column) => ({name: column, decimals: 3});

const photos = summary(name, 'val'), int8 = summary(name, 'int8'), second = summary(name, 'second').get('all');
const bySource = sources.filter((source) => photos.has(source)).map((source) => {
  const row = photos.get(source), rounded = int8.get(source);
  return [source, row.photos, row.iou, row.below_080, row.boundary_f, rounded?.iou ?? null, rounded?.boundary_f ?? null];
});
if (second !== undefined) bySource.push(['second', second.photos, second.iou, second.below_080, second.boundary_f, null, null]);

const rivals = [[name, name], ...others.map((text) => text.split('='))];
const compared = rivals.map(([label, file]) => {
  const val = summary(file, 'val'), newer = summary(file, 'second').get('all');
  const portraits = val.get('portraits');
  return [label, portraits.iou, portraits.below_080, portraits.boundary_f, val.get('scenes').iou, newer.iou, newer.below_080];
});

const clipsOf = (file) => read(file, 'clips')?.clips ?? [];
const clipNames = clipsOf(name).map((clip) => clip.name.split('/').at(-1));
const clipRows = [
  ['in the loop', ...clipsOf(name).map((clip) => clip.looped.iou)],
  ['without a previous mask', ...clipsOf(name).map((clip) => clip.cold.iou)],
  ...rivals.slice(1).filter(([, file]) => clipsOf(file).length > 0)
      .map(([label, file]) => [`${label}, in the loop`, ...clipsOf(file).map((clip) => clip.looped.iou)]),
];

const tables = [
  {
    columns: [{name: 'photos'}, {name: '', decimals: 0}, fine('IoU'), share('below .8'), fine('BF'), fine('int8: IoU'), fine('BF')],
    rows: bySource,
  },
  {
    columns: [{name: ''}, fine('portraits: IoU'), share('below .8'), fine('BF'), fine('scenes: IoU'), fine('second: IoU'),
      share('below .8')],
    rows: compared,
  },
];
if (clipNames.length > 0)
  tables.push({
    title: 'Seven clips of fast sport (davis16_people), IoU:',
    columns: [{name: ''}, ...clipNames.map(share)],
    rows: clipRows,
  });
const planes = read(name, 'planes') ?? [];
if (planes.length > 0) {
  tables[0].rows = bySource.filter(([source]) => ['portraits', 'scenes', 'second'].includes(source));
  tables.push({
    title: 'What else it knows, the same way:',
    columns: [{name: ''}, {name: 'photos'}, {name: '', decimals: 0}, fine('IoU'), share('below .8'), fine('BF')],
    rows: planes.map((row) => [row.plane, row.photos_of, row.photos, row.iou, row.below_080, row.boundary_f]),
  });
}
record(`card-${name}`, {
  command: `node bench/card.mjs ${name} FOLDER against ${others.join(', ')}`,
  document: `models/${name}.md`,
  about: 'Network alone: person IoU at 0.5 and boundary F (BF), means over photos at their own size, bilinear, empty ' +
    'previous\nmask, each photo at the input size nearest to its shape: `scrim eval --no-refine-edges --no-stabiliser` on ' +
    'photos that\nwere never trained on. "Second" is a tenth of each newer source; other networks made its masks.',
  tables,
});
