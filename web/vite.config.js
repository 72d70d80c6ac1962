// One script and one style of fixed names: the Python side serves exactly these, and puts them into
// the single page that `synvec explore --html` writes.
import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  build: {
    outDir: "../python/synvec/explorer/built",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    rollupOptions: {
      output: {
        entryFileNames: "assets/explorer.js",
        assetFileNames: (asset) =>
          asset.names.some((name) => name.endsWith(".css")) ? "assets/explorer.css" : "assets/[name][extname]",
      },
    },
  },
});
