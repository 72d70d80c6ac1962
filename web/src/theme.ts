/** Light or dark: as the system has it, until one chooses. */

const KEPT = "synvec-theme";
const SYSTEM = matchMedia("(prefers-color-scheme: dark)");

export function isDark(): boolean {
  return document.documentElement.dataset.theme === "dark";
}

export class Theme {
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
    SYSTEM.addEventListener("change", () => {
      this.#take();
    });
    this.#take();
  }

  toggle(): void {
    try {
      localStorage.setItem(KEPT, isDark() ? "light" : "dark");
    } catch {
      // A page from a file may not keep anything; the choice holds until it is closed.
    }
    this.#set(isDark() ? "light" : "dark");
  }

  #take(): void {
    let kept: string | null = null;
    try {
      kept = localStorage.getItem(KEPT);
    } catch {
      // as above
    }
    this.#set(kept ?? (SYSTEM.matches ? "dark" : "light"));
  }

  #set(theme: string): void {
    document.documentElement.dataset.theme = theme;
    this.#changed();
  }
}
