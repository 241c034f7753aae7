import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const file = join(import.meta.dirname, "../../docs/schemas.md");

/** Replaces what stands between `<!-- mark -->` and `<!-- /mark -->` in docs/schemas.md; `change` gets the lines that are there. */
export function updateSection(mark: string, change: (lines: string[]) => string[]): void {
  const text = readFileSync(file, "utf8");
  const [open, close] = [`<!-- ${mark} -->\n`, `<!-- /${mark} -->`];
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start < 0 || end < start) throw new Error(`${file} has no section ${mark}`);
  const lines = text
    .slice(start + open.length, end)
    .split("\n")
    .filter((line) => line !== "");
  writeFileSync(file, `${text.slice(0, start + open.length)}${change(lines).join("\n")}\n${text.slice(end)}`);
}
