/** The panel of words chosen by the lasso: listed, and taken along as a file. */

import type { App } from "../app.ts";
import { count, h, word } from "../dom.ts";
import { csv, download, type Row, tsv } from "../download.ts";
import { NOTHING } from "../map/picture.ts";
import type { Model } from "../model.ts";
import { action, onMap } from "./parts.ts";
import type { Shown } from "./shown.ts";

const SHOWN = 300;

export function listPanel(app: App): Shown {
  const { list, listOf } = app.state;
  const model = app.models[listOf];
  const pictures = app.models.map((other) => (other === model ? onMap(other, { ...NOTHING, bright: list }) : NOTHING));
  const parts: Node[] = [
    h("h2", { class: "small" }, list.length === 0 ? "A selection" : `${count(list.length)} ${list.length === 1 ? "word" : "words"}`),
    h(
      "div",
      { class: "actions" },
      action(app.isLassoing ? "Drawing: circle some words" : "Lasso", () => { app.toggleLasso(); }, "L"),
      action("All in view", () => { app.selectSeen(); }, "V"),
    ),
  ];
  if (list.length === 0) {
    parts.push(h("p", { class: "hint" }, "Circle words with the lasso (or Shift and drag), or take all that are in view."));
    return { parts, pictures, said: "" };
  }
  parts.push(
    h(
      "div",
      { class: "actions" },
      action("CSV", () => { download("words.csv", csv(rows(model, list)), "text/csv;charset=utf-8"); }),
      action("TSV", () => { download("words.tsv", tsv(rows(model, list)), "text/tab-separated-values;charset=utf-8"); }),
      action("PNG of the map", () => void app.savePicture()),
      action("Clear", () => { app.select([], 0); }),
    ),
    h(
      "ol",
      { class: "words" },
      ...list.slice(0, SHOWN).map((index) =>
        h("li", {}, h("button", { type: "button", onclick: () => void app.openAt(model, index, model.keys[index]) }, word(model.keys[index], 30))),
      ),
    ),
  );
  if (list.length > SHOWN) parts.push(h("p", { class: "hint" }, `and ${count(list.length - SHOWN)} more; the files have all.`));
  return { parts, pictures, said: `${count(list.length)} words selected` };
}

function rows(model: Model, list: readonly number[]): Row[] {
  return list.map((index) => {
    const [x, y] = model.map.place(index);
    return {
      word: model.keys[index],
      rank: index + 1,
      count: model.counts.length > 0 ? model.counts[index] : null,
      cluster: model.clusters?.names[model.clusters.members[index]]?.join(" ") ?? "",
      x: Number(x.toFixed(5)),
      y: Number(y.toFixed(5)),
    };
  });
}
