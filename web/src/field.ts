/** A field that completes words: a combobox, as the ARIA practices describe it. */

import { h, word } from "./dom.ts";
import type { Found } from "./source.ts";

export interface FieldOptions {
  readonly id: string;
  readonly label: string;
  readonly placeholder: string;
  complete(text: string): Promise<readonly Found[]>;
  /** Something was chosen, or typed and entered. */
  chosen(what: Found | string): void;
}

export class Field {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  readonly #list: HTMLUListElement;
  readonly #options: FieldOptions;
  #found: readonly Found[] = [];
  #active = -1;
  #asked = 0;

  constructor(options: FieldOptions) {
    this.#options = options;
    const list = `${options.id}-list`;
    this.input = h("input", {
      id: options.id,
      type: "search",
      role: "combobox",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      dir: "auto",
      "aria-label": options.label,
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": list,
      placeholder: options.placeholder,
    });
    this.#list = h("ul", { id: list, role: "listbox", "aria-label": `${options.label}: suggestions`, hidden: true });
    this.element = h("div", { class: "field" }, this.input, this.#list);
    this.input.addEventListener("input", () => void this.#complete());
    this.input.addEventListener("focus", () => void this.#complete());
    this.input.addEventListener("blur", () => {
      this.#close();
    });
    this.input.addEventListener("keydown", (event) => {
      this.#key(event);
    });
  }

  set value(text: string) {
    this.input.value = text;
    this.#close();
  }

  async #complete(): Promise<void> {
    const asked = ++this.#asked;
    const text = this.input.value.trim();
    const found = text === "" ? [] : await this.#options.complete(text);
    if (asked !== this.#asked || document.activeElement !== this.input) return; // typed on, or left
    this.#found = found;
    this.#active = -1;
    this.#list.replaceChildren(
      ...found.map((entry, place) => {
        const item = h("li", { id: `${this.#list.id}-${place}`, role: "option", "aria-selected": "false" }, word(entry.key));
        // pointerdown comes before the field's blur, which closes the list.
        item.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          this.#choose(entry);
        });
        return item;
      }),
    );
    this.#list.hidden = found.length === 0;
    this.input.setAttribute("aria-expanded", String(found.length > 0));
    this.input.removeAttribute("aria-activedescendant");
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && this.#found.length > 0) {
      event.preventDefault();
      this.#move(step);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const text = this.input.value.trim();
      if (this.#active >= 0) this.#choose(this.#found[this.#active]);
      else if (text !== "") this.#choose(text);
    } else if (event.key === "Escape" && !this.#list.hidden) {
      event.stopPropagation();
      this.#close();
    }
  }

  #move(step: number): void {
    const count = this.#found.length;
    this.#active = this.#active < 0 ? (step > 0 ? 0 : count - 1) : (this.#active + step + count) % count;
    for (const [place, item] of [...this.#list.children].entries()) {
      item.setAttribute("aria-selected", String(place === this.#active));
      if (place === this.#active) {
        item.scrollIntoView({ block: "nearest" });
        this.input.setAttribute("aria-activedescendant", item.id);
      }
    }
  }

  #choose(what: Found | string): void {
    this.#close();
    this.#options.chosen(what);
  }

  #close(): void {
    this.#asked += 1;
    this.#found = [];
    this.#active = -1;
    this.#list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
