/** What single keys do, anywhere but in a field. */

import type { App } from "./app.ts";
import type { Tab } from "./state.ts";
import { showHelp } from "./help.ts";
import { copyLink } from "./toolbar.ts";

const TABS: Record<string, Tab> = { 1: "word", 2: "sum", 3: "pair", 4: "list" };
const COLORINGS = ["cluster", "frequency", "plain"] as const;

export function listenToKeys(app: App): void {
  const maps = app.models.map(({ map }) => map);
  const acts: Record<string, () => void> = {
    "/": () => { app.search.input.focus(); },
    "+": () => { for (const map of maps) map.zoomBy(1.6); },
    "=": () => { for (const map of maps) map.zoomBy(1.6); },
    "-": () => { for (const map of maps) map.zoomBy(1 / 1.6); },
    "0": () => { for (const map of maps) map.fit(); },
    m: () => { maps[0].focus(); },
    l: () => { app.toggleLasso(); },
    v: () => { app.selectSeen(); },
    c: () => { app.setColoring(COLORINGS[(COLORINGS.indexOf(app.state.coloring) + 1) % COLORINGS.length]); },
    t: () => { app.theme.toggle(); },
    s: () => void copyLink(app),
    p: () => void app.savePicture(),
    "?": showHelp,
    Escape: () => {
      if (app.isLassoing) app.toggleLasso(false);
      else if (app.state.tab === "word") {
        app.state.word = null;
        app.show("word");
      } else app.show("word");
    },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]") !== null) return;
    if (event.target instanceof HTMLInputElement) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const tab = TABS[event.key] as Tab | undefined;
    const act = acts[event.key] as (() => void) | undefined;
    if (tab === undefined && act === undefined) return;
    event.preventDefault();
    if (tab !== undefined) app.show(tab);
    else act?.();
  });
}
