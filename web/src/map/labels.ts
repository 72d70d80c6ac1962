/** Words beside their points, the important ones first, each where it covers no other. */

import { cut, visible } from "../dom.ts";
import type { Camera } from "./camera.ts";
import type { Caption, Ink, Tone } from "./picture.ts";

const SERIF = '"Iowan Old Style", "Palatino Linotype", Palatino, "Source Serif 4", "Noto Serif", "DejaVu Serif Condensed", Georgia, serif';
const LONGEST = 28;
const SQUARE = 8;
const ROOM = 8500; // pixels² for each label
const TRIED = 4000;
const FADE = 180; // ms
const HASTY = 30; // names while the machine can't keep up, without a halo

interface Label {
  readonly index: number;
  readonly text: string;
  readonly font: string;
  readonly size: number;
  readonly width: number;
  readonly tone: Tone;
  readonly isNamed: boolean;
}

export interface Named {
  readonly index: number;
  readonly tone: Tone;
  readonly isFocus: boolean;
}

export class Labels {
  #placed = new Map<number, Label>();
  readonly #shown = new Map<number, { label: Label; alpha: number }>();
  #captions: readonly (Caption & { readonly width: number })[] = [];
  #drawn = 0;
  readonly #widths = new Map<string, number>();

  /** Choose which words are named in this view. */
  place(
    context: CanvasRenderingContext2D,
    camera: Camera,
    points: Float32Array,
    keys: readonly string[],
    named: readonly Named[],
    captions: readonly Caption[],
    covered: readonly (readonly [number, number, number, number])[],
  ): void {
    const room = new Room(camera);
    for (const [x, y, width, height] of covered) room.take(x, y, width, height, true);
    const placed = new Map<number, Label>();
    const put = (label: Label, isForced: boolean): boolean => {
      const [x, y] = camera.toScreen(points[2 * label.index], points[2 * label.index + 1]);
      const isFree = room.take(x + 4, y - label.size * 0.75, label.width + 8, label.size * 1.4, isForced);
      if (isFree) placed.set(label.index, label);
      return isFree;
    };
    for (const { index, tone, isFocus } of named) {
      if (index < keys.length) put(this.#label(context, index, keys[index], isFocus ? 21 : 14.5, tone, true), isFocus);
    }
    this.#captions = captions
      .map((caption) => ({ ...caption, width: this.#width(context, captionFont(), caption.text) }))
      .filter(({ at, width }) => {
        const [x, y] = camera.toScreen(at[0], at[1]);
        return room.take(x - width / 2 - 6, y - 12, width + 12, 24, false);
      });
    const most = Math.min(keys.length, named.length + Math.ceil((camera.width * camera.height) / ROOM));
    const quiet = named.length > 1; // one alone may be what the mouse is over
    let tried = 0;
    for (let i = 0; i < keys.length && placed.size < (quiet ? most / 3 : most) && tried < TRIED; i++) {
      if (placed.has(i)) continue;
      const [x, y] = camera.toScreen(points[2 * i], points[2 * i + 1]);
      if (!room.isVisible(x, y)) continue;
      tried += 1;
      const size = 11.5 + 4 * (1 - Math.log(i + 2) / Math.log(keys.length + 2));
      put(this.#label(context, i, keys[i], Math.round(size * 2) / 2, "ink", false), false);
    }
    this.#placed = placed;
  }

  /** Draw them where their points are now; true while some are still coming or going. */
  draw(
    context: CanvasRenderingContext2D,
    camera: Camera,
    at: (index: number) => readonly [number, number],
    ink: Ink,
    isStill: boolean,
    isQuiet: boolean,
    isHasty: boolean,
  ): boolean {
    let isChanging = false;
    const now = performance.now();
    const step = Math.min(1, (now - this.#drawn) / FADE);
    this.#drawn = now;
    for (const [index, label] of this.#placed) {
      const shown = this.#shown.get(index);
      // A word just asked about is named at once; others come softly.
      this.#shown.set(index, { label, alpha: label.isNamed ? 1 : (shown?.alpha ?? (isStill ? 1 : 0)) });
    }
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.textAlign = "center";
    for (const caption of this.#captions) {
      const [x, y] = camera.toScreen(caption.at[0], caption.at[1]);
      context.font = captionFont();
      write(context, caption.text, x, y, caption.color, ink.paper, 1, isHasty ? 0 : 5);
    }
    context.textAlign = "left";
    let plain = 0;
    for (const [index, entry] of this.#shown) {
      const goal = this.#placed.has(index) ? 1 : 0;
      entry.alpha = isStill ? goal : Math.max(0, Math.min(1, entry.alpha + (goal ? step : -step)));
      if (entry.alpha !== goal) isChanging = true;
      if (entry.alpha === 0) {
        if (goal === 0) this.#shown.delete(index);
        continue;
      }
      const { label } = entry;
      const [x, y] = at(index);
      const isPlain = !label.isNamed;
      if (isPlain && isHasty && ++plain > HASTY) continue;
      const strength = isPlain ? (isQuiet ? 0.6 : 0.82) : 1;
      context.font = label.font;
      write(context, label.text, x + (label.size > 17 ? 13 : 8), y, ink[label.tone], ink.paper, entry.alpha * strength, isHasty ? 0 : 3.5);
    }
    return isChanging;
  }

  #label(
    context: CanvasRenderingContext2D,
    index: number,
    key: string,
    size: number,
    tone: Tone,
    isNamed: boolean,
  ): Label {
    const text = visible(cut(key, LONGEST));
    const font = `${size > 17 ? "600 " : ""}${size}px ${SERIF}`;
    return { index, text, font, size, tone, isNamed, width: this.#width(context, font, text) };
  }

  #width(context: CanvasRenderingContext2D, font: string, text: string): number {
    const name = `${font}\n${text}`;
    let width = this.#widths.get(name);
    if (width === undefined) {
      context.font = font;
      width = context.measureText(text).width;
      if (this.#widths.size > 20_000) this.#widths.clear();
      this.#widths.set(name, width);
    }
    return width;
  }
}

function captionFont(): string {
  return `italic 600 15px ${SERIF}`;
}

function write(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  color: string,
  paper: string,
  alpha: number,
  halo: number,
): void {
  if (halo > 0) {
    context.globalAlpha = alpha * 0.85;
    context.strokeStyle = paper;
    context.lineWidth = halo;
    context.strokeText(text, x, y);
  }
  context.globalAlpha = alpha;
  context.fillStyle = color;
  context.fillText(text, x, y);
  context.globalAlpha = 1;
}

/** Which squares of the window are written on. */
class Room {
  readonly #columns: number;
  readonly #rows: number;
  readonly #taken: Uint8Array;
  readonly #camera: Camera;

  constructor(camera: Camera) {
    this.#camera = camera;
    this.#columns = Math.ceil(camera.width / SQUARE);
    this.#rows = Math.ceil(camera.height / SQUARE);
    this.#taken = new Uint8Array(this.#columns * this.#rows);
  }

  isVisible(x: number, y: number): boolean {
    const { width, height, padding } = this.#camera;
    return x >= 0 && x < width - padding.right - 30 && y >= 0 && y < height - padding.bottom;
  }

  /** Take a rectangle if it is free, or in any case. */
  take(x: number, y: number, width: number, height: number, isForced: boolean): boolean {
    const left = Math.max(0, Math.floor(x / SQUARE));
    const right = Math.min(this.#columns - 1, Math.floor((x + width) / SQUARE));
    const top = Math.max(0, Math.floor(y / SQUARE));
    const bottom = Math.min(this.#rows - 1, Math.floor((y + height) / SQUARE));
    if (right < left || bottom < top) return false;
    if (!isForced) {
      for (let row = top; row <= bottom; row++) {
        for (let column = left; column <= right; column++) {
          if (this.#taken[row * this.#columns + column]) return false;
        }
      }
    }
    for (let row = top; row <= bottom; row++) {
      this.#taken.fill(1, row * this.#columns + left, row * this.#columns + right + 1);
    }
    return true;
  }
}
