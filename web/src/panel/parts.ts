/** What several panels are made of. */

import type { App } from "../app.ts";
import { count, h, word } from "../dom.ts";
import type { Picture } from "../map/picture.ts";
import type { Model } from "../model.ts";
import type { Near } from "../source.ts";
import type { Word } from "../state.ts";

/** Neighbours as bars; a click asks for that one. */
export function bars(app: App, model: Model, near: readonly Near[], shared: ReadonlySet<string> = new Set()): HTMLElement {
  if (near.length === 0) return h("p", { class: "hint" }, "No neighbours.");
  const list = h("ol", { class: "bars" });
  for (const { index, key, cosine } of near) {
    const button = h(
      "button",
      {
        type: "button",
        class: shared.has(key) ? "shared" : "",
        onclick: () => void app.openAt(model, index, key),
        onpointerenter: () => {
          model.map.hover(...placeOf(model, index));
        },
        onpointerleave: () => {
          model.map.leave();
        },
      },
      word(key),
      h("span", { class: "cosine" }, cosine.toFixed(2)),
    );
    button.style.setProperty("--cosine", String(Math.max(0, cosine)));
    list.append(h("li", {}, button));
  }
  return list;
}

function placeOf(model: Model, index: number): [number, number] {
  return index < model.map.count ? model.map.camera.toScreen(...model.map.place(index)) : [-1e6, -1e6];
}

/** A word that can be taken away again. */
export function chip(entry: Word, sign: string, remove: () => void): HTMLElement {
  return h(
    "span",
    { class: "chip" },
    sign !== "" && h("span", { class: "sign" }, sign),
    word(entry.key, 24),
    h("button", { type: "button", "aria-label": `Remove ${entry.key.slice(0, 60)}`, onclick: remove }, "×"),
  );
}

export function action(label: string, act: () => void, title?: string): HTMLButtonElement {
  return h("button", { type: "button", class: "action", title, onclick: act }, label);
}

/** What each model has to say: below each other, or beside each other under their names where there are two. */
export function columns(app: App, each: (model: Model, m: number) => readonly (Node | null)[]): HTMLElement {
  return h(
    "div",
    { class: app.models.length > 1 ? "columns" : "" },
    ...app.models.map((model, m) =>
      h("section", {}, app.models.length > 1 && h("h3", {}, model.name), ...each(model, m)),
    ),
  );
}

/** Lines from a word to its neighbours. */
export function star(index: number, near: readonly Near[], tone: "accent" | "second" = "accent"): Picture {
  const drawn = index >= 0;
  return {
    focus: drawn ? [{ index, tone }] : [],
    links: drawn ? near.map(({ index: to, cosine }) => ({ from: index, to, weight: Math.max(0, cosine), tone })) : [],
    arrows: [],
    bright: [...(drawn ? [index] : []), ...near.map(({ index: other }) => other)],
  };
}

/** Leave out of a picture what has no point on this map. */
export function onMap(model: Model, picture: Picture): Picture {
  const has = (place: Picture["links"][number]["to"]): boolean =>
    typeof place === "number" ? place < model.map.count : [...place.plus, ...place.minus].every((at) => at < model.map.count);
  return {
    focus: picture.focus.filter(({ index }) => has(index)),
    links: picture.links.filter(({ from, to }) => has(from) && has(to)),
    arrows: picture.arrows.filter(({ from, to }) => has(from) && has(to)),
    bright: picture.bright.filter(has),
  };
}

export function notOnMap(model: Model, index: number): HTMLElement | null {
  if (index < model.map.count) return null;
  const text = `Not on the map, which shows the first ${count(model.map.count)} words.`;
  return h("p", { class: "hint" }, text);
}

/** The keys that all lists have. */
export function sharedKeys(lists: readonly (readonly Near[])[]): Set<string> {
  const [first, ...rest] = lists.map((near) => new Set(near.map(({ key }) => key)));
  return new Set(rest.length === 0 ? [] : [...first].filter((key) => rest.every((other) => other.has(key))));
}
