// A session with its background, fed with what browsers call frames. Runs in the worker; one call at a time.
import {Format, FrameMemory, Library, ParsedBackground, Session} from './abi.js';
import type {Backdrop} from './backdrop.js';
import {Backend, BackendName, SlowGpus} from './gpu/backend.js';
import type {Fit} from './gpu/frame_path.js';
import {Backend as BackendChoice, InputSize, Edges, Retouch, ScrimError, Times} from './options.js';
import {isVideoFrame, Picture, sizeOf, timestampOf} from './picture.js';
import {Pixels} from './pixels.js';

export interface Settings {
  inputSize?: InputSize;
  edges?: Edges;
  budget?: number; // milliseconds of a frame's stages; 0: none
  retouch?: Retouch;
}

const defaultHairStrength = 0.8;
const drawnByCpu = 'hair, skin and the room as it is are drawn by the CPU';

export class Engine {
  private session!: Session;
  private readonly pixels: Pixels;
  private transparent = false;
  private applyBackground: (session: Session) => void = (session) => session.setColor(0, 0, 0);
  private picture: FrameMemory | null = null;
  private parsed: ParsedBackground = {kind: 'color', color: [0, 0, 0]};
  private backdrop: Backdrop | null = null; // the background's picture
  private bitmap: ImageBitmap | null = null; // as it is shown
  private bitmapIsNew = false; // the session does not have it yet
  private last: Pick<Fit, 'frame' | 'external'> | null = null; // what the last frame was like
  private fit: Fit | null = null; // that with all settings; null: something changed
  private drawnByGpu = false; // the last frame

  private constructor(
    readonly library: Library,
    private model: Uint8Array,
    private settings: Settings,
    private backend: Backend,
    private readonly slow?: SlowGpus,
  ) {
    this.pixels = new Pixels(library);
  }

  /** The model may still be on its way: the module loads meanwhile. */
  static async open(
    model: Promise<Uint8Array>,
    settings: Settings,
    threads?: number,
    assets?: string,
    backend: BackendChoice = 'cpu',
    slow?: SlowGpus,
  ): Promise<Engine> {
    const [library, bytes] = await Promise.all([Library.load(threads, assets), model]);
    const engine = new Engine(library, bytes, settings, new Backend(backend, library, bytes, slow), slow);
    try {
      engine.configure(settings);
    } catch (error) {
      engine.close();
      throw error;
    }
    return engine;
  }

  /** Where frames are drawn from now on. */
  setBackend(choice: BackendChoice): void {
    this.backend.close();
    this.backend = new Backend(choice, this.library, this.model, this.slow);
    this.backend.setPicture(this.bitmap);
  }
  /** Where they are, and why. */
  backendInUse(): {name: BackendName; reason: string} {
    if (this.wantsCpu()) return {name: 'cpu', reason: drawnByCpu};
    const {name, reason} = this.backend;
    return {name, reason};
  }
  private wantsCpu(): boolean {
    const {hair, smoothSkin = 0} = this.settings.retouch ?? {};
    return this.parsed.kind === 'room' || smoothSkin > 0 || Boolean(hair);
  }

  /** Another model, from the next frame on. On an error everything stays as it was. */
  setModel(model: Uint8Array): void {
    const before = this.model;
    this.model = model;
    try {
      this.configure({});
    } catch (error) {
      this.model = before;
      throw error;
    }
    this.setBackend(this.backend.wanted);
  }

  close(): void {
    this.backend.close();
  }

  /** Changes what is given. On an error everything stays as it was. */
  configure(settings: Settings): void {
    const wanted = {
      inputSize: settings.inputSize ?? this.settings.inputSize,
      edges: {...this.settings.edges, ...settings.edges},
      budget: settings.budget ?? this.settings.budget,
      retouch: {...this.settings.retouch, ...settings.retouch},
    };
    const {inputSize, edges, budget, retouch} = wanted;
    const session = Session.create(this.library, this.model, inputSize, edges, budget);
    try {
      this.applyBackground(session);
      this.applyRetouch(session, retouch);
    } catch (error) {
      session.free();
      throw error;
    }
    this.session?.free();
    this.session = session;
    this.settings = wanted;
    this.fit = null;
  }

  /** Changes what is given of it. On an error everything stays as it was. */
  retouch(change: Retouch): void {
    const wanted = {...this.settings.retouch, ...change};
    try {
      this.applyRetouch(this.session, wanted);
    } catch (error) {
      this.applyRetouch(this.session, this.settings.retouch ?? {});
      throw error;
    }
    this.settings = {...this.settings, retouch: wanted};
  }

  private applyRetouch(session: Session, {hair, smoothSkin = 0}: Retouch): void {
    if (hair) {
      const parsed = this.library.parseBackground(String(hair.color));
      if (parsed.kind !== 'color') throw new ScrimError(`hair: color is #rrggbb; '${hair.color}' is not`);
      session.setHairColor(...parsed.color, hair.strength ?? defaultHairStrength);
    } else {
      session.setHairColor(0, 0, 0, 0);
    }
    session.setSkinSmoothing(smoothSkin);
  }

  setBackground(parsed: Exclude<ParsedBackground, {kind: 'image'}>): void {
    switch (parsed.kind) {
      case 'blur':
        this.useBackground((session) => session.setBlur(parsed.strength));
        break;
      case 'color':
        this.useBackground((session) => session.setColor(...parsed.color));
        break;
      case 'transparent':
        this.useBackground((session) => session.setTransparent(), true);
        break;
      case 'room':
        this.useBackground((session) => session.setRoom());
        break;
    }
    this.backdrop?.close();
    this.backdrop = this.bitmap = null;
    this.backend.setPicture(null);
    this.parsed = parsed;
    this.fit = null;
  }

  /** A picture, which is the engine's from now on. */
  setBackdrop(backdrop: Backdrop): void {
    const before = this.backdrop;
    this.backdrop = backdrop;
    this.useBitmap(backdrop.first);
    before?.close();
    if (this.parsed.kind !== 'image') this.fit = null;
    this.parsed = {kind: 'image'};
    if (!this.backend.active) this.showBitmap();
  }

  private useBitmap(bitmap: ImageBitmap): void {
    if (bitmap === this.bitmap) return;
    this.bitmap = bitmap;
    this.bitmapIsNew = true;
    this.backend.setPicture(bitmap);
  }

  // As the background's picture is now, in a frame of this size.
  private async moveBackdrop(frame: InputSize): Promise<void> {
    const {backdrop} = this;
    if (backdrop !== null) this.useBitmap(await backdrop.at(performance.now(), frame));
  }

  /** Brings the background's picture to the session: a GPU has it already, and copies of a video's frames cost. */
  private showBitmap(): void {
    const {bitmap} = this;
    if (bitmap === null || !this.bitmapIsNew) return;
    const {width, height} = bitmap;
    const memory =
      this.picture?.holds(Format.RGBA, width, height) === true
        ? this.picture
        : new FrameMemory(this.library, Format.RGBA, width, height);
    this.pixels.draw(bitmap, memory);
    this.useBackground((session) => session.setPicture(memory), false, memory);
    this.bitmapIsNew = false;
  }

  private useBackground(apply: (session: Session) => void, transparent = false, picture: FrameMemory | null = null) {
    try {
      apply(this.session);
    } catch (error) {
      if (picture !== this.picture) picture?.free();
      throw error;
    }
    if (this.picture !== picture) this.picture?.free();
    this.picture = picture;
    this.transparent = transparent;
    this.applyBackground = apply;
  }

  /**
   * The person of `source` before the background, as a picture of the same kind. Does not close `source`. When the
   * engine refuses the frame, `failure` says why and the picture is the background alone.
   */
  async compose(source: Picture): Promise<{picture: Picture; failure: string | null}> {
    let failure: string | null = null;
    const onCpu = async () => {
      const composed = await this.composeOnCpu(source);
      failure = composed.failure;
      return composed.picture;
    };
    const total = () => Object.values(this.session.times()).reduce((sum, stage) => sum + stage, 0);
    const fit = this.fitFor(source);
    await this.moveBackdrop(fit.frame);
    const rival = {compose: onCpu, milliseconds: total};
    const drawn = this.wantsCpu() ? null : await this.backend.compose(source, fit, rival);
    this.drawnByGpu = drawn !== null && this.backend.active;
    return {picture: drawn ?? (await onCpu()), failure};
  }

  private async composeOnCpu(source: Picture): Promise<{picture: Picture; failure: string | null}> {
    if (this.drawnByGpu) this.session.reset(); // whose last frame was long ago
    this.drawnByGpu = false;
    this.showBitmap();
    const memory = await this.pixels.read(source), out = this.pixels.output(this.transparent);
    let failure: string | null = null;
    try {
      this.session.process(memory, out);
    } catch (error) {
      if (!(error instanceof ScrimError)) throw error;
      failure = error.message;
    }
    return {picture: await this.pixels.write(out, timestampOf(source)), failure};
  }

  private fitFor(source: Picture): Fit {
    const external = isVideoFrame(source), {width, height} = sizeOf(source);
    const {last} = this;
    if (last?.external !== external || last.frame.width !== width || last.frame.height !== height) {
      this.last = {frame: {width, height}, external};
      this.fit = null;
    }
    return this.currentFit(this.last!);
  }

  // Made anew where anything changed.
  private currentFit(last: Pick<Fit, 'frame' | 'external'>): Fit {
    const {inputSize, edges} = this.settings;
    return (this.fit ??= {...last, params: {inputSize, edges}, background: this.parsed});
  }

  /** The background alone, as the last frame was; null before there was one. */
  async background(timestamp: number): Promise<Picture | null> {
    const {last, pixels} = this;
    if (last !== null) {
      await this.moveBackdrop(last.frame);
      const drawn = this.wantsCpu() ? null : await this.backend.background(timestamp, this.currentFit(last));
      if (drawn !== null) return drawn;
      // No frame has been on the CPU yet.
      if (pixels.last === null) pixels.expect(last.frame.width, last.frame.height, last.external);
    }
    if (pixels.last === null) return null;
    this.showBitmap();
    const out = pixels.output(this.transparent);
    this.session.drawBackground(out);
    return pixels.write(out, timestamp);
  }

  /** plane: of a model that has it, instead of the person. */
  async segment(source: Picture, plane?: string): Promise<{width: number; height: number; data: Uint8Array}> {
    const memory = await this.pixels.read(source), {width, height} = memory;
    const data = plane === undefined ? this.session.segment(memory) : this.session.segmentPlane(memory, plane);
    return {width, height, data};
  }

  /** The next picture has nothing to do with the last one. */
  reset(): void {
    this.session.reset();
    this.backend.reset();
  }
  inputSize(): InputSize {
    return this.drawnByGpu ? this.backend.networkSize() : this.session.inputSize();
  }
  times(): Times {
    return this.drawnByGpu ? this.backend.times() : this.session.times();
  }
}
