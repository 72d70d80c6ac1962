/** A model behind a server, which may go away and come back: questions wait for it. */

import type { Clusters, Floats, Found, Layout, Position, Source, Summary, Walk, WordAnswer } from "./source.ts";
import { Refusal } from "./source.ts";

const PAUSE = 1500;

type Listener = (isThere: boolean) => void;

/** One connection for all models. */
export class Connection {
  #isThere = true;
  #back: Promise<void> | null = null;
  readonly #listener: Listener;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  async models(): Promise<Summary[]> {
    return (await this.#json<{ models: Summary[] }>("models")).models;
  }

  async json<T>(path: string, init?: RequestInit): Promise<T> {
    return this.#json<T>(path, init);
  }

  async floats(path: string): Promise<Floats> {
    const answer = await this.#ask(path);
    return new Float32Array(await answer.arrayBuffer());
  }

  async #json<T>(path: string, init?: RequestInit): Promise<T> {
    const answer = await this.#ask(path, init);
    return (await answer.json()) as T;
  }

  async #ask(path: string, init?: RequestInit): Promise<Response> {
    for (;;) {
      let answer: Response;
      try {
        answer = await fetch(`explorer/${path}`, init);
      } catch {
        await this.#waitForServer();
        continue;
      }
      if (answer.ok) return answer;
      const wrong = (await answer.json().catch(() => ({}))) as { error?: string };
      throw new Refusal(wrong.error ?? `the server answered ${answer.status}`);
    }
  }

  /** All questions that met an absent server wait for the same sign of life. */
  #waitForServer(): Promise<void> {
    this.#back ??= this.#knock().finally(() => {
      this.#back = null;
    });
    return this.#back;
  }

  async #knock(): Promise<void> {
    this.#tell(false);
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      try {
        const answer = await fetch("explorer/models");
        if (answer.ok) break;
      } catch {
        // still away
      }
    }
    this.#tell(true);
  }

  #tell(isThere: boolean): void {
    if (isThere === this.#isThere) return;
    this.#isThere = isThere;
    this.#listener(isThere);
  }
}

export class ServerSource implements Source {
  readonly summary: Summary;
  readonly #connection: Connection;
  readonly #number: number;

  constructor(connection: Connection, number: number, summary: Summary) {
    this.#connection = connection;
    this.#number = number;
    this.summary = summary;
  }

  points(layout: string): Promise<Floats> {
    return this.#connection.floats(this.#at("points", { layout }));
  }

  keys(): Promise<readonly string[]> {
    return this.#connection.json(this.#at("keys"));
  }

  counts(): Promise<Floats> {
    return this.#connection.floats(this.#at("counts"));
  }

  clusters(): Promise<Clusters> {
    return this.#connection.json(this.#at("clusters"));
  }

  word(index: number, n: number): Promise<WordAnswer> {
    return this.#connection.json(this.#at("word", { index, n }));
  }

  walk(plus: readonly number[], minus: readonly number[], n: number): Promise<Walk> {
    return this.#connection.json(this.#at("walk", { plus, minus, n }));
  }

  async pair(a: number, b: number): Promise<number> {
    return (await this.#connection.json<{ cosine: number }>(this.#at("pair", { a, b }))).cosine;
  }

  find(text: string, n: number): Promise<readonly Found[]> {
    return this.#connection.json(this.#at("find", { text, n }));
  }

  index(key: string): Promise<Position> {
    return this.#connection.json(this.#at("index", { key }));
  }

  layouts(): Promise<readonly Layout[]> {
    return this.#connection.json(this.#at("layouts"));
  }

  async start(layout: string): Promise<void> {
    await this.#connection.json(this.#at(`layouts/${layout}`), { method: "POST" });
  }

  async stop(layout: string): Promise<void> {
    await this.#connection.json(this.#at(`layouts/${layout}`), { method: "DELETE" });
  }

  #at(path: string, query: Record<string, string | number | readonly number[]> = {}): string {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      for (const one of Array.isArray(value) ? (value as readonly number[]) : [value as string | number]) {
        search.append(name, String(one));
      }
    }
    const text = search.toString();
    return `${this.#number}/${path}${text && `?${text}`}`;
  }
}
