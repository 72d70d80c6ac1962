/** Where one looks: the point in the middle, and pixels for each unit of the map. */

export interface View {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Padding {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

const NEAREST = 4000; // times closer than all of the map
const FARTHEST = 0.3;
const FLIGHT = 650;

export class Camera {
  width = 1;
  height = 1;
  /** What lies over the map and hides it. */
  padding: Padding = { top: 0, right: 0, bottom: 0, left: 0 };
  #view: View = { x: 0, y: 0, scale: 1 };
  #flight: { from: View; to: View; begun: number; length: number } | null = null;
  isFitted = true;

  get view(): View {
    return this.#view;
  }

  get isMoving(): boolean {
    return this.#flight !== null;
  }

  /** How near one is: 1 shows all of the map. */
  get zoom(): number {
    return this.#view.scale / this.fitted().scale;
  }

  /** The view that shows all of the map, whose words lie within a radius of about 1. */
  fitted(): View {
    return this.around([-1, -1, 1, 1]);
  }

  /** The view that shows a box, in the part of the window that nothing hides. */
  around([left, bottom, right, top]: readonly [number, number, number, number]): View {
    const wide = Math.max(80, this.width - this.padding.left - this.padding.right);
    const high = Math.max(80, this.height - this.padding.top - this.padding.bottom);
    const scale = Math.min(wide / Math.max(right - left, 1e-6), high / Math.max(top - bottom, 1e-6)) * 0.9;
    // The middle of the free part is not the middle of the window.
    const aside = (this.padding.left - this.padding.right) / 2;
    const below = (this.padding.top - this.padding.bottom) / 2;
    return { x: (left + right) / 2 - aside / scale, y: (bottom + top) / 2 + below / scale, scale };
  }

  resize(width: number, height: number, padding: Padding): void {
    this.width = width;
    this.height = height;
    this.padding = padding;
    if (this.isFitted) this.#view = this.fitted();
  }

  set(view: View): void {
    this.#flight = null;
    this.isFitted = false;
    this.#view = view;
  }

  fly(to: View, length = FLIGHT): void {
    this.isFitted = false;
    if (length === 0) {
      this.set(to);
      return;
    }
    this.#flight = { from: this.#view, to, begun: performance.now(), length };
  }

  fit(length = FLIGHT): void {
    this.fly(this.fitted(), length);
    this.isFitted = true;
  }

  /** Move on in a flight. */
  advance(now: number): void {
    if (this.#flight === null) return;
    const { from, to, begun, length } = this.#flight;
    const t = Math.min(1, Math.max(0, (now - begun) / length));
    const eased = 1 - (1 - t) ** 3;
    const scale = from.scale * (to.scale / from.scale) ** eased;
    // The middle moves as the scale does, so that a point flown to grows where it is.
    const share =
      Math.abs(to.scale - from.scale) < 1e-9 * to.scale
        ? eased
        : (1 / from.scale - 1 / scale) / (1 / from.scale - 1 / to.scale);
    this.#view = { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share, scale };
    if (t === 1) {
      this.#view = to;
      this.#flight = null;
    }
  }

  pan(dx: number, dy: number): void {
    const { x, y, scale } = this.#view;
    this.set({ x: x - dx / scale, y: y + dy / scale, scale });
  }

  /** Come nearer by a factor; what is at (px, py) stays there. */
  zoomAt(factor: number, px: number, py: number): void {
    const [x, y] = this.toMap(px, py);
    const whole = this.fitted().scale;
    const scale = Math.min(whole * NEAREST, Math.max(whole * FARTHEST, this.#view.scale * factor));
    this.set({ x: x - (px - this.width / 2) / scale, y: y + (py - this.height / 2) / scale, scale });
  }

  toMap(px: number, py: number): [number, number] {
    const { x, y, scale } = this.#view;
    return [x + (px - this.width / 2) / scale, y - (py - this.height / 2) / scale];
  }

  toScreen(x: number, y: number): [number, number] {
    const view = this.#view;
    return [(x - view.x) * view.scale + this.width / 2, (view.y - y) * view.scale + this.height / 2];
  }
}
