/** Lines, arrows, rings and the lasso, drawn over the points. */

import type { Arrow, Ink, Picture, Place } from "./picture.ts";

const GROWTH = 420;
const STAGGER = 18;
const ARROW = 520;

type At = (place: Place) => readonly [number, number];

/** Draw a picture as it is so many milliseconds after it began; true while it still grows. */
export function drawPicture(
  context: CanvasRenderingContext2D,
  picture: Picture,
  at: At,
  ink: Ink,
  age: number,
): boolean {
  let isGrowing = false;
  context.lineCap = "round";
  picture.links.forEach((link, rank) => {
    const t = grown((age - rank * STAGGER) / GROWTH);
    if (t < 1) isGrowing = true;
    if (t === 0) return;
    const [ax, ay] = at(link.from);
    const [bx, by] = at(link.to);
    context.globalAlpha = 0.25 + 0.6 * link.weight ** 2;
    context.strokeStyle = ink[link.tone];
    context.lineWidth = 0.7 + 2.2 * link.weight ** 2;
    context.beginPath();
    context.moveTo(ax, ay);
    context.lineTo(ax + (bx - ax) * t, ay + (by - ay) * t);
    context.stroke();
  });
  context.globalAlpha = 1;
  picture.arrows.forEach((arrow, rank) => {
    const t = grown((age - rank * ARROW) / ARROW);
    if (t < 1) isGrowing = true;
    if (t > 0) drawArrow(context, arrow, at, ink, t);
  });
  for (const { index, tone } of picture.focus) {
    const [x, y] = at(index);
    context.strokeStyle = ink[tone];
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, 7.5, 0, 2 * Math.PI);
    context.stroke();
  }
  return isGrowing;
}

function drawArrow(context: CanvasRenderingContext2D, arrow: Arrow, at: At, ink: Ink, t: number): void {
  const [ax, ay] = at(arrow.from);
  const [ex, ey] = at(arrow.to);
  const bx = ax + (ex - ax) * t;
  const by = ay + (ey - ay) * t;
  const length = Math.hypot(bx - ax, by - ay);
  if (length < 1) return;
  context.strokeStyle = ink[arrow.tone];
  context.fillStyle = ink[arrow.tone];
  context.lineWidth = arrow.isDashed ? 1.6 : 2.4;
  context.setLineDash(arrow.isDashed ? [5, 5] : []);
  context.beginPath();
  context.moveTo(ax, ay);
  context.lineTo(bx, by);
  context.stroke();
  context.setLineDash([]);
  const head = Math.min(11, length / 2);
  const [dx, dy] = [(bx - ax) / length, (by - ay) / length];
  context.beginPath();
  context.moveTo(bx, by);
  context.lineTo(bx - dx * head - dy * head * 0.45, by - dy * head + dx * head * 0.45);
  context.lineTo(bx - dx * head + dy * head * 0.45, by - dy * head - dx * head * 0.45);
  context.fill();
}

export function drawLasso(context: CanvasRenderingContext2D, line: readonly (readonly [number, number])[], ink: Ink): void {
  if (line.length < 2) return;
  context.beginPath();
  for (const [x, y] of line) context.lineTo(x, y);
  context.closePath();
  context.fillStyle = ink.accent;
  context.globalAlpha = 0.1;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = ink.accent;
  context.lineWidth = 1.5;
  context.setLineDash([6, 4]);
  context.stroke();
  context.setLineDash([]);
}

function grown(t: number): number {
  const clipped = Math.min(1, Math.max(0, t));
  return 1 - (1 - clipped) ** 3;
}
