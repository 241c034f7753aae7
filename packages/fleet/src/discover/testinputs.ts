import picomatch from "picomatch";
import type { ClosureContext } from "../closure/context.ts";
import { folderOf, joinPath } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import { parentsOf } from "./inventory.ts";

const known = new WeakMap<Tree, Promise<(path: string) => boolean>>();

/** Whether a file is one by which kyverno, chainsaw or kuttl describe a test. */
export function isTestDescription(path: string): boolean {
  return /(?:^|\/)(?:kyverno-test|chainsaw-test|kuttl-test)\.ya?ml$/.test(path);
}

/**
 * Tells which files the tests of a tree read: those that a description names, and those below a folder that it names.
 * That a description lies beside a file takes nothing out of what is checked.
 */
export function testInputs(tree: Tree, context: ClosureContext): Promise<(path: string) => boolean> {
  const made = known.get(tree) ?? readDescriptions(tree, context);
  known.set(tree, made);
  return made;
}

async function readDescriptions(tree: Tree, context: ClosureContext): Promise<(path: string) => boolean> {
  const files = new Set<string>();
  const folders = new Set<string>();
  const globs: string[] = [];
  for (const entry of tree.entries()) {
    if (entry.kind !== "file" || !isTestDescription(entry.path)) continue;
    const at = folderOf(entry.path);
    const isSuite = /kuttl-test/.test(entry.path);
    for (const word of await context.parsed("test-words", tree, entry, words, () => [])) {
      const path = joinPath(at, word);
      const there = path === undefined ? undefined : tree.get(path);
      if (path === undefined || path === "") continue;
      if (there?.kind === "file") files.add(path);
      // A folder around the description itself is no input: it holds what is tested, too.
      else if (
        there?.kind === "directory" &&
        (word.includes("/") || isSuite) &&
        !`${at}/`.startsWith(`${path}/`)
      )
        folders.add(path);
      else if (/[*]/.test(word) && /\.(?:ya?ml|json)$/.test(word)) globs.push(path);
    }
  }
  const matches = globs.length > 0 ? picomatch(globs, { dot: true, noextglob: true }) : () => false;
  return (path) =>
    files.has(path) || matches(path) || [...parentsOf(path)].some((parent) => folders.has(parent));
}

/** What may be a path, comments left out. */
function words(text: string): string[] {
  const plain = text.replace(/(?:^|[ \t])#.*$/gm, "");
  return [...new Set(plain.match(/[^\s"'`,[\]{}()<>|;=]+/g) ?? [])];
}
