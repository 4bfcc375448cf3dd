// The figures below the picture.
import type {Stats} from 'scrim-web';

const stages: [name: string, label: string, hue: string][] = [
  ['sample', 'looking', '#7c9cc4'],
  ['network', 'network', '#2f8f8b'],
  ['matte', 'edges', '#d99a4e'],
  ['compose', 'drawing', '#b06a8c'],
  ['copies', 'copies', '#8d8f96'],
];

const drawers = {gpu: 'GPU', 'gpu+cpu': 'GPU, network CPU', cpu: 'CPU'};

const element = (id: string) => document.getElementById(id)!;
const bars = new Map<string, HTMLElement>(), values = new Map<string, HTMLElement>();

for (const [name, label, hue] of stages) {
  const bar = document.createElement('i');
  bar.style.cssText = `--hue: ${hue}; flex: 0 1 0`;
  element('stages').append(bar);
  bars.set(name, bar);
  const entry = document.createElement('div');
  entry.style.setProperty('--hue', hue);
  const term = document.createElement('dt'), value = document.createElement('dd');
  term.textContent = label;
  value.textContent = '–';
  entry.append(term, value);
  element('legend').append(entry);
  values.set(name, value);
}

export function showNumbers(stats: Stats): void {
  const {sample, network, matte, compose} = stats.times;
  const times: {[name: string]: number} = {sample, network, matte, compose};
  times.copies = Math.max(0, stats.total - sample - network - matte - compose);
  element('fps').textContent = stats.fps.toFixed(0);
  element('total').textContent = stats.total.toFixed(1);
  element('skipped').textContent = String(stats.skipped);
  element('size').textContent = `${stats.width} × ${stats.height}`;
  element('drawn-by').textContent = drawers[stats.backend];
  element('backend-help').textContent = `${drawers[stats.backend]}: ${stats.backendReason}.`;
  for (const [name] of stages) {
    bars.get(name)!.style.flexGrow = times[name].toFixed(2);
    values.get(name)!.textContent = `${times[name].toFixed(1)} ms`;
  }
}

export function clearNumbers(): void {
  for (const id of ['fps', 'total', 'skipped', 'size', 'drawn-by']) element(id).textContent = '–';
  element('backend-help').textContent = '';
  for (const [name] of stages) {
    bars.get(name)!.style.flexGrow = '0';
    values.get(name)!.textContent = '–';
  }
}
