/** The panel of two words: how alike they are, and which neighbours they share. */

import type { App } from "../app.ts";
import { h, word } from "../dom.ts";
import { NOTHING, type Picture } from "../map/picture.ts";
import type { Model } from "../model.ts";
import type { Near, WordAnswer } from "../source.ts";
import { bars, columns, onMap, star } from "./parts.ts";
import type { Shown } from "./shown.ts";

const NEIGHBORS = 30;
const SHOWN = 10;

interface Pair {
  readonly left: WordAnswer;
  readonly right: WordAnswer;
  readonly cosine: number;
}

export async function pairPanel(app: App): Promise<Shown> {
  const [first, second] = app.state.pair;
  app.pairFields[0].value = first?.key ?? "";
  app.pairFields[1].value = second?.key ?? "";
  const parts: (Node | null)[] = [
    h("h2", { class: "small" }, "Two words"),
    h("div", { class: "pairfields" }, app.pairFields[0].element, app.pairFields[1].element),
  ];
  if (first === null || second === null) {
    parts.push(h("p", { class: "hint" }, "Give two words, or click the second one on the map."));
    const pictures = app.models.map((model, m) => {
      const index = (first ?? second)?.at[m] ?? -1;
      return index < 0 ? NOTHING : onMap(model, { ...NOTHING, focus: [{ index, tone: "accent" }], bright: [index] });
    });
    return { parts, pictures, said: "" };
  }
  const answers = await Promise.all(app.models.map((model, m) => asked(model, first.at[m], second.at[m])));
  parts.push(
    columns(app, (model, m) => {
      const answer = answers[m];
      return answer === null ? [h("p", { class: "hint" }, "This model doesn't know both words.")] : compared(app, model, answer);
    }),
  );
  const pictures = answers.map((answer, m) => (answer === null ? NOTHING : onMap(app.models[m], both(answer))));
  const cosine = answers[0]?.cosine.toFixed(2) ?? "unknown";
  return { parts, pictures, said: `${first.key.slice(0, 60)} and ${second.key.slice(0, 60)}: cosine ${cosine}` };
}

async function asked(model: Model, a: number, b: number): Promise<Pair | null> {
  if (a < 0 || b < 0) return null;
  const [left, right, cosine] = await Promise.all([
    model.source.word(a, NEIGHBORS),
    model.source.word(b, NEIGHBORS),
    model.source.pair(a, b),
  ]);
  return { left, right, cosine };
}

function compared(app: App, model: Model, { left, right, cosine }: Pair): Node[] {
  const meter = h("div", { class: "meter", role: "img", "aria-label": `cosine ${cosine.toFixed(2)}` }, h("span", {}));
  meter.style.setProperty("--cosine", String(Math.max(0, cosine)));
  const keysOf = (answer: WordAnswer): Set<string> => new Set(answer.neighbors.map(({ key }) => key));
  const [ofLeft, ofRight] = [keysOf(left), keysOf(right)];
  const shared = left.neighbors.filter(({ key }) => ofRight.has(key));
  const own = (answer: WordAnswer, other: WordAnswer, others: Set<string>): readonly Near[] =>
    answer.neighbors.filter(({ key }) => !others.has(key) && key !== other.key).slice(0, SHOWN);
  return [
    h("p", { class: "verdict" }, word(left.key, 30), h("strong", {}, cosine.toFixed(3)), word(right.key, 30)),
    meter,
    h("h4", {}, shared.length === 0 ? "No neighbour is near both" : "Near both"),
    ...(shared.length === 0 ? [] : [bars(app, model, shared.slice(0, SHOWN))]),
    h("h4", {}, "Near ", word(left.key, 30), " alone"),
    bars(app, model, own(left, right, ofRight)),
    h("h4", { class: "second" }, "Near ", word(right.key, 30), " alone"),
    h("div", { class: "secondary" }, bars(app, model, own(right, left, ofLeft))),
  ];
}

function both({ left, right, cosine }: Pair): Picture {
  const [a, b] = [star(left.index, left.neighbors.slice(0, 15)), star(right.index, right.neighbors.slice(0, 15), "second")];
  return {
    focus: [...a.focus, ...b.focus],
    links: [...a.links, ...b.links, { from: left.index, to: right.index, weight: Math.max(0.2, cosine), tone: "ink" }],
    arrows: [],
    bright: [...a.bright, ...b.bright],
  };
}
