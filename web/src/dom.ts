/** Elements made of text: no function here parses markup, so a word can't become any. */

type Child = Node | string | null | false;
type Attributes = Record<string, string | number | boolean | ((event: Event) => void) | undefined>;

/** Make an element; `on…` attributes are listeners, `false` and `undefined` are left out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** Make an icon of 20 × 20 from the data of a path. */
export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** Show a word: each in a direction of its own, cut after a while, complete in its title. */
export function word(key: string, longest = 48): HTMLElement {
  const shown = cut(key, longest);
  return h("bdi", { class: "word", title: shown === key ? undefined : key.slice(0, 500) }, visible(shown));
}

/** Cut text after so many characters as people see them, never inside one. */
export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  let end = 0;
  let seen = 0;
  for (const part of GRAPHEMES.segment(text.slice(0, longest * 8))) {
    if (seen === longest - 1) return `${text.slice(0, end)}…`;
    end = part.index + part.segment.length;
    seen += 1;
  }
  return text.length > longest * 8 ? `${text.slice(0, end)}…` : text;
}

const GRAPHEMES = new Intl.Segmenter();

/** Show what would otherwise be nothing: spaces, breaks, and signs that turn the text around. */
export function visible(text: string): string {
  if (!/^\s|\s$|[\p{Cc}\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(text)) return text;
  return text
    .replace(/[\n\r]/g, "⏎")
    .replace(/\t/g, "⇥")
    .replace(/^\s|\s$/g, "␣")
    .replace(/[\p{Cc}\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "�");
}

const COUNT = new Intl.NumberFormat("en");

export function count(number: number): string {
  return COUNT.format(number);
}
