/** What the page may ask of one model, whoever answers: a server, or the page's own data. */

export type Floats = Float32Array<ArrayBuffer>;

export interface Near {
  readonly index: number;
  readonly key: string;
  readonly cosine: number;
}

export interface WordAnswer {
  readonly index: number;
  readonly key: string;
  readonly count: number | null;
  readonly norm: number;
  readonly neighbors: readonly Near[];
}

export interface Step {
  readonly index: number;
  readonly key: string;
  readonly sign: number;
  readonly neighbors: readonly Near[];
}

export interface Walk {
  readonly steps: readonly Step[];
  readonly neighbors: readonly Near[];
}

export interface Layout {
  readonly name: string;
  readonly title: string;
  readonly state: "missing" | "absent" | "running" | "ready" | "failed";
  readonly progress: number;
  readonly message: string;
  readonly version: number;
}

export interface Clusters {
  readonly names: readonly (readonly string[])[];
  readonly members: readonly number[] | Uint8Array;
}

export interface Summary {
  readonly name: string;
  readonly words: number;
  readonly drawn: number;
  readonly dimensions: number;
  readonly counted: boolean;
  readonly layouts: readonly Layout[];
}

export interface Position {
  /** -1 for a word that is not there. */
  readonly index: number;
  /** Words like it. */
  readonly close: readonly string[];
}

export type Found = Pick<Near, "index" | "key">;

export interface Source {
  readonly summary: Summary;
  points(layout: string): Promise<Floats>;
  keys(): Promise<readonly string[]>;
  counts(): Promise<Floats>;
  clusters(): Promise<Clusters>;
  word(index: number, n: number): Promise<WordAnswer>;
  walk(plus: readonly number[], minus: readonly number[], n: number): Promise<Walk>;
  pair(a: number, b: number): Promise<number>;
  /** Words beyond the drawn ones that begin with the text. */
  find(text: string, n: number): Promise<readonly Found[]>;
  index(key: string): Promise<Position>;
  layouts(): Promise<readonly Layout[]>;
  start(layout: string): Promise<void>;
  stop(layout: string): Promise<void>;
}

/** An answer that says what was wrong with the question. */
export class Refusal extends Error {}
