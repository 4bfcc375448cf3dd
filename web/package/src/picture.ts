// What comes in and goes out, and what browsers differ in about it.

/** A frame of a track where the browser has those, else a bitmap. Both are transferable. */
export type Picture = VideoFrame | ImageBitmap;

export function isVideoFrame(picture: unknown): picture is VideoFrame {
  return typeof VideoFrame !== 'undefined' && picture instanceof VideoFrame;
}

/** A bitmap has none, and some frames have one that no frame may be made with: WebKit's of a canvas's track. */
export function timestampOf(picture: Picture): number {
  return isVideoFrame(picture) && Number.isSafeInteger(picture.timestamp) ? picture.timestamp : 0;
}

/** As it is shown. */
export function sizeOf(picture: Picture): {width: number; height: number} {
  return isVideoFrame(picture)
    ? {width: picture.displayWidth, height: picture.displayHeight}
    : {width: picture.width, height: picture.height};
}

/** A canvas that nobody sees. Only pages have one where there is no OffscreenCanvas. */
export function hiddenCanvas(width: number, height: number): OffscreenCanvas | HTMLCanvasElement {
  if (typeof OffscreenCanvas !== 'undefined') return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement('canvas'), {width, height});
}

export type Context2D = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;

export function contextOf(canvas: OffscreenCanvas | HTMLCanvasElement, settings?: CanvasRenderingContext2DSettings): Context2D {
  return (canvas as HTMLCanvasElement).getContext('2d', settings)!;
}

/** The canvas may be drawn on anew afterwards. */
export async function bitmapOf(canvas: OffscreenCanvas | HTMLCanvasElement): Promise<ImageBitmap> {
  return 'transferToImageBitmap' in canvas ? canvas.transferToImageBitmap() : createImageBitmap(canvas);
}

// Backgrounds are kept as they come; a camera's whole resolution serves nobody behind a frame of 720 rows.
const maxBackgroundSide = 1920;

/** The bitmap of a background, or a smaller one in its place. */
export async function scaledDown(bitmap: ImageBitmap): Promise<ImageBitmap> {
  const scale = Math.min(1, maxBackgroundSide / Math.max(bitmap.width, bitmap.height));
  if (scale === 1) return bitmap;
  const width = Math.max(1, Math.round(bitmap.width * scale)), height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = hiddenCanvas(width, height);
  contextOf(canvas).drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return bitmapOf(canvas);
}
