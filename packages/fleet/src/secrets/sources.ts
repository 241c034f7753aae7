import { fieldsOf, readDocuments, textOf, type YamlNode } from "../document.ts";
import type { Closure } from "../overlay.ts";
import { folderOf, resolvePath } from "../resolve.ts";
import type { Entry, Tree } from "../tree.ts";
import { findTextSecrets, type TextSecrets } from "./text.ts";

/** A larger file is no manifest, and no tool quotes it. */
const maxBytes = 1024 * 1024;

/**
 * The secrets in the files that overlays read: of Secrets, secretGenerators, patches of either, env variables and
 * values. For the messages of what failed to render, where no resource shows them. In the order of the files' paths.
 */
export async function secretsInSources(tree: Tree, closures: readonly Closure[]): Promise<Buffer[]> {
  const texts = new Map<string, string>();
  for (const entry of filesOf(tree, closures)) {
    const text = await readText(tree, entry);
    if (text !== undefined) texts.set(entry.path, text);
  }
  const secrets: Buffer[] = [];
  const references = new Set<string>();
  for (const [path, text] of texts) {
    const found = findTextSecrets(text);
    secrets.push(...found.values, ...(await generated(tree, path, found)));
    for (const reference of found.references) references.add(reference);
  }
  if (references.size > 0)
    for (const text of texts.values()) secrets.push(...referredValues(text, references));
  return secrets;
}

function filesOf(tree: Tree, closures: readonly Closure[]): Entry[] {
  const found = new Map<string, Entry>();
  const add = (path: string): void => {
    const entry = tree.get(path);
    if (entry?.kind === "file") found.set(path, entry);
    if (entry?.kind === "directory" || path === "") for (const child of tree.children(path)) add(child.path);
  };
  for (const { files, directories } of closures) for (const path of [...files, ...directories]) add(path);
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The text of a file; undefined for what is binary, large or cannot be read: it was the reason of a failure already. */
async function readText(tree: Tree, entry: Entry): Promise<string | undefined> {
  const bytes = await tree.read(entry.path).catch(() => undefined);
  if (!bytes || bytes.length > maxBytes || bytes.includes(0)) return undefined;
  return new TextDecoder().decode(bytes);
}

/** The files of secretGenerators, whole and line by line. */
async function generated(tree: Tree, path: string, { files }: TextSecrets): Promise<Buffer[]> {
  const secrets: Buffer[] = [];
  for (const file of files) {
    const found = await resolvePath(tree, file, folderOf(path));
    if (found.kind !== "found" || found.entry.kind !== "file") continue;
    const text = await readText(tree, found.entry);
    if (text === undefined) continue;
    secrets.push(Buffer.from(text));
    for (const line of text.split(/\r?\n/))
      if (!line.startsWith("#")) secrets.push(Buffer.from(line.slice(line.indexOf("=") + 1).trim()));
  }
  return secrets.filter((secret) => secret.length > 0);
}

/** What a values file says for the values that Secrets are made from. A part's values stand below its name. */
function referredValues(text: string, references: ReadonlySet<string>): Buffer[] {
  const secrets: Buffer[] = [];
  const visit = (node: YamlNode, path: string): void => {
    for (const { key, value } of fieldsOf(node)) {
      const below = `${path}.${key}`;
      const leaf = textOf(value);
      if (leaf === undefined) visit(value, below);
      else if ([...references].some((reference) => below.endsWith(`.${reference}`)))
        secrets.push(Buffer.from(leaf));
    }
  };
  for (const { root } of readDocuments(text)) visit(root, "");
  return secrets;
}
