/** Points of a map: brought to one size, and found by place. */

/** Shift and scale points so that nearly all lie within a radius of 1 of the middle. */
export function normalized(points: Float32Array): Float32Array<ArrayBuffer> {
  const n = points.length / 2;
  const result = new Float32Array(points.length);
  if (n === 0) return result;
  const x = middle(points, 0);
  const y = middle(points, 1);
  const radii = new Float32Array(n);
  for (let i = 0; i < n; i++) radii[i] = Math.hypot(points[2 * i] - x, points[2 * i + 1] - y);
  radii.sort();
  const radius = radii[Math.floor(0.985 * (n - 1))] || radii[n - 1] || 1;
  for (let i = 0; i < n; i++) {
    result[2 * i] = (points[2 * i] - x) / radius;
    result[2 * i + 1] = (points[2 * i + 1] - y) / radius;
  }
  return result;
}

function middle(points: Float32Array, axis: 0 | 1): number {
  const n = points.length / 2;
  const values = new Float32Array(n);
  for (let i = 0; i < n; i++) values[i] = points[2 * i + axis];
  values.sort();
  return (values[Math.floor(0.01 * (n - 1))] + values[Math.ceil(0.99 * (n - 1))]) / 2;
}

/** Points sorted into squares, so that the nearest one is found without a look at all. */
export class Grid {
  readonly #points: Float32Array;
  readonly #side: number;
  readonly #starts: Uint32Array;
  readonly #members: Uint32Array;

  constructor(points: Float32Array) {
    const n = points.length / 2;
    this.#points = points;
    this.#side = Math.max(1, Math.min(512, Math.ceil(Math.sqrt(n / 2))));
    const cells = new Uint32Array(n);
    this.#starts = new Uint32Array(this.#side * this.#side + 1);
    for (let i = 0; i < n; i++) {
      cells[i] = this.#cell(points[2 * i]) + this.#side * this.#cell(points[2 * i + 1]);
      this.#starts[cells[i] + 1]++;
    }
    for (let c = 1; c < this.#starts.length; c++) this.#starts[c] += this.#starts[c - 1];
    const next = this.#starts.slice();
    this.#members = new Uint32Array(n);
    for (let i = 0; i < n; i++) this.#members[next[cells[i]]++] = i;
  }

  /** The point nearest to (x, y) within a radius, or -1. */
  nearest(x: number, y: number, radius: number): number {
    let best = -1;
    let least = radius * radius;
    const right = this.#cell(x + radius);
    const top = this.#cell(y + radius);
    for (let row = this.#cell(y - radius); row <= top; row++) {
      for (let column = this.#cell(x - radius); column <= right; column++) {
        const cell = column + this.#side * row;
        for (let m = this.#starts[cell]; m < this.#starts[cell + 1]; m++) {
          const i = this.#members[m];
          const distance = (this.#points[2 * i] - x) ** 2 + (this.#points[2 * i + 1] - y) ** 2;
          if (distance < least) {
            least = distance;
            best = i;
          }
        }
      }
    }
    return best;
  }

  // The map reaches from -1 to 1; what lies further out is in the squares of the border.
  #cell(value: number): number {
    return Math.min(this.#side - 1, Math.max(0, Math.floor(((value + 1) / 2) * this.#side)));
  }
}

/** The points inside a closed line, which is x, y, x, y, … */
export function inside(points: Float32Array, line: readonly number[]): number[] {
  const found: number[] = [];
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let k = 0; k < line.length; k += 2) {
    left = Math.min(left, line[k]);
    right = Math.max(right, line[k]);
    bottom = Math.min(bottom, line[k + 1]);
    top = Math.max(top, line[k + 1]);
  }
  for (let i = 0; i < points.length / 2; i++) {
    const x = points[2 * i];
    const y = points[2 * i + 1];
    if (x >= left && x <= right && y >= bottom && y <= top && isInside(x, y, line)) found.push(i);
  }
  return found;
}

function isInside(x: number, y: number, line: readonly number[]): boolean {
  let odd = false;
  for (let k = 0, before = line.length - 2; k < line.length; before = k, k += 2) {
    const [ax, ay, bx, by] = [line[k], line[k + 1], line[before], line[before + 1]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}
