/** Words as files. */

import { h } from "./dom.ts";

export interface Row {
  readonly word: string;
  readonly rank: number;
  readonly count: number | null;
  readonly cluster: string;
  readonly x: number;
  readonly y: number;
}

const COLUMNS = ["word", "rank", "count", "cluster", "x", "y"] as const;

/** Comma-separated, as RFC 4180 has it. */
export function csv(rows: readonly Row[]): string {
  const cell = (value: string | number | null): string => {
    const text = String(value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return table(rows, ",", cell, "\r\n");
}

/** Tab-separated; tabs and breaks within a word become \t and \n. */
export function tsv(rows: readonly Row[]): string {
  const escapes: Record<string, string> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };
  return table(rows, "\t", (value) => String(value ?? "").replace(/[\\\t\n\r]/g, (sign) => escapes[sign]), "\n");
}

function table(
  rows: readonly Row[],
  separator: string,
  cell: (value: string | number | null) => string,
  end: string,
): string {
  const lines = [COLUMNS.join(separator), ...rows.map((row) => COLUMNS.map((name) => cell(row[name])).join(separator))];
  return lines.join(end) + end;
}

export function download(name: string, content: Blob | string, type = "text/plain;charset=utf-8"): void {
  const blob = typeof content === "string" ? new Blob([content], { type }) : content;
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => {
    URL.revokeObjectURL(address);
  }, 10_000);
}
