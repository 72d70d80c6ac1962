/** What tests and the curious may ask of the page from outside, as `synvec`. */

import type { App } from "./app.ts";

export function expose(app: App): void {
  const hooks = {
    /** Where a word is in the window: x, y; null where it is not drawn. */
    place(key: string, m = 0): [number, number] | null {
      const { map, keys } = app.models[m];
      const index = keys.indexOf(key);
      if (index < 0) return null;
      const [x, y] = map.camera.toScreen(...map.place(index));
      const box = map.element.getBoundingClientRect();
      return [x + box.left, y + box.top];
    },
    /** Whether everything has come to rest. */
    isStill: (): boolean => app.models.every(({ map }) => map.isStill),
    /** How many points are drawn. */
    count: (m = 0): number => app.models[m].map.count,
    /** How near one is; 1 shows all of the map. */
    zoom: (m = 0): number => app.models[m].map.camera.zoom,
  };
  Object.assign(window, { synvec: hooks });
}
