/** The panel of one word: what is known of it, and its neighbours as bars. */

import type { App } from "../app.ts";
import { count, h, word } from "../dom.ts";
import { NOTHING } from "../map/picture.ts";
import type { Model } from "../model.ts";
import type { WordAnswer } from "../source.ts";
import { action, bars, columns, notOnMap, onMap, sharedKeys, star } from "./parts.ts";
import type { Shown } from "./shown.ts";

const NEIGHBORS = 20;

export async function wordPanel(app: App): Promise<Shown> {
  const chosen = app.state.word;
  if (chosen === null) return invitation(app);
  const answers = await Promise.all(
    app.models.map((model, m) => (chosen.at[m] < 0 ? Promise.resolve(null) : model.source.word(chosen.at[m], NEIGHBORS))),
  );
  const shared = sharedKeys(answers.map((answer) => answer?.neighbors ?? []));
  const pictures = answers.map((answer, m) =>
    answer === null ? NOTHING : onMap(app.models[m], star(answer.index, answer.neighbors)),
  );
  const nearest = answers[0]?.neighbors[0];
  const said =
    `${chosen.key.slice(0, 80)}: ${answers[0]?.neighbors.length ?? 0} neighbours` +
    (nearest ? `, nearest ${nearest.key.slice(0, 80)}, ${nearest.cosine.toFixed(2)}` : "");
  const parts: (Node | null)[] = [
    h("h2", { class: chosen.key.length > 24 ? "long" : "" }, word(chosen.key, 300)),
    h(
      "div",
      { class: "actions" },
      action("+ Add to a sum", () => { app.toSum(chosen, 1); }),
      action("− Take away", () => { app.toSum(chosen, -1); }),
      action("Compare", () => { app.toPair(chosen); }),
    ),
  ];
  if (app.models.length > 1) {
    parts.push(h("p", { class: "hint" }, `${shared.size} of ${NEIGHBORS} neighbours are the same in both, underlined.`));
  }
  parts.push(
    columns(app, (model, m) => {
      const answer = answers[m];
      if (answer === null) return [h("p", { class: "hint" }, "This model doesn't know the word.")];
      return [facts(model, answer), notOnMap(model, answer.index), bars(app, model, answer.neighbors, shared)];
    }),
  );
  return { parts, pictures, said };
}

function facts(model: Model, { index, count: times }: WordAnswer): HTMLElement {
  const { words } = model.source.summary;
  const seen = times === null ? "" : `seen ${count(times)} times · `;
  const cluster = model.clusters?.names[model.clusters.members[index]] ?? [];
  return h(
    "p",
    { class: "facts" },
    `${seen}${count(index + 1)} of ${count(words)}`,
    cluster.length > 0 && h("span", { class: "among" }, "among ", word(cluster.join(" · "))),
  );
}

/** What one sees first: something to click. */
function invitation(app: App): Shown {
  const pictures = app.models.map(() => NOTHING);
  const { words } = app.models[0].source.summary;
  if (words === 0) {
    const hint = "This model is empty: train it, or open another file.";
    return { parts: [h("h2", {}, "No words yet"), h("p", { class: "hint" }, hint)], pictures, said: hint };
  }
  const parts: Node[] = [
    h("h2", {}, "Click a word"),
    h("p", { class: "hint" }, "Near is alike. Drag to move, scroll to come nearer, press / to search."),
  ];
  const names = app.models[0].clusters?.names ?? [];
  const samples = names.flatMap((name) => name.slice(0, 1));
  if (samples.length > 0) {
    parts.push(
      h("h3", {}, "Begin with"),
      h("p", { class: "samples" }, ...samples.slice(0, 12).map((key) =>
        h("button", { type: "button", class: "sample", onclick: () => void app.openKey(key) }, word(key, 24)))),
    );
  }
  const sums = app.sampleSums;
  if (sums.length > 0) {
    parts.push(
      h("h3", {}, "Or with a sum"),
      h("p", { class: "samples" }, ...sums.map(([a, b, c]) =>
        h("button", { type: "button", class: "sample", onclick: () => void app.openSum([a, c], [b]) }, `${a} − ${b} + ${c}`))),
    );
  }
  return { parts, pictures, said: "" };
}
