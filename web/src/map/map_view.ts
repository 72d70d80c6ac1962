/** A map of words: points, names and pictures over them, and what one does with it. */

import { h } from "../dom.ts";
import { Camera, type Padding, type View } from "./camera.ts";
import { type GestureTarget, listen } from "./gestures.ts";
import { Labels, type Named } from "./labels.ts";
import { drawLasso, drawPicture } from "./overlay.ts";
import { type Caption, type Ink, inkOf, NOTHING, type Picture, type Place, rgbOf } from "./picture.ts";
import { Grid, inside, normalized } from "./points.ts";
import { Pace } from "./pace.ts";
import { RasterScene } from "./raster_scene.ts";
import type { Scene } from "./scene.ts";
import { WebglScene } from "./webgl_scene.ts";

const MORPH = 1100;
const REACH = 14;
const PLACING = 140; // ms between two choices of names while the map moves

export interface MapListener {
  picked(index: number): void;
  lassoed(indices: number[]): void;
  moved(): void;
}

const REDUCED = matchMedia("(prefers-reduced-motion: reduce)");

export class MapView implements GestureTarget {
  readonly element: HTMLElement;
  readonly camera = new Camera();
  isLassoing = false;
  keys: readonly string[] = [];
  /** Left, top, width and height of what lies over the map: no word is written there. */
  covered: readonly (readonly [number, number, number, number])[] = [];

  readonly #points = h("canvas", { class: "points", "aria-hidden": "true" });
  readonly #over = h("canvas", {
    class: "over",
    tabindex: "0",
    role: "application",
    "aria-roledescription": "map of words",
  });
  readonly #context: CanvasRenderingContext2D;
  readonly #scene: Scene;
  readonly #labels = new Labels();
  readonly #listener: MapListener;

  #before = new Float32Array();
  #after = new Float32Array();
  #morphed = -Infinity;
  #grid: Grid | null = null;
  #picture: Picture = NOTHING;
  #pictured = -Infinity;
  #captions: readonly Caption[] = [];
  #hovered = -1;
  #lasso: readonly (readonly [number, number])[] = [];
  #ink: Ink;
  #isAsked = false;
  #seen: View = { x: 0, y: 0, scale: 0 };
  readonly #pace = new Pace(() => {
    this.changed();
  });
  #placed = -Infinity;
  #isPlacingDue = true;

  constructor(name: string, listener: MapListener) {
    this.#listener = listener;
    this.#over.setAttribute(
      "aria-label",
      `Map of the words of ${name}. Arrow keys move it, plus and minus zoom; search finds a word.`,
    );
    const title = h("p", { class: "title", "aria-hidden": "true" }, name);
    this.element = h("section", { class: "map", "aria-label": name }, this.#points, this.#over, title);
    const scene = WebglScene.on(this.#points);
    // Over points of its own one canvas is enough, and an opaque one takes the processor half the time to show.
    const context = this.#over.getContext("2d", scene === null ? { alpha: false, desynchronized: true } : {});
    if (context === null) throw new Error("this browser has no canvas to draw on");
    this.#context = context;
    this.#scene = scene ?? new RasterScene(context);
    this.#points.hidden = this.#scene.isOver;
    this.#ink = this.#inked();
    listen(this.#over, this);
  }

  /** Whether no frame is to come. */
  get isStill(): boolean {
    return !this.#isAsked;
  }

  get count(): number {
    return this.#after.length / 2;
  }

  focus(): void {
    this.#over.focus();
  }

  /** Lay the points out; from the second time on they move to their new places. */
  lay(points: Float32Array): void {
    const after = normalized(points);
    const isFirst = this.#after.length !== after.length;
    this.#before = isFirst ? after : this.#now();
    this.#after = after;
    this.#morphed = isFirst || REDUCED.matches ? -Infinity : performance.now();
    this.#grid = new Grid(after);
    this.#scene.places = { before: this.#before, after };
    if (isFirst) this.#scene.emphasis = new Uint8Array(after.length / 2);
    this.#renew();
  }

  set colors(colors: Uint8Array) {
    this.#scene.colors = colors;
    this.changed();
  }

  set captions(captions: readonly Caption[]) {
    this.#captions = captions;
    this.#renew();
  }

  set picture(picture: Picture) {
    this.#picture = picture;
    this.#pictured = REDUCED.matches ? -Infinity : performance.now();
    const emphasis = new Uint8Array(this.count);
    for (const index of picture.bright) if (index < emphasis.length) emphasis[index] = 255;
    this.#scene.emphasis = emphasis;
    this.#renew();
  }

  /** Where a point lies on the laid-out map. */
  place(index: number): [number, number] {
    return [this.#after[2 * index], this.#after[2 * index + 1]];
  }

  takeInk(): void {
    this.#ink = this.#inked();
    this.changed();
  }

  #inked(): Ink {
    const ink = inkOf(document.documentElement);
    this.#scene.paper = rgbOf(ink.paper);
    return ink;
  }

  resize(padding: Padding): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    const ratio = this.#scene.isOver ? 1 : Math.min(2, devicePixelRatio); // the processor draws four times as long
    for (const canvas of [this.#points, this.#over]) {
      canvas.width = Math.max(1, Math.round(width * ratio));
      canvas.height = Math.max(1, Math.round(height * ratio));
    }
    this.camera.resize(Math.max(1, width), Math.max(1, height), padding);
    this.#renew();
  }

  show(view: View): void {
    this.camera.set(view);
    this.#renew();
  }

  /** Fly where all of these points are seen, unless they are seen well already. */
  flyTo(indices: readonly number[]): void {
    const drawn = indices.filter((index) => index >= 0 && index < this.count);
    if (drawn.length === 0) return;
    const xs = drawn.map((index) => this.#after[2 * index]);
    const ys = drawn.map((index) => this.#after[2 * index + 1]);
    const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)] as const;
    const least = 0.5 / Math.max(1, Math.sqrt(this.count / 400));
    const [wide, high] = [Math.max(least, box[2] - box[0]) / 2, Math.max(least, box[3] - box[1]) / 2];
    const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    const margin = 1.25;
    const goal = this.camera.around([x - wide * margin, y - high * margin, x + wide * margin, y + high * margin]);
    this.camera.fly(goal, REDUCED.matches ? 0 : undefined);
    this.#renew();
  }

  fit(): void {
    this.camera.fit(REDUCED.matches ? 0 : undefined);
    this.#renew();
  }

  zoomBy(factor: number, at: readonly [number, number] = this.#center()): void {
    const { view } = this.camera;
    this.camera.zoomAt(factor, at[0], at[1]);
    const goal = this.camera.view;
    this.camera.set(view);
    this.camera.fly(goal, REDUCED.matches ? 0 : 260);
    this.#renew();
  }

  /** The points in the window, and not under the panel. */
  seen(): number[] {
    const { padding, width, height } = this.camera;
    const found: number[] = [];
    for (let i = 0; i < this.count; i++) {
      const [x, y] = this.camera.toScreen(this.#after[2 * i], this.#after[2 * i + 1]);
      if (x >= padding.left && x <= width - padding.right && y >= padding.top && y <= height - padding.bottom)
        found.push(i);
    }
    return found;
  }

  /** The map as it is seen now. */
  async image(): Promise<Blob> {
    this.#draw(performance.now());
    const canvas = h("canvas", { width: this.#over.width, height: this.#over.height });
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("this browser has no canvas to draw on");
    context.fillStyle = this.#ink.paper;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(this.#points, 0, 0);
    context.drawImage(this.#over, 0, 0);
    return new Promise((resolve, reject) => {
      canvas.toBlob((blob) => {
        if (blob === null) reject(new Error("the picture is too large for this browser"));
        else resolve(blob);
      });
    });
  }

  // --- gestures ------------------------------------------------------------------------------

  changed(): void {
    this.#isPlacingDue = true;
    this.#ask();
  }

  hover(x: number, y: number): void {
    const index = this.#at(x, y);
    if (index === this.#hovered) return;
    this.#hovered = index;
    this.#over.style.cursor = index >= 0 ? "pointer" : "";
    this.#renew();
  }

  leave(): void {
    this.hover(-1e6, -1e6);
  }

  pick(x: number, y: number): void {
    const index = this.#at(x, y);
    if (index >= 0) this.#listener.picked(index);
  }

  lasso(line: readonly (readonly [number, number])[], isDone: boolean): void {
    this.#lasso = isDone ? [] : line;
    this.changed();
    if (!isDone || line.length < 3) return;
    this.#listener.lassoed(inside(this.#after, line.flatMap(([x, y]) => this.camera.toMap(x, y))));
  }

  #at(x: number, y: number): number {
    if (this.#grid === null) return -1;
    return this.#grid.nearest(...this.camera.toMap(x, y), REACH / this.camera.view.scale);
  }

  #center(): readonly [number, number] {
    const { width, height, padding } = this.camera;
    return [(width + padding.left - padding.right) / 2, (height + padding.top - padding.bottom) / 2];
  }

  // --- drawing -------------------------------------------------------------------------------

  /** Choose names anew at the next frame. */
  #renew(): void {
    this.#placed = -Infinity;
    this.changed();
  }

  #ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame((now) => {
      this.#isAsked = false;
      this.#draw(now);
      this.#listener.moved();
    });
  }

  #draw(now: number): void {
    const moved = Math.min(1, Math.max(0, (now - this.#morphed) / MORPH));
    const eased = moved * moved * (3 - 2 * moved);
    this.camera.advance(now);
    // Where most words stand out, none does.
    const isBright = this.#picture.bright.length > 0 && this.#picture.bright.length < this.count / 2;
    const { view } = this.camera;
    const isMoving = moved < 1 || view.x !== this.#seen.x || view.y !== this.#seen.y || view.scale !== this.#seen.scale;
    this.#seen = view;
    const drawn = this.#scene.isOver ? this.count : this.#pace.count(this.count, isMoving, now);
    const context = this.#context;
    const ratio = this.#over.width / this.camera.width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.camera.width, this.camera.height);
    this.#scene.draw(this.camera, eased, isBright ? 0.3 : 1, drawn);
    const at = (place: Place): readonly [number, number] => this.#onScreen(place, eased);
    const isGrowing = drawPicture(context, this.#picture, at, this.#ink, now - this.#pictured);
    if (this.#isPlacingDue && moved === 1 && now - this.#placed > PLACING) {
      const captions = isBright ? [] : this.#captions; // would be taken for answers
      this.#labels.place(context, this.camera, this.#after, this.keys, this.#named(), captions, this.covered);
      this.#placed = now;
      this.#isPlacingDue = false;
    }
    const isFading = this.#labels.draw(context, this.camera, at, this.#ink, REDUCED.matches, isBright, drawn < this.count);
    drawLasso(context, this.#lasso, this.#ink);
    if (this.camera.isMoving || moved < 1) this.#isPlacingDue = true;
    if (isGrowing || isFading || this.#isPlacingDue) this.#ask();
  }

  #named(): Named[] {
    const named: Named[] = this.#picture.focus
      .filter(({ index }) => index < this.count)
      .map(({ index, tone }) => ({ index, tone, isFocus: true }));
    const seen = new Set(named.map(({ index }) => index));
    if (this.#hovered >= 0 && !seen.has(this.#hovered)) {
      named.push({ index: this.#hovered, tone: "ink", isFocus: true });
      seen.add(this.#hovered);
    }
    for (const index of this.#picture.bright.slice(0, 100)) {
      if (index < this.count && !seen.has(index)) named.push({ index, tone: "ink", isFocus: false });
    }
    return named;
  }

  #onScreen(place: Place, moved: number): readonly [number, number] {
    if (typeof place === "number") return this.camera.toScreen(...this.#between(place, moved));
    let [x, y] = [0, 0];
    for (const [indices, sign] of [[place.plus, 1], [place.minus, -1]] as const) {
      for (const index of indices) {
        const [px, py] = this.#between(index, moved);
        x += sign * px;
        y += sign * py;
      }
    }
    return this.camera.toScreen(x, y);
  }

  #between(index: number, moved: number): [number, number] {
    const [b, a] = [this.#before, this.#after];
    return [
      b[2 * index] + (a[2 * index] - b[2 * index]) * moved,
      b[2 * index + 1] + (a[2 * index + 1] - b[2 * index + 1]) * moved,
    ];
  }

  #now(): Float32Array<ArrayBuffer> {
    const moved = Math.min(1, Math.max(0, (performance.now() - this.#morphed) / MORPH));
    const eased = moved * moved * (3 - 2 * moved);
    return this.#after.map((value, k) => this.#before[k] + (value - this.#before[k]) * eased);
  }
}
