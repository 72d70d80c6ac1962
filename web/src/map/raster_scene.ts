/**
 * Points drawn by the processor, where there is no graphics card. A processor that acts as one, as browsers have it do
 * then, takes a microsecond a point; to write the few pixels of a point takes a fiftieth of that.
 */

import type { Camera } from "./camera.ts";
import { pointSize, type Rgb, type Scene, weights } from "./scene.ts";

const REACH = 20; // pixels from the middle of the largest point to its border
const MARGIN = 2 * REACH; // around the picture, so that points may lie half outside
const STEP = 0.5; // pixels between two sizes of a point
const SIZES = 76;
const PARTS = 4; // places within a pixel, along each axis, that a point may have its middle at

/** The pixels of a point: how far each is from that of its middle, and how much of it is covered, 0 to 256. */
interface Stamp {
  readonly offsets: Int32Array;
  readonly covered: Uint16Array;
}

export class RasterScene implements Scene {
  readonly isOver = true;
  readonly #context: CanvasRenderingContext2D;
  #image = new ImageData(1, 1);
  #pixels = new Uint32Array(this.#image.data.buffer);
  #stamps: (Stamp | undefined)[] = [];
  #before: Float32Array = new Float32Array();
  #after: Float32Array = new Float32Array();
  #colors: Uint8Array = new Uint8Array();
  #emphasis: Uint8Array = new Uint8Array();
  #weights: Uint8Array = new Uint8Array();
  #paper = 0;

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
  }

  set places({ before, after }: { before: Float32Array; after: Float32Array }) {
    if (this.#after.length !== after.length) this.#weights = weights(after.length / 2);
    this.#before = before;
    this.#after = after;
  }

  set colors(colors: Uint8Array) {
    this.#colors = colors;
  }

  set emphasis(emphasis: Uint8Array) {
    this.#emphasis = emphasis;
  }

  set paper([red, green, blue]: Rgb) {
    this.#paper = 0xff000000 | (blue << 16) | (green << 8) | red;
  }

  draw(camera: Camera, moved: number, faded: number, count: number): void {
    const { width, height } = this.#context.canvas;
    this.#fit(width, height);
    this.#pixels.fill(this.#paper);
    if (this.#colors.length > 0) this.#drawPoints(camera, moved, faded, Math.min(count, this.#weights.length));
    this.#context.putImageData(this.#image, -MARGIN, -MARGIN);
  }

  #drawPoints(camera: Camera, moved: number, faded: number, count: number): void {
    const [b, a, weight, emphasis] = [this.#before, this.#after, this.#weights, this.#emphasis];
    const { width, height } = this.#image;
    const ratio = this.#context.canvas.width / camera.width;
    const scale = camera.view.scale * ratio;
    const left = width / 2 - camera.view.x * scale;
    const top = height / 2 + camera.view.y * scale;
    const [right, bottom] = [width - REACH, height - REACH];
    const { sizes, alphas } = looks(pointSize(weight.length, camera.zoom) * ratio, faded);
    for (let i = 0; i < count; i++) {
      const px = b[2 * i] + (a[2 * i] - b[2 * i]) * moved;
      const py = b[2 * i + 1] + (a[2 * i + 1] - b[2 * i + 1]) * moved;
      const x = left + px * scale;
      const y = top - py * scale;
      if (!(x >= REACH && x < right && y >= REACH && y < bottom)) continue;
      const look = weight[i] + (emphasis[i] > 0 ? 256 : 0);
      const [column, row] = [x | 0, y | 0];
      const part = (((y - row) * PARTS) | 0) * PARTS + (((x - column) * PARTS) | 0);
      this.#print(this.#stamp(sizes[look], part), column + row * width, i, alphas[look]);
    }
  }

  /** Lay the pixels of a point over what is there. */
  #print({ offsets, covered }: Stamp, middle: number, point: number, alpha: number): void {
    const pixels = this.#pixels;
    const colors = this.#colors;
    const redBlue = (colors[3 * point + 2] << 16) | colors[3 * point];
    const green = colors[3 * point + 1] << 8;
    for (let k = 0; k < offsets.length; k++) {
      const at = middle + offsets[k];
      const share = (covered[k] * alpha) >> 8;
      const under = pixels[at];
      // Two colours at a time: each has a byte above it to carry into.
      const rb = (Math.imul(redBlue, share) + Math.imul(under & 0xff00ff, 256 - share)) >>> 8;
      const g = (Math.imul(green, share) + Math.imul(under & 0xff00, 256 - share)) >>> 8;
      pixels[at] = 0xff000000 | (rb & 0xff00ff) | (g & 0xff00);
    }
  }

  #stamp(size: number, part: number): Stamp {
    const place = size * PARTS * PARTS + part;
    return (this.#stamps[place] ??= stamp(
      size * STEP,
      ((part % PARTS) + 0.5) / PARTS,
      (Math.floor(part / PARTS) + 0.5) / PARTS,
      this.#image.width,
    ));
  }

  #fit(width: number, height: number): void {
    const [wide, high] = [width + 2 * MARGIN, height + 2 * MARGIN];
    if (this.#image.width === wide && this.#image.height === high) return;
    this.#image = new ImageData(wide, high);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
    this.#stamps = []; // offsets are of the old width
  }
}

/** The size (in steps) and the strength (0 to 256) of points of each weight; from 256 on, of those that stand out. */
function looks(size: number, faded: number): { sizes: Uint8Array; alphas: Uint16Array } {
  const sizes = new Uint8Array(512);
  const alphas = new Uint16Array(512);
  for (let look = 0; look < 512; look++) {
    const weight = (look & 255) / 255;
    const isBright = look > 255;
    const across = size * (0.85 + 0.9 * weight) * (isBright ? 1.5 : 1);
    sizes[look] = Math.min(SIZES - 1, Math.max(1, Math.round(across / STEP)));
    alphas[look] = isBright ? 256 : Math.round(256 * faded * (0.5 + 0.45 * weight));
  }
  return { sizes, alphas };
}

/** A disc with a soft edge whose middle is at (x, y) of a pixel. */
function stamp(size: number, x: number, y: number, width: number): Stamp {
  const reach = Math.min(REACH, Math.ceil(size / 2));
  const offsets: number[] = [];
  const covered: number[] = [];
  for (let row = -reach; row <= reach; row++) {
    for (let column = -reach; column <= reach; column++) {
      const distance = ((column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2) / size ** 2;
      const edge = Math.min(1, Math.max(0, (0.25 - distance) * 8));
      if (edge === 0) continue;
      offsets.push(column + row * width);
      covered.push(Math.round(256 * edge));
    }
  }
  return { offsets: Int32Array.from(offsets), covered: Uint16Array.from(covered) };
}
