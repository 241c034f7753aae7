import { readFile } from "node:fs/promises";
import { ToolError } from "@gitops-actions/report";

/** What the linker puts before the list of modules (Go's debug/buildinfo). */
const magic = Buffer.from("\xff Go buildinf:", "latin1");
/** The list follows within a few kilobytes; large programs have some hundred modules. */
const longest = 256 * 1024;

/**
 * The modules of which Go says that a program was built, one a line (`mod\tPATH\tvVERSION\tHASH`, `dep\t...`): for tools
 * that do not tell their version. Throws ToolError `version` when there is none.
 */
export async function readBuildInfo(path: string): Promise<string> {
  const program = await readFile(path);
  for (let at = program.indexOf(magic); at >= 0; at = program.indexOf(magic, at + magic.length)) {
    // The linker aligns it; the same bytes as a text constant (in programs that read build info) are not followed by a list.
    const text = program.subarray(at, at + longest).toString("latin1");
    const list = /path\t[^\n]+\n(?:(?:mod|dep|=>|build)\t[^\n]*\n)+/.exec(text)?.[0];
    if (list) return list;
  }
  throw new ToolError("version", `${path} does not say of which Go modules it was built`);
}
