/** The bar below the map: which map, which colours, and what one does with the whole of it. */

import type { App } from "./app.ts";
import type { Coloring } from "./colors.ts";
import { h, icon } from "./dom.ts";
import { showHelp } from "./help.ts";
import { LayoutMenu } from "./layout_menu.ts";

const COLORINGS: readonly (readonly [Coloring, string])[] = [
  ["cluster", "Clusters"],
  ["frequency", "Frequency"],
  ["plain", "Plain"],
];

export function toolbar(app: App): HTMLElement {
  const layouts = new LayoutMenu(app);
  const colors = choice("Colour by", COLORINGS, (coloring) => { app.setColoring(coloring); });
  const maps = app.models.map(({ map }) => map);
  const lasso = tool("Lasso (L)", "M10 3c4.4 0 7 2 7 5s-2.600 5-7 5-7-2-7-5 2.600-5 7-5M7 13c-1.500 0-2 2.500 0 2.500S8 18 6 18", () => { app.toggleLasso(); if (app.isLassoing) app.show("list"); });
  lasso.setAttribute("aria-pressed", "false");
  const before = app.changed;
  app.changed = () => {
    before();
    lasso.setAttribute("aria-pressed", String(app.isLassoing));
    colors.select(app.state.coloring);
    layouts.show();
  };
  colors.select(app.state.coloring);
  return h(
    "footer",
    { class: "toolbar over-map", role: "toolbar", "aria-label": "The map" },
    layouts.element,
    colors.element,
    h(
      "div",
      { class: "tools" },
      tool("Nearer (+)", "M10 4v12M4 10h12", () => { for (const map of maps) map.zoomBy(1.6); }),
      tool("Farther (−)", "M4 10h12", () => { for (const map of maps) map.zoomBy(1 / 1.6); }),
      tool("All of it (0)", "M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4", () => { for (const map of maps) map.fit(); }),
      lasso,
      tool("Copy the link (S)", "M8.500 11.500l3-3M9 6l2-2a3.500 3.500 0 0 1 5 5l-2 2M11 14l-2 2a3.500 3.500 0 0 1-5-5l2-2", () => { void copyLink(app); }),
      tool("Picture (P)", "M10 3v9M6 8.500l4 4 4-4M4 16h12", () => { void app.savePicture(); }),
      tool("Light or dark (T)", "M16 11.500A6.500 6.500 0 0 1 8.500 4 6.500 6.500 0 1 0 16 11.500z", () => { app.theme.toggle(); }),
      tool("Help (?)", "M7.500 7.500a2.500 2.500 0 1 1 3.500 2.300c-.8.4-1 .8-1 1.700M10 14.800v.1", showHelp),
    ),
  );
}

function tool(label: string, path: string, act: () => void): HTMLButtonElement {
  return h("button", { type: "button", class: "tool", "aria-label": label, title: label, onclick: act }, icon(path));
}

/** Some buttons of which one is pressed. */
export function choice<T extends string>(
  label: string,
  options: readonly (readonly [T, string])[],
  chosen: (option: T) => void,
): { element: HTMLElement; select: (option: T) => void } {
  const buttons = options.map(([option, title]) =>
    h("button", { type: "button", onclick: () => { chosen(option); } }, title),
  );
  const select = (option: T): void => {
    buttons.forEach((button, place) => { button.setAttribute("aria-pressed", String(options[place][0] === option)); });
  };
  return { element: h("div", { class: "choice", role: "group", "aria-label": label }, ...buttons), select };
}

export async function copyLink(app: App): Promise<void> {
  const isFile = location.protocol === "file:";
  try {
    await navigator.clipboard.writeText(location.href);
    app.warn(isFile ? "The link is copied; it works where this file is." : "The link is copied; it brings this view back.", []);
  } catch {
    app.warn("The link is in the address bar.", []);
  }
}
