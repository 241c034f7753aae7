import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseAst } from "vitest/node";

export const root = dirname(dirname(import.meta.dirname));

interface Node {
  type: string;
  start: number;
  [key: string]: unknown;
}

/** One module of the product, with what the rules of design.md look at. */
export interface Source {
  /** Relative to the root: packages/fleet/src/tree.ts */
  path: string;
  /** packages/fleet, actions/render-overlays */
  workspace: string;
  /** What it imports or re-exports, types too, as written. */
  imports: string[];
  /** Those of them that are still there when it runs: not imported as types alone. */
  runtimeImports: string[];
  /** Outside things it reads: `process.env`, `Date.now`, `new Date()`. */
  reads: string[];
  /** Declarations that the style leaves out: `class Tree`, `export default`. */
  oddities: string[];
}

/** All modules of packages/ and actions/, sorted by path. */
export async function readSources(): Promise<Source[]> {
  const paths = await Array.fromAsync(glob("{packages,actions}/*/src/**/*.ts", { cwd: root }));
  return paths.sort().map((path) => readSource(path, readFileSync(join(root, path), "utf8")));
}

/** Reads one module from its text. Comments and strings are not taken for code. */
export function readSource(path: string, text: string): Source {
  const source: Source = {
    path,
    workspace: path.split("/").slice(0, 2).join("/"),
    imports: [],
    runtimeImports: [],
    reads: [],
    oddities: [],
  };
  visit(parseAst(text, { lang: "ts" }) as unknown as Node, (node) => note(source, node));
  return source;
}

function note(source: Source, node: Node): void {
  const from = node.source as { value?: string } | null | undefined;
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
    case "ImportExpression":
      if (from?.value) source.imports.push(from.value);
      if (from?.value && node.importKind !== "type" && node.exportKind !== "type")
        source.runtimeImports.push(from.value);
      break;
    case "ExportDefaultDeclaration":
      source.oddities.push("export default");
      break;
    case "MemberExpression":
      source.reads.push(`${nameOf(node.object)}.${nameOf(node.property)}`);
      break;
    case "NewExpression":
      if (nameOf(node.callee) === "Date" && (node.arguments as unknown[]).length === 0)
        source.reads.push("new Date()");
      break;
    case "ClassDeclaration":
    case "ClassExpression":
      if (!nameOf(node.superClass).endsWith("Error")) source.oddities.push(`class ${nameOf(node.id)}`);
      break;
  }
}

function nameOf(node: unknown): string {
  return (node as { name?: string } | null | undefined)?.name ?? "";
}

function visit(node: Node, look: (node: Node) => void): void {
  look(node);
  for (const child of Object.values(node)) {
    for (const item of Array.isArray(child) ? child : [child]) {
      if (typeof item === "object" && item !== null && "type" in item) visit(item as Node, look);
    }
  }
}
