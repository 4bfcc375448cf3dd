import type {EngineOptions} from '../options.js';
import {Segmenter} from '../segmenter.js';

/** What addProcessor() of a track wants to know beside the processor. */
export const processorOptions = {
  inputFrameBufferType: 'video',
  outputFrameBufferContextType: 'bitmaprenderer',
} as const;

/**
 * A video processor for twilio-video, version 2:
 *
 *     const processor = await ScrimVideoProcessor.create({background: 'blur'});
 *     localVideoTrack.addProcessor(processor, processorOptions);
 */
export class ScrimVideoProcessor {
  private constructor(
    private readonly segmenter: Segmenter,
    /** For the frames from now on. */
    public background: string | ImageBitmapSource,
  ) {}

  static async create(
    {background = 'blur', ...options}: EngineOptions & {background?: string | ImageBitmapSource} = {},
  ): Promise<ScrimVideoProcessor> {
    return new ScrimVideoProcessor(await Segmenter.create(options), background);
  }

  /** Draws the person before the background; nothing, where that fails. */
  async processFrame(input: ImageBitmapSource, output: HTMLCanvasElement): Promise<void> {
    const context = output.getContext('bitmaprenderer')!;
    const drawn = await this.segmenter.compose(input, this.background, {follows: true}).catch(() => null);
    context.transferFromImageBitmap(drawn as ImageBitmap | null);
  }

  /** After removeProcessor(). */
  close(): void {
    this.segmenter.close();
  }
}
