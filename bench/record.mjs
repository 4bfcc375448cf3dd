// What benchmarks found: docs/benchmarks/NAME.json, with machine, commit and command. The tables in docs/performance.md
// are made from these files, and so are the report's.
// node bench/record.mjs [--check] NAME...: makes the tables of files that are there; --check: fails where they differ.
import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
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

function markdown({command, machine, about, tables, note}) {
  const parts = [`Made by \`${command}\` on ${machine.cpu}, ${machine.cores} cores: ${about}`];
  for (const {title, columns, rows} of tables) {
    if (title !== undefined) parts.push(title);
    const lines = [columns.map(({name}) => name), columns.map(() => '---')];
    for (const row of rows) lines.push(row.map((cell, i) => shown(cell, columns[i])));
    parts.push(lines.map((cells) => `|${cells.map((cell) => (cell === '' ? ' |' : ` ${cell} |`)).join('')}`).join('\n'));
  }
  if (note !== undefined) parts.push(note);
  return parts.join('\n\n');
}

/** Makes the tables of NAME in docs/performance.md; with `check` throws where they are not the file's. */
export function render(name, check = false) {
  const document = join(root, 'docs/performance.md'), text = readFileSync(document, 'utf8');
  const start = `<!-- bench-${name} -->`, end = `<!-- /bench-${name} -->`, from = text.indexOf(start), to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${document}: the markers ${start} and ${end} are missing`);
  const tables = markdown(JSON.parse(readFileSync(fileOf(name), 'utf8')));
  const made = `${text.slice(0, from + start.length)}\n${tables}\n${text.slice(to)}`;
  if (check && made !== text) throw new Error(`${document}: ${start} is not what ${fileOf(name)} says`);
  if (!check) writeFileSync(document, made);
  return tables;
}

/**
 * about: what was measured, a sentence or more. tables: {title, columns: [{name, decimals, unit}], rows}, cells being
 * texts, figures, lists of figures or null. note: what comes behind the tables. Returns the tables as Markdown.
 */
export function record(name, {command, about, tables, note}) {
  const machine = {cpu: cpus()[0].model.trim(), cores: cpus().length};
  const commit = git('describe', '--always', '--dirty', '--exclude=*');
  writeFileSync(fileOf(name), JSON.stringify({command, machine, commit, about, tables, note}, null, 2) + '\n');
  return render(name);
}

if (resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2), check = names[0] === '--check';
  for (const name of check ? names.slice(1) : names) render(name, check);
}
