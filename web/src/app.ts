/** The page: its state, what changes it, and what follows from that. */

import { clusterColors, css, frequencyColor, painted, plainColor } from "./colors.ts";
import { download } from "./download.ts";
import { h } from "./dom.ts";
import { Field } from "./field.ts";
import { NOTHING, type Picture } from "./map/picture.ts";
import type { Model } from "./model.ts";
import type { Shown } from "./panel/shown.ts";
import type { Found } from "./source.ts";
import { fromHash, type State, type Tab, toHash, type Word } from "./state.ts";
import { isDark, Theme } from "./theme.ts";

const SUMS: readonly (readonly [string, string, string])[] = [
  ["king", "man", "woman"],
  ["paris", "france", "germany"],
  ["bigger", "big", "small"],
  ["stdout", "output", "input"],
];
const CAPTION_ZOOM = 5;
const LINK_PAUSE = 250;

/** Makes of the state of a page what is shown of it. */
export type Panel = (app: App) => Shown | Promise<Shown>;

export class App {
  readonly models: readonly Model[];
  readonly state: State = {
    tab: "word",
    word: null,
    plus: [],
    minus: [],
    pair: [null, null],
    list: [],
    listOf: 0,
    layout: "pca",
    coloring: "cluster",
  };
  readonly plusField: Field;
  readonly minusField: Field;
  readonly pairFields: readonly [Field, Field];
  readonly search: Field;
  readonly theme: Theme;
  readonly body = h("div", { class: "body", id: "panel", role: "tabpanel" });
  readonly status = h("div", { class: "quiet", role: "status", "aria-live": "polite" });
  sampleSums: (readonly [string, string, string])[] = [];
  isLassoing = false;
  /** Told whenever the state has changed. */
  changed: () => void = () => undefined;
  readonly #panels: Record<Tab, Panel>;
  #turn = 0;
  #linkDue = 0;
  #flightDue = false;
  #restoring = 0;
  #isRestored = false;

  constructor(models: readonly Model[], panels: Record<Tab, Panel>) {
    this.models = models;
    this.#panels = panels;
    const complete = (text: string): Promise<readonly Found[]> => this.complete(text);
    const field = (id: string, label: string, placeholder: string, use: (word: Word) => void): Field =>
      new Field({ id, label, placeholder, complete, chosen: (what) => void this.#use(what, use) });
    this.search = field("search", "Find a word", "Find a word", (word) => {
      this.search.value = "";
      this.search.input.blur();
      this.use(word);
    });
    this.plusField = field("plus", "Add a word", "+ add", (word) => { this.plusField.value = ""; this.toSum(word, 1); });
    this.minusField = field("minus", "Take a word away", "− take away", (word) => { this.minusField.value = ""; this.toSum(word, -1); });
    const pair = (place: 0 | 1): Field =>
      field(`pair${place}`, place === 0 ? "First word" : "Second word", place === 0 ? "first" : "second", (word) => { this.setPair(place, word); });
    this.pairFields = [pair(0), pair(1)];
    this.theme = new Theme(() => { this.paint(); for (const model of this.models) model.map.takeInk(); });
  }

  // --- words -----------------------------------------------------------------------------------

  async complete(text: string): Promise<readonly Found[]> {
    const found = await this.models[0].complete(text, 10);
    if (this.models.length === 1 || found.length > 0) return found;
    // Known to the second model alone: its positions are not the first one's.
    return (await this.models[1].complete(text, 10)).map(({ key }) => ({ index: -1, key }));
  }

  async #use(what: Found | string, use: (word: Word) => void): Promise<void> {
    const word = typeof what !== "string" && what.index >= 0 ? await this.wordAt(0, what.index, what.key) : await this.known(typeof what === "string" ? what : what.key);
    if (word !== null) use(word);
  }

  /** Find a word by its text; what is not there is said. */
  async known(key: string): Promise<Word | null> {
    const found = await Promise.all(this.models.map((model) => model.find(key)));
    if (found.some(({ index }) => index >= 0)) return { key, at: found.map(({ index }) => index) };
    this.warn(`No word “${key.slice(0, 60)}” here`, found[0].close);
    return null;
  }

  async wordAt(m: number, index: number, shown: string): Promise<Word> {
    // A key in a list may be cut; the others need all of it.
    const key = shown.length >= 200 ? (await this.models[m].source.word(index, 1)).key : shown;
    const at = await Promise.all(this.models.map(async (model, other) => (other === m ? { index } : model.find(key))));
    return { key, at: at.map((found) => found.index) };
  }

  async openAt(model: Model, index: number, key: string): Promise<void> {
    this.openWord(await this.wordAt(this.models.indexOf(model), index, key));
  }

  async openKey(key: string): Promise<void> {
    const word = await this.known(key);
    if (word !== null) this.openWord(word);
  }

  async openSum(plus: readonly string[], minus: readonly string[]): Promise<void> {
    const find = async (keys: readonly string[]): Promise<Word[]> =>
      (await Promise.all(keys.map((key) => this.known(key)))).filter((word) => word !== null);
    this.state.plus = await find(plus);
    this.state.minus = await find(minus);
    this.show("sum");
  }

  /** A word came by search or click: where it goes depends on what is being done. */
  use(word: Word): void {
    const [first, second] = this.state.pair;
    if (this.state.tab === "pair" && (first === null || second === null)) this.setPair(first === null ? 0 : 1, word);
    else if (this.state.tab === "sum" && this.state.plus.length + this.state.minus.length < 3) {
      this.toSum(word, this.state.plus.length === 1 && this.state.minus.length === 0 ? -1 : 1);
    } else this.openWord(word);
  }

  openWord(word: Word): void {
    performance.mark("synvec:asked");
    this.state.word = word;
    this.show("word");
  }

  toSum(word: Word, sign: 1 | -1): void {
    (sign > 0 ? this.state.plus : this.state.minus).push(word);
    this.show("sum");
  }

  fromSum(sign: 1 | -1, place: number): void {
    (sign > 0 ? this.state.plus : this.state.minus).splice(place, 1);
    this.show("sum");
  }

  clearSum(): void {
    this.state.plus = [];
    this.state.minus = [];
    this.show("sum");
  }

  toPair(word: Word): void {
    this.state.pair = [word, null];
    this.show("pair");
    this.pairFields[1].input.focus();
  }

  setPair(place: 0 | 1, word: Word): void {
    this.state.pair[place] = word;
    this.show("pair");
  }

  // --- selections ------------------------------------------------------------------------------

  toggleLasso(isOn = !this.isLassoing): void {
    this.isLassoing = isOn;
    for (const { map } of this.models) map.isLassoing = isOn;
    document.documentElement.classList.toggle("lassoing", isOn);
    this.changed();
    if (this.state.tab === "list") this.show("list");
  }

  select(list: number[], listOf: number): void {
    this.state.list = list;
    this.state.listOf = listOf;
    this.isLassoing = false;
    for (const { map } of this.models) map.isLassoing = false;
    document.documentElement.classList.remove("lassoing");
    this.show("list", false);
  }

  selectSeen(): void {
    this.select(this.models[0].map.seen(), 0);
  }

  async savePicture(): Promise<void> {
    for (const model of this.models) download(`${model.name}.png`, await model.map.image());
  }

  // --- what is shown ---------------------------------------------------------------------------

  /** Show a panel with what the state says; an answer that comes too late is dropped. */
  show(tab: Tab, isFlying = true): void {
    this.state.tab = tab;
    this.changed();
    this.link();
    const turn = ++this.#turn;
    this.#flightDue = isFlying;
    void this.#fill(turn);
  }

  /** Show the same panel again, with what has come to be known; the map stays where it is or goes. */
  refresh(): void {
    this.show(this.state.tab, this.#flightDue);
  }

  async #fill(turn: number): Promise<void> {
    let shown: Shown;
    try {
      shown = await this.#panels[this.state.tab](this);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      shown = { parts: [h("p", { class: "hint", role: "alert" }, text)], pictures: [], said: text };
    }
    if (turn !== this.#turn) return;
    const focused = document.activeElement?.id ?? "";
    this.body.replaceChildren(...shown.parts.filter((part) => part !== null));
    // A field that was written in has been put back; the cursor goes back to it.
    if (focused !== "") document.getElementById(focused)?.focus();
    this.body.scrollTop = 0;
    this.#draw(shown.pictures);
    this.say(shown.said);
  }

  #draw(pictures: readonly Picture[]): void {
    this.models.forEach(({ map }, m) => {
      const picture = pictures.at(m) ?? NOTHING;
      map.picture = picture;
      const ends = [...picture.focus.map(({ index }) => index), ...picture.bright.slice(0, 12)];
      if (picture.focus.length > 0 && this.#flightDue) map.flyTo(ends);
    });
    this.#flightDue = false;
    performance.mark("synvec:drawn");
  }

  say(text: string): void {
    this.status.textContent = text;
  }

  warn(text: string, close: readonly string[]): void {
    this.say(text + (close.length > 0 ? `, did you mean ${close.join(" or ")}?` : ""));
    const note = h("div", { class: "note" }, h("p", {}, text, close.length > 0 && ". Did you mean"));
    for (const key of close) note.append(h("button", { type: "button", class: "sample", onclick: () => { note.remove(); void this.openKey(key); } }, key.slice(0, 40)));
    document.querySelector(".note")?.remove();
    document.body.append(note);
    setTimeout(() => { note.remove(); }, 7000);
  }

  /** Show another map, of each model that has it; the others stay, and follow when theirs is computed. */
  async setLayout(name: string): Promise<void> {
    this.state.layout = name;
    await Promise.all(
      this.models.map(async (model) => {
        if (!model.has(name)) return;
        const points = await model.source.points(name);
        if (this.state.layout !== name) return; // another one was chosen meanwhile
        model.layout = name;
        model.map.lay(points);
        model.recenter();
      }),
    );
    this.paint();
    this.refresh();
  }

  setColoring(coloring: State["coloring"]): void {
    this.state.coloring = coloring;
    this.paint();
    this.changed();
    this.link();
  }

  /** Colour the points of all maps. */
  paint(): void {
    const dark = isDark();
    for (const model of this.models) {
      const { clusters, counts, centers, map } = model;
      map.captions = [];
      if (this.state.coloring === "cluster" && clusters !== null) {
        const colors = clusterColors(centers, dark);
        map.colors = painted(map.count, (index) => colors[clusters.members[index]]);
        if (map.camera.zoom < CAPTION_ZOOM) {
          const inks = clusterColors(centers, dark, true);
          map.captions = clusters.names.map((name, number) => ({
            text: name.slice(0, 2).join(" · ").slice(0, 40),
            at: centers[number],
            color: css(inks[number]),
          }));
        }
      } else if (this.state.coloring === "frequency") {
        const most = Math.log1p(counts.at(0) ?? 0);
        const least = Math.log1p(counts.at(-1) ?? 0);
        map.colors = painted(map.count, (index) =>
          frequencyColor(
            counts.length > 0 && most > least
              ? (Math.log1p(counts[index]) - least) / (most - least)
              : 1 - Math.log(index + 1) / Math.log(map.count + 1),
            dark,
          ),
        );
      } else {
        const color = plainColor(dark);
        map.colors = painted(map.count, () => color);
      }
    }
  }

  // --- the link --------------------------------------------------------------------------------

  /** Keep the address such that it brings all this back; not at each step of a movement. */
  link(): void {
    if (!this.#isRestored) return; // the address still says what is to be brought back
    clearTimeout(this.#linkDue);
    this.#linkDue = setTimeout(() => {
      const { camera } = this.models[0].map;
      const hash = toHash(this.state, camera.isFitted || camera.isMoving ? null : camera.view);
      if (hash !== location.hash.slice(1)) history.replaceState(null, "", `#${hash}`);
      document.documentElement.dataset.link = "kept";
    }, LINK_PAUSE);
    document.documentElement.dataset.link = "due";
  }

  /** Bring back what a link says; of two that come at once, the second. */
  async restore(hash: string): Promise<void> {
    const turn = ++this.#restoring;
    const link = fromHash(hash);
    this.#isRestored = true;
    const find = async (keys: readonly string[]): Promise<Word[]> =>
      (await Promise.all(keys.map((key) => this.known(key)))).filter((word) => word !== null);
    const [words, plus, minus, pair] = await Promise.all([
      find(link.word === null ? [] : [link.word]),
      find(link.plus),
      find(link.minus),
      find(link.pair),
    ]);
    if (turn !== this.#restoring) return;
    Object.assign(this.state, {
      word: words.at(0) ?? null,
      plus,
      minus,
      pair: [pair.at(0) ?? null, pair.at(1) ?? null],
      list: link.list.filter((index) => index < this.models[0].map.count),
      coloring: link.coloring,
    } satisfies Partial<State>);
    const isOffered = link.layout === "pca" || this.models[0].layouts.some(({ name }) => name === link.layout);
    if (isOffered && link.layout !== this.state.layout) await this.setLayout(link.layout);
    this.paint();
    if (link.view !== null) for (const { map } of this.models) map.show(link.view);
    this.show(link.tab, link.view === null);
  }

  /** Which of the well-known sums this model can answer. */
  findSamples(): void {
    this.sampleSums = SUMS.filter((sum) => sum.every((key) => this.models[0].draws(key)));
  }
}
