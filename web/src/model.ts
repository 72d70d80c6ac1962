/** One model on the page: who answers for it, its map, and its words. */

import { clusterCenters } from "./colors.ts";
import type { MapView } from "./map/map_view.ts";
import type { Clusters, Floats, Found, Layout, Position, Source } from "./source.ts";

/** Words, the first map, and how often each word was seen. */
type First = readonly [readonly string[], Floats, Floats];

/** Ask for what a model begins with. */
export function bring(source: Source): Promise<First> {
  return Promise.all([source.keys(), source.points("pca"), source.counts()]);
}

export class Model {
  readonly source: Source;
  readonly map: MapView;
  keys: readonly string[] = [];
  counts: Floats = new Float32Array();
  clusters: Clusters | null = null;
  centers: [number, number][] = [];
  layouts: readonly Layout[];
  layout = "pca";
  #positions: Map<string, number> | null = null;
  #folded: string[] | null = null;

  constructor(source: Source, map: MapView) {
    this.source = source;
    this.map = map;
    this.layouts = source.summary.layouts;
  }

  get name(): string {
    return this.source.summary.name;
  }

  /** Whether a map can be shown: whole, or as far as it is computed. */
  has(name: string): boolean {
    if (name === "pca") return true;
    const layout = this.layouts.find((each) => each.name === name);
    return layout?.state === "ready" || (layout?.state === "running" && layout.version > 0);
  }

  begin([keys, points, counts]: First): void {
    this.keys = keys;
    this.counts = counts;
    this.map.keys = keys;
    this.map.lay(points);
  }

  async loadClusters(): Promise<void> {
    this.clusters = await this.source.clusters();
    this.recenter();
  }

  /** Find the middles of the clusters anew, on another map. */
  recenter(): void {
    if (this.clusters === null) return;
    this.centers = clusterCenters(this.clusters.members, this.clusters.names.length, (index) => this.map.place(index));
  }

  /** Where a word is, or words like it. */
  async find(key: string): Promise<Position> {
    const position = this.#position(key);
    if (position !== undefined) return { index: position, close: [] };
    return this.source.index(key);
  }

  /** Whether a word is on the map. */
  draws(key: string): boolean {
    return this.#position(key) !== undefined;
  }

  #position(key: string): number | undefined {
    this.#positions ??= new Map(this.keys.map((drawn, index) => [drawn, index]));
    return this.#positions.get(key);
  }

  /** Words for what was typed: those that begin so, then those that hold it, frequent ones first. */
  async complete(text: string, n: number): Promise<Found[]> {
    const sought = fold(text);
    if (sought === "") return [];
    this.#folded ??= this.keys.map(fold);
    const exact: number[] = [];
    const begins: number[] = [];
    const holds: number[] = [];
    for (let i = 0; i < this.#folded.length && begins.length < n; i++) {
      const key = this.#folded[i];
      if (key === sought) exact.push(i);
      else if (key.startsWith(sought)) begins.push(i);
      else if (holds.length < n && sought.length > 1 && key.includes(sought)) holds.push(i);
    }
    const drawn = [...exact, ...begins].slice(0, n).map((index) => ({ index, key: this.keys[index] }));
    const { words, drawn: limit } = this.source.summary;
    const rest = drawn.length < n && words > limit ? await this.source.find(text, n - drawn.length) : [];
    const inner = holds.map((index) => ({ index, key: this.keys[index] }));
    return [...drawn, ...rest, ...inner].slice(0, n);
  }

  /** Prepare for the first letter typed. */
  warm(): void {
    this.#folded ??= this.keys.map(fold);
  }
}

/** Without case, accents and forms of writing. */
function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase() || text;
}
