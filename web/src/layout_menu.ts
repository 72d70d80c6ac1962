/** Which map: the one at once, and those that are computed while one goes on. */

import type { App } from "./app.ts";
import { h } from "./dom.ts";
import type { Layout } from "./source.ts";

const PAUSE = 700;

export class LayoutMenu {
  readonly element = h("div", { class: "choice", role: "group", "aria-label": "Map" });
  readonly #app: App;
  #isWatching = false;

  constructor(app: App) {
    this.#app = app;
    this.show();
    if (this.#running().length > 0) void this.#watch();
  }

  show(): void {
    const { state, models } = this.#app;
    const buttons = [this.#button("pca", "PCA", null, state.layout)];
    for (const layout of models[0].layouts) buttons.push(this.#button(layout.name, layout.title, layout, state.layout));
    const focused = [...this.element.children].findIndex((child) => child === document.activeElement);
    this.element.replaceChildren(...buttons);
    if (focused >= 0) buttons[focused].focus();
  }

  #button(name: string, title: string, layout: Layout | null, current: string): HTMLButtonElement {
    const isMissing = layout?.state === "missing";
    const isRunning = layout?.state === "running";
    const percent = isRunning ? ` ${Math.round(100 * layout.progress)} %` : "";
    const hint = isMissing
      ? `Not installed: ${layout.message}`
      : isRunning
        ? "Being computed; click to see it so far, twice to give up"
        : layout?.state === "failed"
          ? `Failed: ${layout.message}`
          : layout?.state === "absent"
            ? "Compute this map in the background"
            : "";
    const button = h(
      "button",
      {
        type: "button",
        "aria-pressed": String(name === current),
        "aria-disabled": isMissing,
        class: isRunning ? "running" : "",
        title: hint,
        onclick: () => void this.#choose(name, layout),
        ondblclick: () => { if (isRunning) void this.#each((source) => source.stop(name)); },
      },
      `${title}${percent}`,
    );
    if (isRunning) button.style.setProperty("--progress", String(layout.progress));
    return button;
  }

  async #choose(name: string, layout: Layout | null): Promise<void> {
    if (layout?.state === "missing") {
      this.#app.warn(`${layout.title} is not installed: ${layout.message}`, []);
      return;
    }
    if (layout?.state === "absent" || layout?.state === "failed") {
      try {
        await this.#each((source) => source.start(name));
      } catch (error) {
        this.#app.warn(error instanceof Error ? error.message : String(error), []);
        return;
      }
      this.#app.warn(`${layout.title} is being computed; the map will unfold as it takes shape.`, []);
      await this.#app.setLayout(name);
      void this.#watch();
      return;
    }
    await this.#app.setLayout(name);
  }

  /** Follow the computation, and show the map as it takes shape. */
  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    const shown = new Map<string, number>();
    do {
      for (const model of this.#app.models) {
        model.layouts = await model.source.layouts();
        for (const layout of model.layouts) {
          const name = `${model.name}/${layout.name}`;
          const isNew = layout.version > 0 && shown.get(name) !== layout.version;
          shown.set(name, layout.version);
          if (layout.state === "failed") this.#app.warn(`${layout.title} failed: ${layout.message}`, []);
          if (isNew && layout.name === this.#app.state.layout && model.has(layout.name)) {
            await this.#app.setLayout(layout.name);
          }
        }
      }
      this.show();
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    } while (this.#running().length > 0);
    this.#isWatching = false;
    const { models, state } = this.#app;
    if (!models.some((model) => model.has(state.layout))) await this.#app.setLayout("pca"); // given up, or failed
    document.documentElement.dataset.layout = this.#app.state.layout;
  }

  #running(): readonly Layout[] {
    return this.#app.models.flatMap(({ layouts }) => layouts.filter(({ state }) => state === "running"));
  }

  async #each(act: (source: App["models"][number]["source"]) => Promise<void>): Promise<void> {
    await Promise.all(this.#app.models.map(({ source }) => act(source)));
  }
}
