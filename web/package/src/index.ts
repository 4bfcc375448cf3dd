export {Segmenter} from './segmenter.js';
export type {Alpha, AlphaOptions, ComposeOptions, SegmentOptions} from './segmenter.js';
export {VirtualBackground} from './virtual_background.js';
export type {VirtualBackgroundOptions, VirtualBackgroundEvents} from './virtual_background.js';
export {ScrimError} from './options.js';
export type {Backend, Background, BackgroundFit, InputSize, Edges, EngineOptions, Hair, ModelSource, Retouch, Times} from './options.js';
export type {Stats} from './stream.js';
export {whyUnsupported, threadsHere} from './abi.js';
