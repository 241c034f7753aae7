// Writes what follows from other files: the tables of inputs and outputs in README files (from action.yml) and
// the JSON Schemas in schemas/ (from the zod definitions). `npm run generate`.
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { listActions, readAction } from "./generate/action.ts";
import { makeSchemas } from "./generate/schemas.ts";
import { fillTables } from "./generate/tables.ts";

const root = dirname(import.meta.dirname);

/** What the generated files should hold, by path relative to the root. Files that need no change are included. */
export async function generate(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const name of await listActions(root)) {
    const path = `actions/${name}/README.md`;
    if (!existsSync(join(root, path))) continue;
    files.set(path, fillTables(await readFile(join(root, path), "utf8"), await readAction(root, name), path));
  }
  for (const [name, text] of makeSchemas()) files.set(`schemas/${name}`, text);
  return files;
}

/** Writes the generated files that differ and returns their paths. */
export async function writeGenerated(): Promise<string[]> {
  const written: string[] = [];
  for (const [path, text] of await generate()) {
    const file = join(root, path);
    if (existsSync(file) && (await readFile(file, "utf8")) === text) continue;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    written.push(path);
  }
  return written;
}

if (import.meta.main) {
  const written = await writeGenerated();
  console.log(
    written.length > 0
      ? written.map((path) => `wrote ${path}`).join("\n")
      : "everything generated is up to date",
  );
}
