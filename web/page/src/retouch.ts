// Hair of another colour and smoother skin: their controls, and the model that both need.
import type {Retouch, VirtualBackground} from 'scrim-web';
import partsModel from 'scrim-web/dist/parts.int8.scrim?url';

const colours = [
  {id: 'own', label: 'Own'},
  {id: '#1c1a19', label: 'Black'},
  {id: '#7a3b12', label: 'Auburn'},
  {id: '#b5622d', label: 'Copper'},
  {id: '#c8a468', label: 'Blond'},
  {id: '#9a9a98', label: 'Grey'},
  {id: '#d06a9a', label: 'Pink'},
  {id: 'other', label: 'Other'},
];

const element = (id: string) => document.getElementById(id)!;
const input = (id: string) => element(id) as HTMLInputElement;

let chosen = 'own';

export function retouch(): Retouch {
  const color = chosen === 'other' ? input('hair-color').value : chosen;
  return {
    hair: chosen === 'own' ? null : {color, strength: Number(input('hair-strength').value)},
    smoothSkin: Number(input('smooth-skin').value),
  };
}

/** What VirtualBackground.start is to be given. */
export function retouchOptions(): {model?: string; retouch?: Retouch} {
  const {hair, smoothSkin} = retouch();
  return hair !== null || smoothSkin! > 0 ? {model: partsModel, retouch: retouch()} : {};
}

const knowing = new WeakSet<VirtualBackground>(); // those that have the model

/** Shows in a running one what the controls say. */
export async function applyRetouch(running: VirtualBackground): Promise<void> {
  const {model} = retouchOptions();
  if (model !== undefined && !knowing.has(running)) {
    await running.setModel(model);
    knowing.add(running);
  }
  if (knowing.has(running)) await running.retouch(retouch());
}

export function startedWithRetouch(running: VirtualBackground): void {
  if (retouchOptions().model !== undefined) knowing.add(running);
}

/** `changed` is called whenever a control was moved. */
export function buildRetouch(changed: () => void): void {
  for (const {id, label} of colours) {
    const swatch = document.createElement('label');
    swatch.className = 'swatch';
    const radio = document.createElement('input');
    radio.type = 'radio';
    radio.name = 'hair';
    radio.value = id;
    radio.checked = id === chosen;
    if (id === 'own') radio.style.setProperty('--sign', '"–"');
    radio.style.setProperty('--look', id === 'own' ? 'transparent' : id === 'other' ? input('hair-color').value : id);
    radio.addEventListener('change', () => {
      chosen = id;
      element('hair-color-row').hidden = id !== 'other';
      changed();
    });
    swatch.append(radio, label);
    element('hair').append(swatch);
    if (id === 'other') {
      input('hair-color').addEventListener('input', () => {
        radio.style.setProperty('--look', input('hair-color').value);
        changed();
      });
    }
  }
  for (const id of ['hair-strength', 'smooth-skin']) {
    input(id).addEventListener('input', () => {
      element(`${id}-value`).textContent = input(id).value;
      changed();
    });
  }
}
