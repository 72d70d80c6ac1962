/** The points themselves: what draws them, and how large each is. */

import type { Camera } from "./camera.ts";

export type Rgb = readonly [number, number, number];

export interface Scene {
  /** Whether points are drawn where the names are, and not on a canvas below. */
  readonly isOver: boolean;
  /** Where the points lie, and where they lay before: x, y, x, y, … */
  set places(places: { before: Float32Array; after: Float32Array });
  /** Red, green, blue of each point, 0 to 255. */
  set colors(colors: Uint8Array);
  /** 255 for the points that stand out, else 0. */
  set emphasis(emphasis: Uint8Array);
  /** What is behind the points. */
  set paper(paper: Rgb);
  /** Draw the first so many points, a share `moved` of the way to their places, those that don't stand out `faded`. */
  draw(camera: Camera, moved: number, faded: number, count: number): void;
}

/** Frequent words are larger, but no more than twice the rare ones: 255 for the first, 0 for the last. */
export function weights(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, index) => 255 * (1 - Math.log(index + 1) / Math.log(count + 2)));
}

/** Pixels across: many points are small, and grow as one comes nearer. */
export function pointSize(count: number, zoom: number): number {
  const few = Math.max(2.2, Math.min(8, 26 / Math.max(1, Math.log10(count + 1)) ** 1.35 - 0.6));
  return Math.min(13, few * Math.max(1, zoom) ** 0.36);
}
