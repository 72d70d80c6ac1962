/** Points drawn by a graphics card: all of them in one call, moved from map to map there. */

import type { Camera } from "./camera.ts";
import { pointSize, type Rgb, type Scene, weights } from "./scene.ts";

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

export class WebglScene implements Scene {
  readonly isOver = false;
  readonly #gl: WebGL2RenderingContext;
  #program: WebGLProgram | null = null;
  readonly #buffers = new Map<Attribute, WebGLBuffer>();
  readonly #kept = new Map<Attribute, Float32Array | Uint8Array>();
  readonly #places = new Map<string, WebGLUniformLocation | null>();
  #count = 0;
  #paper: Rgb = [255, 255, 255];

  /** Null where the browser has no WebGL 2, or the processor would have to act the graphics card. */
  static on(canvas: HTMLCanvasElement): WebglScene | null {
    const wanted = { antialias: false, alpha: false, depth: false, failIfMajorPerformanceCaveat: true };
    const gl = canvas.getContext("webgl2", wanted) as WebGL2RenderingContext | null;
    return gl === null || isActed(gl) ? null : new WebglScene(gl, canvas);
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

  set paper(paper: Rgb) {
    this.#paper = paper;
  }

  set colors(colors: Uint8Array) {
    this.#upload("color", colors);
  }

  set emphasis(emphasis: Uint8Array) {
    this.#upload("emphasis", emphasis);
  }

  draw(camera: Camera, moved: number, faded: number, count: number): void {
    const gl = this.#gl;
    const ratio = gl.canvas.width / camera.width;
    gl.viewport(0, 0, gl.canvas.width, gl.canvas.height);
    const [red, green, blue] = this.#paper;
    gl.clearColor(red / 255, green / 255, blue / 255, 1);
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

/** Whether the processor acts the graphics card, which browsers don't always count as a caveat. */
function isActed(gl: WebGL2RenderingContext): boolean {
  let name = String(gl.getParameter(gl.RENDERER));
  if (name === "WebKit WebGL") {
    const more = gl.getExtension("WEBGL_debug_renderer_info");
    if (more !== null) name = String(gl.getParameter(more.UNMASKED_RENDERER_WEBGL));
  }
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}
