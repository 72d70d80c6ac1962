/** The panel of sums of words: built from chips, answered, and walked step by step. */

import type { App } from "../app.ts";
import { h, word } from "../dom.ts";
import { type Arrow, NOTHING, type Picture, type Place } from "../map/picture.ts";
import type { Model } from "../model.ts";
import type { Walk } from "../source.ts";
import { Refusal } from "../source.ts";
import { action, bars, chip, columns, onMap, sharedKeys } from "./parts.ts";
import type { Shown } from "./shown.ts";

const ANSWERS = 12;

export async function sumPanel(app: App): Promise<Shown> {
  const { plus, minus } = app.state;
  const chips = h(
    "div",
    { class: "chips", role: "group", "aria-label": "The sum" },
    // In the order of the walk.
    ...plus.slice(0, 1).map((entry) => chip(entry, "", () => { app.fromSum(1, 0); })),
    ...minus.map((entry, place) => chip(entry, "−", () => { app.fromSum(-1, place); })),
    ...plus.slice(1).map((entry, place) => chip(entry, "+", () => { app.fromSum(1, place + 1); })),
  );
  const parts: (Node | null)[] = [
    h("h2", { class: "small" }, "A sum of words"),
    h("p", { class: "hint" }, "Take a word, take away what it is, add what it should be."),
    chips,
    h("div", { class: "pairfields" }, app.plusField.element, app.minusField.element),
  ];
  if (plus.length + minus.length > 0) parts.push(h("div", { class: "actions" }, action("Clear", () => { app.clearSum(); })));
  if (plus.length + minus.length < 2) {
    const only = plus.concat(minus).at(0);
    const pictures = app.models.map((model, m) => alone(model, only?.at[m] ?? -1));
    for (const [a, b, c] of plus.length + minus.length === 0 ? app.sampleSums : []) {
      parts.push(action(`${a} − ${b} + ${c}`, () => void app.openSum([a, c], [b])));
    }
    return { parts, pictures, said: "" };
  }
  const walks = await Promise.all(app.models.map((model, m) => walk(app, model, m)));
  const shared = sharedKeys(walks.map((found) => found?.neighbors ?? []));
  const pictures = walks.map((found, m) => (found === null ? NOTHING : onMap(app.models[m], picture(app.models[m], found))));
  parts.push(
    columns(app, (model, m) => {
      const found = walks[m];
      if (found === null) return [h("p", { class: "hint" }, "This model doesn't know all of these words.")];
      return [steps(app, model, found), bars(app, model, found.neighbors, shared)];
    }),
  );
  if (app.state.layout !== "pca") parts.push(h("p", { class: "hint" }, "This map bends distances; the sum itself is taken in all dimensions."));
  const best = walks[0]?.neighbors[0];
  const said = best === undefined ? "No answer" : `The sum is nearest to ${best.key.slice(0, 80)}`;
  return { parts, pictures, said };
}

async function walk(app: App, model: Model, m: number): Promise<Walk | null> {
  const at = (words: App["state"]["plus"]): number[] => words.map((entry) => entry.at[m]);
  const [plus, minus] = [at(app.state.plus), at(app.state.minus)];
  if ([...plus, ...minus].some((index) => index < 0)) return null;
  try {
    return await model.source.walk(plus, minus, ANSWERS);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

function alone(model: Model, index: number): Picture {
  return index < 0 ? NOTHING : onMap(model, { ...NOTHING, focus: [{ index, tone: "accent" }], bright: [index] });
}

/** Each step, and the word that one is at then. */
function steps(app: App, model: Model, { steps: all }: Walk): HTMLElement {
  const list = h("ol", { class: "steps" });
  all.forEach(({ key, sign, neighbors }, place) => {
    const reached = place === 0 ? undefined : neighbors[0];
    const isLast = place === all.length - 1;
    list.append(
      h(
        "li",
        { class: isLast ? "last" : "" },
        h("span", { class: "sign" }, place === 0 && sign > 0 ? "" : sign > 0 ? "+" : "−"),
        word(key, 24),
        reached !== undefined && h("span", { class: "reached" }, "→ ",
          h("button", { type: "button", onclick: () => void app.openAt(model, reached.index, reached.key) }, word(reached.key, 24))),
        place > 0 && reached === undefined && h("span", { class: "reached" }, "→ nothing: they cancel out"),
      ),
    );
  });
  return list;
}

/**
 * The walk on the map. What is taken away and the first word make an arrow; the same arrow, from what is added,
 * ends at the sum: on a linear map exactly there, on others near the answer.
 */
export function picture(model: Model, { steps: all, neighbors }: Walk): Picture {
  const plus = all.filter(({ sign }) => sign > 0).map(({ index }) => index);
  const minus = all.filter(({ sign }) => sign < 0).map(({ index }) => index);
  const answer = neighbors[0] as { index: number } | undefined;
  const arrows: Arrow[] = [];
  let end: Place | null = answer?.index ?? null;
  if (model.layout === "pca" && plus.length - minus.length === 1) end = { plus, minus };
  const pairs = Math.min(minus.length, plus.length - 1);
  for (let k = 0; k < pairs; k++) {
    arrows.push({ from: minus[k], to: plus[0], tone: "second", isDashed: false });
    if (end !== null) arrows.push({ from: plus[k + 1], to: end, tone: "accent", isDashed: false });
  }
  if (pairs === 0 && end !== null) for (const index of plus) arrows.push({ from: index, to: end, tone: "accent", isDashed: false });
  if (end !== null && answer !== undefined && typeof end !== "number") {
    arrows.push({ from: end, to: answer.index, tone: "ink", isDashed: true });
  }
  const inputs = [...plus, ...minus];
  return {
    focus: [
      ...(answer === undefined ? [] : [{ index: answer.index, tone: "accent" as const }]),
      ...inputs.map((index) => ({ index, tone: "second" as const })),
    ],
    links: [],
    arrows,
    bright: [...inputs, ...neighbors.slice(0, 6).map(({ index }) => index)],
  };
}
