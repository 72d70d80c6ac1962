/** What is drawn over the points: lines, arrows, rings, and which words are named in any case. */

/** A point, or where the sum of points lies: on a linear map, that of the words' sum. */
export type Place = number | { readonly plus: readonly number[]; readonly minus: readonly number[] };

export type Tone = "accent" | "second" | "ink";

export interface Link {
  readonly from: Place;
  readonly to: Place;
  /** 0 to 1: a cosine. */
  readonly weight: number;
  readonly tone: Tone;
}

export interface Arrow {
  readonly from: Place;
  readonly to: Place;
  readonly tone: Tone;
  readonly isDashed: boolean;
}

export interface Picture {
  /** The words asked about. */
  readonly focus: readonly { readonly index: number; readonly tone: Tone }[];
  readonly links: readonly Link[];
  /** Drawn one after the other. */
  readonly arrows: readonly Arrow[];
  /** Words that stand out. */
  readonly bright: readonly number[];
}

export const NOTHING: Picture = { focus: [], links: [], arrows: [], bright: [] };

export interface Caption {
  readonly text: string;
  readonly at: readonly [number, number];
  readonly color: string;
}

/** The colours of the page that a canvas needs. */
export interface Ink {
  readonly paper: string;
  readonly ink: string;
  readonly muted: string;
  readonly accent: string;
  readonly second: string;
}

export function inkOf(element: Element): Ink {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    paper: read("paper"),
    ink: read("ink"),
    muted: read("muted"),
    accent: read("accent"),
    second: read("second"),
  };
}

/** Red, green and blue of a colour written as #rrggbb. */
export function rgbOf(color: string): [number, number, number] {
  const number = parseInt(color.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}
