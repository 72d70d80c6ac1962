import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import ts from "typescript-eslint";

export default defineConfig(
  { ignores: ["node_modules/"] },
  js.configs.recommended,
  {
    files: ["src/**/*.ts"],
    extends: [ts.configs.strictTypeChecked, ts.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Numbers read well in templates.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // Words are text, never markup: nothing may be parsed as HTML.
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "words are text: use textContent" },
        { property: "outerHTML", message: "words are text: use textContent" },
        { property: "insertAdjacentHTML", message: "words are text: use append" },
      ],
    },
  },
);
