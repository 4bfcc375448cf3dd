import type {EngineOptions} from '../options.js';
import {Segmenter} from '../segmenter.js';

/**
 * A transform for pages that have streams of frames of their own (W3C mediacapture-transform):
 *
 *     const transform = await frameTransform({background: 'blur'});
 *     processor.readable.pipeThrough(transform).pipeTo(generator.writable);
 *
 * Frames that fail are left out. Closing the stream ends the engine.
 */
export async function frameTransform(
  {background = 'blur', ...options}: EngineOptions & {background?: string | ImageBitmapSource} = {},
): Promise<TransformStream<VideoFrame, VideoFrame>> {
  const segmenter = await Segmenter.create(options);
  return new TransformStream({
    async transform(frame, controller) {
      const drawn = await segmenter.compose(frame, background, {follows: true}).catch(() => null);
      frame.close();
      if (drawn !== null) controller.enqueue(drawn);
    },
    flush: () => segmenter.close(),
    cancel: () => segmenter.close(),
  } as Transformer<VideoFrame, VideoFrame>);
}
