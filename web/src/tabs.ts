/** The tabs of the panel. */

import type { App } from "./app.ts";
import { h } from "./dom.ts";
import type { Tab } from "./state.ts";

const TITLES: readonly (readonly [Tab, string])[] = [
  ["word", "Word"],
  ["sum", "Analogy"],
  ["pair", "Compare"],
  ["list", "Selection"],
];

export function tabs(app: App): HTMLElement {
  const buttons = TITLES.map(([tab, title], place) =>
    h("button", { type: "button", role: "tab", id: `tab-${tab}`, "aria-controls": "panel", title: `${place + 1}`, onclick: () => { app.show(tab); } }, title),
  );
  const show = (): void => {
    TITLES.forEach(([tab], place) => {
      const isShown = app.state.tab === tab;
      buttons[place].setAttribute("aria-selected", String(isShown));
      buttons[place].tabIndex = isShown ? 0 : -1;
      if (isShown) app.body.setAttribute("aria-labelledby", `tab-${tab}`);
    });
  };
  const before = app.changed;
  app.changed = () => { before(); show(); };
  show();
  const bar = h("div", { class: "tabs", role: "tablist", "aria-label": "What to ask" }, ...buttons);
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const place = TITLES.findIndex(([tab]) => tab === app.state.tab);
    const next = (place + step + TITLES.length) % TITLES.length;
    app.show(TITLES[next][0]);
    buttons[next].focus();
  });
  return bar;
}
