import { markdownTable } from "markdown-table";
import type { ActionFile } from "./action.ts";

/** Puts the tables of inputs and outputs between their marks (`<!-- inputs -->` ... `<!-- /inputs -->`). `path` is for the error when a mark is missing. */
export function fillTables(readme: string, action: ActionFile, path: string): string {
  const inputs = Object.entries(action.inputs ?? {}).map(([name, input]) => [
    `\`${name}\``,
    cell(input.description),
    input.required ? "required" : formatDefault(input.default),
  ]);
  const outputs = Object.entries(action.outputs ?? {}).map(([name, output]) => [
    `\`${name}\``,
    cell(output.description),
  ]);
  const withInputs = replaceBetween(
    readme,
    "inputs",
    table(["Input", "What it is", "Default"], inputs),
    path,
  );
  return replaceBetween(withInputs, "outputs", table(["Output", "What it is"], outputs), path);
}

function table(head: string[], rows: string[][]): string {
  // Cells are not padded: one longer description would change every line of the table.
  return markdownTable([head, ...rows], { alignDelimiters: false });
}

function cell(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
}

function formatDefault(value: string | undefined): string {
  return value === undefined || value === "" ? "" : `\`${cell(String(value))}\``;
}

function replaceBetween(text: string, mark: string, content: string, path: string): string {
  const open = `<!-- ${mark} -->`;
  const close = `<!-- /${mark} -->`;
  const start = text.indexOf(open);
  const end = text.indexOf(close);
  if (start < 0 || end < start)
    throw new Error(`${path}: expected ${open} and ${close} around the table of ${mark}`);
  return `${text.slice(0, start + open.length)}\n\n${content}\n\n${text.slice(end)}`;
}
