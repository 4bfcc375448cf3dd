// The choices of the fieldset "Background".
import coast from '../../../testdata/backgrounds/coast.jpg?url';
import hall from '../../../testdata/backgrounds/hall.jpg?url';
import valley from '../../../testdata/backgrounds/valley.jpg?url';
import type {Background} from 'scrim-web';

export interface Choice {
  id: string;
  label: string;
  look: string; // CSS
}

const pictureLook = (url: string) => `url(${url}) center / cover`;
const blurLook = 'radial-gradient(at 30% 40%, #d8b48c, transparent 60%), radial-gradient(at 75% 60%, #6d8fa5, #3c4f5e)';
const emptyLook = 'repeating-conic-gradient(#c8c5be 0 25%, #f4f2ee 0 50%) 0 0 / 14px 14px';

export const choices: Choice[] = [
  {id: 'blur', label: 'Blur', look: blurLook},
  {id: 'coast', label: 'Coast', look: pictureLook(coast)},
  {id: 'hall', label: 'Hall', look: pictureLook(hall)},
  {id: 'valley', label: 'Valley', look: pictureLook(valley)},
  {id: 'color', label: 'Colour', look: '#2f6f73'},
  {id: 'transparent', label: 'None', look: emptyLook},
  {id: 'own', label: 'Your own', look: 'linear-gradient(#8883, #8883)'},
];

const pictures: {[id: string]: string} = {coast, hall, valley};

/** What the engine gets for a choice; null: nothing chosen yet, for "own" before there is a file. */
export function backgroundOf(id: string, values: {blur: string; color: string; own: Background | null}): Background | null {
  if (id === 'blur') return `blur:${values.blur}`;
  if (id === 'color') return values.color;
  if (id === 'transparent') return id;
  if (id === 'own') return values.own;
  return pictures[id];
}

/** One of our pictures, read here while the engine is still on its way; all else as it is. */
export async function readAhead(background: Background): Promise<Background> {
  if (typeof background !== 'string' || !Object.values(pictures).includes(background)) return background;
  try {
    return await createImageBitmap(await (await fetch(background)).blob());
  } catch {
    return background; // the engine will say what is wrong
  }
}

/** A picture as it is; a video playing, without sound. Rejects when the browser reads neither. */
export async function openFile(file: File): Promise<{background: Background; look: string}> {
  if (!file.type.startsWith('video/')) {
    const look = URL.createObjectURL(file), image = Object.assign(new Image(), {src: look});
    await image.decode().catch(() => {
      throw new Error(`${file.name} is no picture that this browser can read.`);
    });
    return {background: file, look: pictureLook(look)}; // which may move
  }
  const video = document.createElement('video');
  video.muted = true;
  video.loop = true;
  video.playsInline = true;
  video.src = URL.createObjectURL(file);
  await video.play().catch(() => {
    throw new Error(`${file.name} is no video that this browser can play.`);
  });
  return {background: video, look: 'linear-gradient(135deg, #8b6fb0, #32506b)'};
}
