/** The points themselves, drawn by WebGL: all of them in one call, moved from map to map there. */

import type { Camera } from "./camera.ts";

const VERTEX = `#version 300 es
in vec2 before; in vec2 after; in vec3 color; in float emphasis; in float weight;
uniform vec2 middle; uniform vec2 perPixel; uniform float scale; uniform float moved;
uniform float size; uniform float faded;
flat out vec4 ink;
void main() {
  vec2 place = mix(before, after, moved);
  gl_Position = vec4((place - middle) * scale * perPixel, 0.0, 1.0);
  gl_PointSize = size * (0.85 + 0.9 * weight) * (1.0 + 0.5 * emphasis);
  float alpha = mix(faded * (0.5 + 0.45 * weight), 1.0, emphasis);
  ink = vec4(color * alpha, alpha);
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
flat in vec4 ink; out vec4 result;
void main() {
  vec2 p = gl_PointCoord - 0.5;
  float edge = clamp((0.25 - dot(p, p)) * 8.0, 0.0, 1.0);
  result = ink * edge;
}`;

type Attribute = "before" | "after" | "color" | "emphasis" | "weight";

export class Scene {
  readonly #gl: WebGL2RenderingContext;
  #program: WebGLProgram | null = null;
  readonly #buffers = new Map<Attribute, WebGLBuffer>();
  readonly #kept = new Map<Attribute, Float32Array | Uint8Array>();
  readonly #places = new Map<string, WebGLUniformLocation | null>();
  #count = 0;

  /** Null where the browser has no WebGL 2. */
  static on(canvas: HTMLCanvasElement): Scene | null {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: true, preserveDrawingBuffer: false });
    return gl === null ? null : new Scene(gl, canvas);
  }

  private constructor(gl: WebGL2RenderingContext, canvas: HTMLCanvasElement) {
    this.#gl = gl;
    this.#prepare();
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
    });
    canvas.addEventListener("webglcontextrestored", () => {
      this.#buffers.clear();
      this.#prepare();
      for (const [name, data] of this.#kept) this.#upload(name, data);
    });
  }

  set places({ before, after }: { before: Float32Array; after: Float32Array }) {
    if (this.#count !== after.length / 2) {
      this.#count = after.length / 2;
      this.#upload("weight", weights(this.#count));
    }
    this.#upload("before", before);
    this.#upload("after", after);
  }

  /** Red, green, blue of each point, 0 to 255. */
  set colors(colors: Uint8Array) {
    this.#upload("color", colors);
  }

  /** 255 for the points that stand out, else 0. */
  set emphasis(emphasis: Uint8Array) {
    this.#upload("emphasis", emphasis);
  }

  /** Draw the first so many points. */
  draw(camera: Camera, moved: number, faded: number, count: number): void {
    const gl = this.#gl;
    const ratio = gl.canvas.width / camera.width;
    gl.viewport(0, 0, gl.canvas.width, gl.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (this.#count === 0 || this.#program === null || !this.#kept.has("color")) return;
    gl.useProgram(this.#program);
    const { x, y, scale } = camera.view;
    gl.uniform2f(this.#place("middle"), x, y);
    gl.uniform2f(this.#place("perPixel"), 2 / camera.width, 2 / camera.height);
    gl.uniform1f(this.#place("scale"), scale);
    gl.uniform1f(this.#place("moved"), moved);
    gl.uniform1f(this.#place("faded"), faded);
    gl.uniform1f(this.#place("size"), pointSize(this.#count, camera.zoom) * ratio);
    gl.drawArrays(gl.POINTS, 0, Math.min(count, this.#count));
  }

  #prepare(): void {
    const gl = this.#gl;
    const program = gl.createProgram();
    for (const [kind, text] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(kind);
      if (shader === null) return;
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true) {
      throw new Error(`the map can't be drawn: ${gl.getProgramInfoLog(program) ?? ""}`);
    }
    this.#program = program;
    this.#places.clear();
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  #upload(name: Attribute, data: Float32Array | Uint8Array): void {
    const gl = this.#gl;
    this.#kept.set(name, data);
    const buffer = this.#buffers.get(name) ?? gl.createBuffer();
    this.#buffers.set(name, buffer);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    if (this.#program === null) return;
    const place = gl.getAttribLocation(this.#program, name);
    gl.enableVertexAttribArray(place);
    const width = { before: 2, after: 2, color: 3, emphasis: 1, weight: 1 }[name];
    const isFloat = data instanceof Float32Array;
    gl.vertexAttribPointer(place, width, isFloat ? gl.FLOAT : gl.UNSIGNED_BYTE, !isFloat, 0, 0);
  }

  #place(name: string): WebGLUniformLocation | null {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.#program === null ? null : this.#gl.getUniformLocation(this.#program, name);
      this.#places.set(name, place);
    }
    return place;
  }
}

/** Frequent words are larger, but no more than twice the rare ones: 255 for the first, 0 for the last. */
function weights(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, index) => 255 * (1 - Math.log(index + 1) / Math.log(count + 2)));
}

/** Pixels across: many points are small, and grow as one comes nearer. */
export function pointSize(count: number, zoom: number): number {
  const few = Math.max(2.2, Math.min(8, 26 / Math.max(1, Math.log10(count + 1)) ** 1.35 - 0.6));
  return Math.min(13, few * Math.max(1, zoom) ** 0.36);
}
