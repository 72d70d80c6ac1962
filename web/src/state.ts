/** What is looked at, and the link that brings it back. */

import type { Coloring } from "./colors.ts";
import type { View } from "./map/camera.ts";

/** A word, and where it is in each model; -1 where it is not. */
export interface Word {
  readonly key: string;
  readonly at: readonly number[];
}

export type Tab = "word" | "sum" | "pair" | "list";

export interface State {
  tab: Tab;
  word: Word | null;
  plus: Word[];
  minus: Word[];
  pair: [Word | null, Word | null];
  list: number[];
  listOf: number;
  layout: string;
  coloring: Coloring;
}

/** A state as it stands in a link: words by their text. */
export interface Link {
  readonly tab: Tab;
  readonly word: string | null;
  readonly plus: readonly string[];
  readonly minus: readonly string[];
  readonly pair: readonly string[];
  readonly list: readonly number[];
  readonly layout: string;
  readonly coloring: Coloring;
  readonly view: View | null;
}

const TABS: readonly Tab[] = ["word", "sum", "pair", "list"];
const COLORINGS: readonly Coloring[] = ["cluster", "frequency", "plain"];
const LISTED = 500; // a link of more words than that no chat would take

/** Write a state and a view as the part of an address behind `#`. */
export function toHash(state: State, view: View | null): string {
  const parts = new URLSearchParams();
  if (state.tab !== "word") parts.set("tab", state.tab);
  if (state.word !== null) parts.set("word", state.word.key);
  for (const word of state.plus) parts.append("plus", word.key);
  for (const word of state.minus) parts.append("minus", word.key);
  for (const word of state.pair) if (word !== null) parts.append("pair", word.key);
  if (state.list.length > 0 && state.list.length <= LISTED) parts.set("list", state.list.join("."));
  if (state.layout !== "pca") parts.set("map", state.layout);
  if (state.coloring !== "cluster") parts.set("color", state.coloring);
  if (view !== null) parts.set("view", [view.x.toFixed(4), view.y.toFixed(4), view.scale.toPrecision(5)].join(","));
  return parts.toString();
}

/** Read a link; what makes no sense in it is left out. */
export function fromHash(hash: string): Link {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  const view = (parts.get("view") ?? "").split(",").map(Number);
  const isView = view.length === 3 && view.every(Number.isFinite) && view[2] > 0;
  return {
    tab: TABS.find((tab) => tab === parts.get("tab")) ?? "word",
    word: parts.get("word"),
    plus: parts.getAll("plus"),
    minus: parts.getAll("minus"),
    pair: parts.getAll("pair").slice(0, 2),
    list: (parts.get("list") ?? "").split(".").filter((text) => /^\d{1,9}$/.test(text)).map(Number),
    layout: parts.get("map") ?? "pca",
    coloring: COLORINGS.find((coloring) => coloring === parts.get("color")) ?? "cluster",
    view: isView ? { x: view[0], y: view[1], scale: view[2] } : null,
  };
}
