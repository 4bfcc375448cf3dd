// What was measured: docs/benchmarks/NAME.json, with machine, commit and command. The tables in docs/performance.md and
// in the model cards are made from these files, and so are the report's.
// node bench/record.mjs [--check] NAME...: makes the tables of files that are there; --check: fails where they differ. A
// NAME.md is always checked: every figure of its tables must stand in one of the files.
import {execFileSync} from 'node:child_process';
import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {cpus} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const fileOf = (name) => join(root, `docs/benchmarks/${name}.json`);
const git = (...words) => execFileSync('git', ['-C', root, ...words], {encoding: 'utf8'}).trim();

/** A figure as its column wants it: decimals, unit; several of one cell with slashes between them. */
function shown(cell, {decimals, unit = ''}) {
  if (cell === null) return '';
  if (Array.isArray(cell)) return cell.map((figure) => shown(figure, {decimals, unit})).join(' / ');
  return typeof cell === 'string' ? cell : cell.toFixed(decimals ?? (cell < 20 ? 1 : 0)) + unit;
}

function markdown({command, machine, document, about, tables, note}) {
  // A card's figures do not depend on the machine.
  const parts = [document === undefined ? `Made by \`${command}\` on ${machine.cpu}, ${machine.cores} cores: ${about}` : about];
  for (const {title, columns, rows} of tables) {
    if (title !== undefined) parts.push(title);
    const lines = [columns.map(({name}) => name), columns.map(() => '---')];
    for (const row of rows) lines.push(row.map((cell, i) => shown(cell, columns[i])));
    parts.push(lines.map((cells) => `|${cells.map((cell) => (cell === '' ? ' |' : ` ${cell} |`)).join('')}`).join('\n'));
  }
  if (note !== undefined) parts.push(note);
  return parts.join('\n\n');
}

/** Makes the tables of NAME in the document that it names; with `check` throws where they are not the file's. */
export function render(name, check = false) {
  const found = JSON.parse(readFileSync(fileOf(name), 'utf8'));
  const document = join(root, found.document ?? 'docs/performance.md'), text = readFileSync(document, 'utf8');
  const start = `<!-- bench-${name} -->`, end = `<!-- /bench-${name} -->`, from = text.indexOf(start), to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${document}: the markers ${start} and ${end} are missing`);
  const tables = markdown(found);
  const made = `${text.slice(0, from + start.length)}\n${tables}\n${text.slice(to)}`;
  if (check && made !== text) throw new Error(`${document}: ${start} is not what ${fileOf(name)} says`);
  if (!check) writeFileSync(document, made);
  return tables;
}

/**
 * about: what was measured, a sentence or more. tables: {title, columns: [{name, decimals, unit}], rows}, cells being
 * texts, figures, lists of figures or null. note: what comes behind the tables. document: that has them, if not
 * docs/performance.md. Returns the tables as Markdown.
 */
export function record(name, {command, document, about, tables, note}) {
  const machine = {cpu: cpus()[0].model.trim(), cores: cpus().length};
  const commit = git('describe', '--always', '--dirty', '--exclude=*');
  writeFileSync(fileOf(name), JSON.stringify({command, machine, commit, document, about, tables, note}, null, 2) + '\n');
  return render(name);
}

/** Throws where a table of a document has a figure that no file holds, rounded as it stands there. */
export function checkFigures(document) {
  const held = readdirSync(join(root, 'models')).filter((file) => file.endsWith('.scrim'))
      .map((file) => statSync(join(root, 'models', file)).size / 1e6);
  const collect = (value) => {
    if (typeof value === 'number') held.push(value);
    else if (value !== null && typeof value === 'object') Object.values(value).forEach(collect);
  };
  for (const file of readdirSync(join(root, 'docs/benchmarks')))
    collect(JSON.parse(readFileSync(join(root, 'docs/benchmarks', file), 'utf8')));
  for (const line of readFileSync(join(root, document), 'utf8').split('\n')) {
    if (!line.startsWith('|')) continue;
    for (const [figure] of line.replaceAll(/\d+\.\d+\.\d+/g, '').matchAll(/\d*\.\d+/g)) {
      const decimals = figure.length - figure.indexOf('.') - 1;
      if (!held.some((value) => value.toFixed(decimals) === figure || value.toFixed(decimals) === `0${figure}`))
        throw new Error(`${document}: no file of docs/benchmarks holds ${figure}, of the line: ${line}`);
    }
  }
}

if (resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2), check = names[0] === '--check';
  for (const name of check ? names.slice(1) : names) {
    if (name.endsWith('.md')) checkFigures(name);
    else render(name, check);
  }
}
