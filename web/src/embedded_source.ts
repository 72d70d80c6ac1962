/** Models inside the page itself, as `synvec explore --html` writes them: rows of 8-bit numbers. */

import type { Clusters, Floats, Found, Layout, Near, Position, Source, Summary, Walk, WordAnswer } from "./source.ts";
import { Refusal } from "./source.ts";

interface Embedded {
  readonly summary: Summary;
  readonly keys: readonly string[];
  /** Maps by name: two 16-bit numbers a word, base64. */
  readonly points: Record<string, string>;
  /** Rows of 8-bit numbers, base64. */
  readonly vectors: string;
  /** The length of each vector before it was made 8-bit numbers: 32-bit floats, base64. */
  readonly norms: string;
  readonly counts: readonly number[];
  readonly clusters: Clusters;
}

/** The models in the page, or null where there are none: then a server is asked. */
export function embeddedSources(): Source[] | null {
  const data = document.getElementById("synvec-data")?.textContent;
  if (data === undefined) return null;
  return (JSON.parse(data) as Embedded[]).map((model) => new EmbeddedSource(model));
}

function bytes(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const result = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) result[i] = text.charCodeAt(i);
  return result;
}

class EmbeddedSource implements Source {
  readonly summary: Summary;
  readonly #data: Embedded;
  readonly #rows: Int8Array;
  readonly #lengths: Float32Array;
  readonly #norms: Float32Array;

  constructor(data: Embedded) {
    this.summary = data.summary;
    this.#data = data;
    this.#rows = new Int8Array(bytes(data.vectors).buffer);
    this.#norms = new Float32Array(bytes(data.norms).buffer);
    const size = data.summary.dimensions;
    this.#lengths = new Float32Array(data.keys.length);
    for (let i = 0; i < data.keys.length; i++) {
      let sum = 0;
      for (let d = i * size; d < (i + 1) * size; d++) sum += this.#rows[d] ** 2;
      this.#lengths[i] = Math.sqrt(sum) || 1;
    }
  }

  points(layout: string): Promise<Floats> {
    const packed = this.#data.points[layout] as string | undefined;
    if (packed === undefined) return Promise.reject(new Refusal(`this page has no map ${layout}`));
    return Promise.resolve(Float32Array.from(new Int16Array(bytes(packed).buffer)));
  }

  keys(): Promise<readonly string[]> {
    return Promise.resolve(this.#data.keys);
  }

  counts(): Promise<Floats> {
    return Promise.resolve(Float32Array.from(this.#data.counts));
  }

  clusters(): Promise<Clusters> {
    return Promise.resolve(this.#data.clusters);
  }

  word(index: number, n: number): Promise<WordAnswer> {
    return Promise.resolve({
      index,
      key: this.#data.keys[index],
      count: this.#data.counts.length > 0 ? this.#data.counts[index] : null,
      norm: this.#norms[index],
      neighbors: this.#nearest(this.#unit(index), n, new Set([index])),
    });
  }

  walk(plus: readonly number[], minus: readonly number[], n: number): Promise<Walk> {
    const order = [
      ...plus.slice(0, 1).map((index) => ({ index, sign: 1 })),
      ...minus.map((index) => ({ index, sign: -1 })),
      ...plus.slice(1).map((index) => ({ index, sign: 1 })),
    ];
    const without = new Set(order.map(({ index }) => index));
    const sum = new Float64Array(this.summary.dimensions);
    const steps = order.map(({ index, sign }, place) => {
      const unit = this.#unit(index);
      for (let d = 0; d < sum.length; d++) sum[d] += sign * unit[d];
      const wanted = place === order.length - 1 ? n : 1;
      return { index, key: this.#data.keys[index], sign, neighbors: this.#nearest(sum, wanted, without) };
    });
    return Promise.resolve({ steps, neighbors: steps.at(-1)?.neighbors ?? [] });
  }

  pair(a: number, b: number): Promise<number> {
    const [first, second] = [this.#unit(a), this.#unit(b)];
    return Promise.resolve(first.reduce((sum, value, d) => sum + value * second[d], 0));
  }

  find(): Promise<readonly Found[]> {
    return Promise.resolve([]);
  }

  index(key: string): Promise<Position> {
    const sought = key.toLowerCase();
    const index = this.#data.keys.indexOf(key);
    const close = index < 0 ? this.#data.keys.filter((other) => other.toLowerCase() === sought).slice(0, 3) : [];
    return Promise.resolve({ index, close });
  }

  layouts(): Promise<readonly Layout[]> {
    return Promise.resolve(this.summary.layouts);
  }

  start(): Promise<void> {
    return Promise.reject(new Refusal("this page computes no maps; open the model with synvec explore"));
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  #unit(index: number): Float64Array {
    const size = this.summary.dimensions;
    const row = this.#rows.subarray(index * size, (index + 1) * size);
    return Float64Array.from(row, (value) => value / this.#lengths[index]);
  }

  #nearest(direction: Float64Array, n: number, without: ReadonlySet<number>): Near[] {
    const size = this.summary.dimensions;
    const length = Math.hypot(...direction);
    if (length < 1e-9) return [];
    const cosines = new Float32Array(this.#lengths.length);
    for (let i = 0; i < cosines.length; i++) {
      let sum = 0;
      const start = i * size;
      for (let d = 0; d < size; d++) sum += this.#rows[start + d] * direction[d];
      cosines[i] = without.has(i) ? -2 : sum / (this.#lengths[i] * length);
    }
    const order = Array.from(cosines.keys()).sort((a, b) => cosines[b] - cosines[a] || a - b);
    return order
      .slice(0, n)
      .filter((index) => !without.has(index))
      .map((index) => ({ index, key: this.#data.keys[index], cosine: cosines[index] }));
  }
}
