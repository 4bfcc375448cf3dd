import './style.css';
import {Backend, Background, VirtualBackground} from 'scrim-web';
import {backgroundOf, choices, openFile, readAhead} from './backgrounds';
import {clearNumbers, showNumbers} from './numbers';
import {applyRetouch, buildRetouch, retouchOptions, startedWithRetouch} from './retouch';
import {cameraSize, openCamera, openSample, Source} from './source';
import {keepUpToDate} from './update';

const element = <Type extends HTMLElement>(id: string) => document.getElementById(id) as Type;
const input = (id: string) => element<HTMLInputElement>(id);

// The sides that the network may get; the model was made for the one in the middle.
const inputSizes = [[128, 72], [160, 96], [192, 112], [256, 144], [320, 176], [384, 216], [512, 288]];
const sweetSpot = 3;
// Of 33 ms between frames, what leaves the rest of the page some air.
const budget = 25;

const stage = element('stage');
const before = element<HTMLVideoElement>('before');
const after = element<HTMLCanvasElement>('after');

let source: Source | null = null;
let virtual: VirtualBackground | null = null;
let own: Background | null = null;
let chosen = 'coast';
let turn = 0; // counts starts and stops: a start that was overtaken gives up

function say(text: string): void {
  element('status').textContent = text;
}

function complain(error: unknown): void {
  const problem = element('problem');
  problem.textContent = error instanceof Error ? sentence(error.message) : String(error);
  problem.hidden = false;
}

const sentence = (text: string) => text + (/[.!?]$/.test(text) ? '' : '.');

function background(): Background {
  return backgroundOf(chosen, {blur: input('blur').value, color: input('color').value, own}) ?? 'blur';
}
// As the slider says; upright for a phone that is held so.
function inputSize() {
  const [long, short] = inputSizes[Number(input('input-size').value)];
  return before.videoHeight > before.videoWidth ? {width: short, height: long} : {width: long, height: short};
}
const edgeSwitches = ['refineEdges', 'stabilise', 'removeIslands', 'decontaminateEdges'] as const;
const edges = () => Object.fromEntries(edgeSwitches.map((id) => [id, input(id).checked]));

const select = (id: string) => element(id) as HTMLSelectElement;
const backend = () => select('backend').value as Backend;
function askedSize(): MediaTrackConstraints {
  const [width, height] = select('camera-size').value.split('x').map(Number);
  return cameraSize(width, height);
}

/** Runs what a control asks for; what goes wrong is said, and the old setting stays. */
async function apply(change: (running: VirtualBackground) => Promise<unknown>): Promise<void> {
  if (virtual === null) return;
  element('problem').hidden = true;
  try {
    await change(virtual);
  } catch (error) {
    complain(error);
  }
}

async function start(kind: Source['kind']): Promise<void> {
  stop('');
  const mine = ++turn;
  element('problem').hidden = true;
  element('veil').textContent = kind === 'camera' ? 'Waiting for the camera' : 'Loading';
  const opening = kind === 'camera' ? openCamera(before, askedSize()) : openSample(before);
  const asked = inputSize(); // upright only if the source before was
  let started: VirtualBackground;
  try {
    started = await VirtualBackground.start(opening.then(({track}) => track), {
      background: readAhead(background()),
      inputSize: asked,
      edges: edges(),
      budget: input('adapt').checked ? budget : 0,
      canvas: after,
      backend: backend(),
      ...retouchOptions(),
    });
  } catch (error) {
    opening.then((opened) => opened.stop(), () => {});
    if (mine === turn) {
      stop('');
      complain(error);
    }
    return;
  }
  const opened = await opening;
  if (mine !== turn) {
    started.stop();
    return opened.stop();
  }
  source = opened;
  virtual = started;
  startedWithRetouch(started);
  if (inputSize().width !== asked.width) void apply((running) => running.configure({inputSize: inputSize()}));
  void started.first.then(() => {
    if (virtual !== started) return;
    performance.mark('first-frame');
    stage.classList.remove('idle');
    say(kind === 'camera' ? 'Your camera is on.' : 'The sample clip is playing.');
  });
  started.addEventListener('stats', ({detail}) => {
    showNumbers(detail);
    showInputSize(detail.inputSize);
  });
  started.addEventListener('failure', ({detail}) => complain(detail));
  started.addEventListener('end', () => {
    if (virtual !== started) return;
    stop(kind === 'camera' ? 'The camera has gone.' : 'The clip has ended.');
  });
  stage.classList.toggle('mirrored', kind === 'camera' && input('mirror').checked);
  element('mirror-row').hidden = kind !== 'camera';
  for (const id of ['camera', 'sample'] as const) element(id).setAttribute('aria-pressed', String(id === kind));
  if (document.hidden) void started.pause();
}

function stop(why: string): void {
  ++turn;
  const running = virtual;
  virtual = null;
  running?.stop();
  source?.stop();
  source = null;
  stage.classList.add('idle');
  element('veil').textContent = why || 'Choose your camera or the sample clip.';
  for (const id of ['camera', 'sample']) element(id).setAttribute('aria-pressed', 'false');
  clearNumbers();
  say(why);
}

// A phone was turned.
before.addEventListener('resize', () => void apply((running) => running.configure({inputSize: inputSize()})));

function showInputSize(used?: {width: number; height: number}): void {
  const {width, height} = used ?? inputSize();
  element('input-size-value').textContent = `${width} × ${height}`;
  const {width: wanted} = inputSize();
  input('input-size').setAttribute('aria-valuetext',
    `${wanted} by ${inputSize().height}` + (Number(input('input-size').value) === sweetSpot ? ', the sweet spot' : ''));
}

function buildSwatches(): void {
  for (const {id, label, look} of choices) {
    const swatch = document.createElement('label');
    swatch.className = 'swatch';
    const radio = document.createElement('input');
    radio.type = 'radio';
    radio.name = 'background';
    radio.value = id;
    radio.checked = id === chosen;
    radio.style.setProperty('--look', look);
    radio.addEventListener('change', () => choose(id));
    if (id === 'own') {
      radio.style.setProperty('--sign', '"+"');
      radio.addEventListener('click', () => input('file').click());
    }
    swatch.append(radio, label);
    element('swatches').append(swatch);
  }
}

function choose(id: string): void {
  if (id === 'own' && own === null) return;
  chosen = id;
  showRows();
  void apply((running) => running.setBackground(background()));
}

function showRows(): void {
  element('blur-row').hidden = chosen !== 'blur';
  element('color-row').hidden = chosen !== 'color';
}

function radioOf(id: string): HTMLInputElement {
  return document.querySelector(`input[name=background][value=${id}]`)!;
}

async function takeFile(): Promise<void> {
  const file = input('file').files?.[0];
  if (file === undefined) {
    radioOf(chosen).checked = true;
    return;
  }
  try {
    const opened = await openFile(file);
    own = opened.background;
    radioOf('own').style.setProperty('--look', opened.look);
    radioOf('own').style.removeProperty('--sign');
    radioOf('own').checked = true;
    choose('own');
  } catch (error) {
    radioOf(chosen).checked = true;
    complain(error);
  }
}

function moveSplit(): void {
  const value = Number(input('split').value);
  stage.style.setProperty('--split', `${value}%`);
  stage.classList.toggle('all-after', value < 12);
  stage.classList.toggle('all-before', value > 88);
}

function buildTicks(): void {
  inputSizes.forEach((_, i) => {
    const tick = document.createElement('span');
    tick.style.left = `${(100 * i) / (inputSizes.length - 1)}%`;
    if (i === sweetSpot) {
      tick.className = 'sweet';
      tick.textContent = '▴ sweet spot';
    }
    element('ticks').append(tick);
  });
}

buildSwatches();
buildRetouch(() => void apply(applyRetouch));
buildTicks();
showRows();
showInputSize();
moveSplit();

element('camera').addEventListener('click', () => void start('camera'));
element('sample').addEventListener('click', () => void start('sample'));
element('stop').addEventListener('click', () => stop('Stopped.'));
input('split').addEventListener('input', moveSplit);
input('mirror').addEventListener('change', () => stage.classList.toggle('mirrored', input('mirror').checked));
input('file').addEventListener('change', () => void takeFile());
input('file').addEventListener('cancel', () => (radioOf(chosen).checked = true));
input('blur').addEventListener('input', () => {
  element('blur-value').textContent = input('blur').value;
  void apply((running) => running.setBackground(background()));
});
input('color').addEventListener('input', () => {
  radioOf('color').style.setProperty('--look', input('color').value);
  void apply((running) => running.setBackground(background()));
});
input('input-size').addEventListener('input', () => showInputSize());
for (const id of ['input-size', 'adapt']) {
  input(id).addEventListener('change', () =>
    void apply(async (running) => {
      showInputSize(await running.configure({inputSize: inputSize()}));
      await running.setBudget(input('adapt').checked ? budget : 0);
    }),
  );
}
for (const id of edgeSwitches) {
  input(id).addEventListener('change', () => void apply((running) => running.configure({edges: edges()})));
}
select('backend').addEventListener('change', () => void apply((running) => running.setBackend(backend())));
select('camera-size').addEventListener('change', () => {
  if (source?.kind === 'camera') void source.track.applyConstraints(askedSize()).catch(complain);
});
element('controls').addEventListener('submit', (event) => event.preventDefault());

// Nobody looks at a hidden page.
document.addEventListener('visibilitychange', () =>
  void apply((running) => (document.hidden ? running.pause() : running.resume())),
);

if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  keepUpToDate((reload) => {
    element('update').hidden = false;
    element('reload').onclick = reload;
  }).catch(() => {}); // offline, or private windows that have none
}

stop('');
if (!matchMedia('(prefers-reduced-motion: reduce)').matches) void start('sample');
