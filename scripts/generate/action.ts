import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";

/** What action.yml says of one input. */
export interface ActionInput {
  description: string;
  required?: boolean;
  default?: string;
}

/** An action.yml, as GitHub's metadata syntax has it (https://docs.github.com/actions/reference/metadata-syntax-for-github-actions). */
export interface ActionFile {
  name: string;
  description: string;
  author?: string;
  branding?: { icon?: string; color?: string };
  inputs?: Record<string, ActionInput>;
  outputs?: Record<string, { description: string }>;
  runs: { using: string; main: string; pre?: string; post?: string };
}

/** Names of the folders of actions/ that hold an action.yml, sorted. */
export async function listActions(root: string): Promise<string[]> {
  const names = await readdir(join(root, "actions"));
  return names.filter((name) => existsSync(join(root, "actions", name, "action.yml"))).sort();
}

export async function readAction(root: string, name: string): Promise<ActionFile> {
  return parse(await readFile(join(root, "actions", name, "action.yml"), "utf8")) as ActionFile;
}
