/**
 * How many points are drawn while the map moves: all where the machine keeps up, else the frequent words; all of them
 * once it rests.
 */

const SLOW = 45; // ms a frame: below 22 frames a second one sees the steps
const FAST = 24;
const FEWEST = 5000;
const REST = 160;

export class Pace {
  #share = 1;
  #last = 0;
  #due = 0;
  readonly #rested: () => void;

  /** `rested` is told once a movement has ended of which not all was drawn. */
  constructor(rested: () => void) {
    this.#rested = rested;
  }

  /** How many of the points this frame draws. */
  count(points: number, isMoving: boolean, now: number): number {
    clearTimeout(this.#due);
    const elapsed = now - this.#last;
    this.#last = now;
    if (!isMoving) return points;
    // After a rest the time since the last frame says nothing.
    if (elapsed < 1000) {
      if (elapsed > SLOW) this.#share *= 0.7;
      else if (elapsed < FAST) this.#share *= 1.1;
      this.#share = Math.min(1, Math.max(this.#share, FEWEST / Math.max(points, FEWEST)));
    }
    if (this.#share === 1) return points;
    this.#due = setTimeout(this.#rested, REST);
    return Math.ceil(points * this.#share);
  }
}
