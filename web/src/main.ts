/** Build the page, bring the models, and begin. */

import "./style.css";
import { App } from "./app.ts";
import { toolbar } from "./toolbar.ts";
import { count, h } from "./dom.ts";
import { embeddedSources } from "./embedded_source.ts";
import { expose } from "./hooks.ts";
import { listenToKeys } from "./keys.ts";
import { MapView } from "./map/map_view.ts";
import { bring, Model } from "./model.ts";
import { listPanel } from "./panel/list.ts";
import { pairPanel } from "./panel/pair.ts";
import { sumPanel } from "./panel/sum.ts";
import { wordPanel } from "./panel/word.ts";
import { Connection, ServerSource } from "./server_source.ts";
import type { Source, Summary } from "./source.ts";
import { tabs } from "./tabs.ts";

const SIDE_BY_SIDE = 2;
const NARROW = 760;

async function sources(): Promise<Source[]> {
  const embedded = embeddedSources();
  if (embedded !== null) return embedded;
  const banner = h("div", { class: "banner", role: "alert", hidden: true }, "The server does not answer. Waiting for it to come back…");
  document.body.append(banner);
  let known: Summary[] = [];
  const connection: Connection = new Connection((isThere) => {
    banner.hidden = isThere;
    if (isThere) void connection.models().then((now) => {
      // Another model behind the same address: what is drawn is no longer true.
      if (known.length > 0 && identity(now) !== identity(known)) location.reload();
    });
  });
  known = await connection.models();
  const names = known.map(({ name }) => name);
  if (names.length > SIDE_BY_SIDE) document.body.append(chooser(names));
  return chosen(names).map((number) => new ServerSource(connection, number, known[number]));
}

/** Which models the address names, by `?show=`, else the first; two where there are but two. */
function chosen(names: readonly string[]): number[] {
  const asked = new URLSearchParams(location.search).getAll("show").map((name) => names.indexOf(name));
  const numbers = [...new Set(asked)].filter((number) => number >= 0).slice(0, SIDE_BY_SIDE);
  if (numbers.length > 0) return numbers;
  return names.length > SIDE_BY_SIDE ? [0] : names.map((_, number) => number);
}

/** Two lists to choose models from, where more are served than fit side by side. */
function chooser(names: readonly string[]): HTMLElement {
  const shown = chosen(names);
  const lists = ["Model", "Beside it"].map((label, place) =>
    h(
      "select",
      { "aria-label": label, onchange: () => { choose(); } },
      ...(place === 0 ? [] : [h("option", { value: "" }, "alone")]),
      ...names.map((name, number) => h("option", { value: name, selected: shown.at(place) === number }, name)),
    ),
  );
  const choose = (): void => {
    const search = new URLSearchParams();
    for (const { value } of lists) if (value !== "") search.append("show", value);
    location.search = search.toString();
  };
  return h("nav", { class: "chooser", "aria-label": "Models" }, ...lists);
}

function identity(models: readonly Summary[]): string {
  return JSON.stringify(models.map(({ name, words, dimensions }) => [name, words, dimensions]));
}

function header(app: App): HTMLElement {
  const titles = app.models.map(({ source: { summary } }) => {
    const drawn = summary.drawn < summary.words ? `, the first ${count(summary.drawn)} drawn` : "";
    return h("p", { class: "about" }, h("bdi", {}, summary.name), ` ${count(summary.words)} words${drawn} · ${count(summary.dimensions)} dimensions`);
  });
  return h("header", { class: "over-map" }, h("h1", {}, "synvec"), ...titles, app.search.element);
}

async function begin(): Promise<void> {
  const models: Model[] = [];
  const holder: { app: App | null } = { app: null };
  const given = await sources();
  const firsts = Promise.all(given.map(bring)); // on their way while the page is built
  for (const [m, source] of given.entries()) {
    const map = new MapView(source.summary.name, {
      picked: (index) => void holder.app?.wordAt(m, index, models[m].keys[index]).then((word) => holder.app?.use(word)),
      lassoed: (indices) => holder.app?.select(indices, m),
      moved: () => holder.app?.link(),
    });
    models.push(new Model(source, map));
  }
  document.title = `${models.map(({ name }) => name).join(" · ")} — synvec`;
  const app = new App(models, { word: wordPanel, sum: sumPanel, pair: pairPanel, list: listPanel });
  holder.app = app;
  const panel = h("aside", { class: "panel over-map", "aria-label": "Answers" }, tabs(app), app.body);
  const maps = h("main", { class: "maps" }, ...models.map(({ map }) => map.element));
  if (models.length > 1) document.documentElement.classList.add("two");
  document.body.append(header(app), maps, panel, toolbar(app), app.status);
  listenToKeys(app);
  expose(app);
  fitToWindow(models, panel);
  (await firsts).forEach((first, m) => { models[m].begin(first); });
  app.paint();
  for (const { map } of models) map.fit();
  document.documentElement.dataset.ready = "yes";
  performance.mark("synvec:usable");
  app.findSamples();
  await app.restore(location.hash);
  addEventListener("hashchange", () => void app.restore(location.hash));
  models[0].warm();
  await Promise.all(models.map((model) => model.loadClusters()));
  app.paint();
  app.refresh();
  document.documentElement.dataset.clusters = "named";
}

/** Keep maps as large as the window lets them, and tell them what lies over them. */
function fitToWindow(models: readonly Model[], panel: HTMLElement): void {
  const fit = (): void => {
    const isNarrow = innerWidth < NARROW;
    for (const { map } of models) {
      map.resize({
        top: isNarrow ? 96 : 24,
        left: 16,
        right: isNarrow || models.length > 1 ? 16 : panel.offsetWidth + 24, // two maps lie beside the panel
        bottom: isNarrow ? panel.offsetHeight + 92 : 64,
      });
      const { left, top } = map.element.getBoundingClientRect();
      map.covered = [...document.querySelectorAll(".over-map")].map((element) => {
        const box = element.getBoundingClientRect();
        return [box.left - left, box.top - top, box.width, box.height];
      });
    }
  };
  const observer = new ResizeObserver(fit);
  observer.observe(document.body);
  observer.observe(panel);
  fit();
}

begin().catch((error: unknown) => {
  const text = error instanceof Error ? error.message : String(error);
  document.body.append(h("div", { class: "note", role: "alert" }, `The page could not begin: ${text}`));
});
