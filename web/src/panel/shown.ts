/** What a panel comes to, for whom shows it. */

import type { Picture } from "../map/picture.ts";

/** Parts, a picture for each map, and a sentence for who can't see them. */
export interface Shown {
  readonly parts: readonly (Node | null)[];
  readonly pictures: readonly Picture[];
  readonly said: string;
}
