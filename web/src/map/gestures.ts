/** What fingers, mouse and keys do to a map. */

import type { Camera } from "./camera.ts";

export interface GestureTarget {
  readonly camera: Camera;
  isLassoing: boolean;
  changed(): void;
  hover(x: number, y: number): void;
  leave(): void;
  pick(x: number, y: number): void;
  lasso(line: readonly (readonly [number, number])[], isDone: boolean): void;
  zoomBy(factor: number, at?: readonly [number, number]): void;
  fit(): void;
}

const SLOP = 4;
const PAN = 90;

export function listen(element: HTMLElement, target: GestureTarget): void {
  listenToPointers(element, target);
  listenToWheel(element, target);
  listenToKeys(element, target);
}

function listenToPointers(element: HTMLElement, target: GestureTarget): void {
  const pointers = new Map<number, [number, number]>();
  let begun: [number, number] | null = null;
  let line: [number, number][] | null = null;
  let isDragged = false;

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    const at = place(event);
    pointers.set(event.pointerId, at);
    if (pointers.size === 1) {
      begun = at;
      isDragged = false;
      line = target.isLassoing || event.shiftKey ? [at] : null;
    } else {
      line = null; // a second finger pinches
      target.lasso([], true);
    }
  });

  element.addEventListener("pointermove", (event) => {
    const at = place(event);
    const before = pointers.get(event.pointerId);
    if (before === undefined) {
      target.hover(...at);
      return;
    }
    if (begun !== null && Math.hypot(at[0] - begun[0], at[1] - begun[1]) > SLOP) isDragged = true;
    if (line !== null) {
      line.push(at);
      target.lasso(line, false);
    } else if (pointers.size === 1) {
      if (isDragged) target.camera.pan(at[0] - before[0], at[1] - before[1]);
    } else {
      pinch(target.camera, pointers, event.pointerId, at);
    }
    pointers.set(event.pointerId, at);
    target.changed();
  });

  const end = (event: PointerEvent): void => {
    if (!pointers.delete(event.pointerId)) return;
    if (line !== null) {
      target.lasso(line, true);
      line = null;
    } else if (!isDragged && pointers.size === 0 && event.type === "pointerup") {
      target.pick(...place(event));
    }
    if (pointers.size > 0) isDragged = true;
    else begun = null;
  };
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
  element.addEventListener("pointerleave", () => {
    target.leave();
  });
  element.addEventListener("dblclick", (event) => {
    target.zoomBy(2, place(event));
  });
}

function listenToWheel(element: HTMLElement, target: GestureTarget): void {
  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      const speed = event.ctrlKey ? 0.01 : 0.0018; // a pinch on a touchpad comes as ctrl and wheel
      target.camera.zoomAt(Math.exp(-event.deltaY * lines * speed), ...place(event));
      target.changed();
    },
    { passive: false },
  );
}

function listenToKeys(element: HTMLElement, target: GestureTarget): void {
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps: Record<string, () => void> = {
      ArrowLeft: () => { target.camera.pan(PAN, 0); },
      ArrowRight: () => { target.camera.pan(-PAN, 0); },
      ArrowUp: () => { target.camera.pan(0, PAN); },
      ArrowDown: () => { target.camera.pan(0, -PAN); },
    };
    const step = steps[event.key] as (() => void) | undefined;
    if (step === undefined) return;
    event.preventDefault();
    step();
    target.changed();
  });
}

/** Where something happened, from the corner of the element that hears of it. */
function place(event: MouseEvent): [number, number] {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function pinch(camera: Camera, pointers: Map<number, [number, number]>, moved: number, at: [number, number]): void {
  const [first, second] = [...pointers.entries()];
  const still = first[0] === moved ? second[1] : first[1];
  const before = pointers.get(moved) ?? at;
  const was = Math.hypot(before[0] - still[0], before[1] - still[1]);
  const is = Math.hypot(at[0] - still[0], at[1] - still[1]);
  camera.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
  if (was > 1) camera.zoomAt(is / was, (at[0] + still[0]) / 2, (at[1] + still[1]) / 2);
}
