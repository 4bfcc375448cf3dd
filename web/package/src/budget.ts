// Chooses the input size that keeps the time of a frame within a budget. The only policy there is in script: an engine that
// adapts by itself takes its place by doing without it.
import {InputSize} from './options.js';

const steps = [0.5, 0.625, 0.75, 0.875, 1]; // of the chosen input size's sides
const window = 12; // frames whose median counts

/** One chosen size and the smaller ones that it may fall back to. */
export class Budget {
  private step = steps.length - 1;
  private times: number[] = [];
  private fitting = 0; // windows in a row in which a larger one would have fitted
  private patience = 2; // how many of those it takes; doubles when going up proved wrong
  private wentUp = false;

  /** milliseconds: what one frame may take. */
  constructor(
    private readonly milliseconds: number,
    private readonly full: InputSize,
  ) {}

  /** The input size from now on, after a frame that took `milliseconds`; null: no change. */
  next(milliseconds: number): InputSize | null {
    this.times.push(milliseconds);
    if (this.times.length < window) return null;
    const median = this.times.sort((a, b) => a - b)[window >> 1];
    this.times = [];
    if (median > this.milliseconds && this.step > 0) {
      if (this.wentUp) this.patience = Math.min(64, 2 * this.patience);
      this.fitting = 0;
      return this.go(-1);
    }
    this.wentUp = false;
    if (this.step + 1 === steps.length) return null;
    const growth = (steps[this.step + 1] / steps[this.step]) ** 2;
    this.fitting = median * growth < 0.9 * this.milliseconds ? this.fitting + 1 : 0;
    if (this.fitting < this.patience) return null;
    this.fitting = 0;
    return this.go(1);
  }

  private go(direction: 1 | -1): InputSize {
    this.wentUp = direction > 0;
    this.step += direction;
    const multipleOf16 = (side: number) => Math.max(16, Math.round((side * steps[this.step]) / 16) * 16);
    return this.step + 1 === steps.length
      ? this.full
      : {width: multipleOf16(this.full.width), height: multipleOf16(this.full.height)};
  }
}
