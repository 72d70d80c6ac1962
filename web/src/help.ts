/** The keys, and what the map can and can't tell. */

import { h } from "./dom.ts";

const KEYS: readonly (readonly [string, string])[] = [
  ["/", "search"],
  ["1 2 3 4", "word, analogy, compare, selection"],
  ["← ↑ → ↓", "move the map, when it has the focus (M)"],
  ["+ − 0", "nearer, farther, all of it"],
  ["Shift + drag, L", "lasso"],
  ["V", "select all words in view"],
  ["C", "other colours"],
  ["S P", "copy the link, save a picture"],
  ["T", "light or dark"],
  ["Esc", "back"],
];

export function showHelp(): void {
  const dialog = h(
    "dialog",
    { "aria-label": "Help" },
    h("h2", {}, "Keys"),
    h("dl", {}, ...KEYS.flatMap(([key, what]) => [h("dt", {}, key), h("dd", {}, what)])),
    h("p", {}, "A map shows two of many dimensions. Words far apart on it may be near each other; the bars tell the truth, their cosines are taken in all dimensions."),
    h("form", { method: "dialog" }, h("button", { class: "action" }, "Close")),
  );
  dialog.addEventListener("close", () => { dialog.remove(); });
  document.body.append(dialog);
  dialog.showModal();
}
