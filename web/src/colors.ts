/** Colours of points: by cluster, by how frequent a word is, or none. */

export type Coloring = "cluster" | "frequency" | "plain";

type Rgb = readonly [number, number, number];

/** Turn lightness, chroma and hue (degrees) into sRGB. Ottosson 2020, "A perceptual color space". */
export function oklch(lightness: number, chroma: number, hue: number): Rgb {
  const angle = (hue * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(angle), chroma * Math.sin(angle)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    gamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function gamma(linear: number): number {
  const value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.min(1, Math.max(0, value)));
}

export function css([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}

/** One colour a cluster, so that those beside each other on the map have hues beside each other; for text, readable. */
export function clusterColors(centers: readonly (readonly [number, number])[], isDark: boolean, isText = false): Rgb[] {
  const order = centers.map((_, number) => number);
  order.sort((a, b) => Math.atan2(centers[a][1], centers[a][0]) - Math.atan2(centers[b][1], centers[b][0]));
  const colors = new Array<Rgb>(centers.length);
  order.forEach((number, place) => {
    const hue = 20 + (360 * place) / Math.max(1, centers.length);
    const step = place % 2 === 0 ? 0.035 : -0.035; // the next hue alone is hard to tell apart
    colors[number] = isDark ? oklch(0.75 + step, 0.115, hue) : oklch((isText ? 0.49 : 0.6) + step, 0.13, hue);
  });
  return colors;
}

/** From rare to frequent. */
export function frequencyColor(share: number, isDark: boolean): Rgb {
  const t = Math.min(1, Math.max(0, share));
  return isDark
    ? oklch(0.5 + 0.36 * t, 0.04 + 0.12 * t, 265 - 205 * t)
    : oklch(0.86 - 0.36 * t, 0.04 + 0.13 * t, 250 - 215 * t);
}

export function plainColor(isDark: boolean): Rgb {
  return isDark ? [150, 146, 138] : [120, 114, 104];
}

/** Where each cluster's middle lies: the median of its points, along each axis. */
export function clusterCenters(
  members: ArrayLike<number>,
  clusters: number,
  place: (index: number) => readonly [number, number],
): [number, number][] {
  const xs: number[][] = Array.from({ length: clusters }, () => []);
  const ys: number[][] = Array.from({ length: clusters }, () => []);
  for (let i = 0; i < members.length; i++) {
    const [x, y] = place(i);
    xs[members[i]].push(x);
    ys[members[i]].push(y);
  }
  return xs.map((values, number) => [median(values), median(ys[number])]);
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values.length === 0 ? 0 : values[values.length >> 1];
}

/** Paint every point: `color` gives the colour of one. */
export function painted(count: number, color: (index: number) => Rgb): Uint8Array {
  const colors = new Uint8Array(3 * count);
  for (let i = 0; i < count; i++) colors.set(color(i), 3 * i);
  return colors;
}
