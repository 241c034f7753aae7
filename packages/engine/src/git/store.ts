import { copyFileSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "../machine.ts";
import type { ObjectFormat } from "./hash.ts";
import { quoteName } from "./name.ts";

/**
 * A bare repository of our own that sees a checkout's objects (alternates) and takes what we fetch. So the checkout's
 * own repository stays as it is, several actions at once do not meet in it, and Git, which knows of no promisor
 * here, says that an object is missing instead of trying to fetch it. Made by hand: `git init` is one more process.
 */
export function makeStore(machine: Machine, format: ObjectFormat, commonDir: string): string {
  const store = mkdtempSync(join(machine.tempDir, "git-"));
  for (const folder of ["objects/info", "objects/pack", "refs"])
    mkdirSync(join(store, folder), { recursive: true });
  writeFileSync(join(store, "HEAD"), "ref: refs/heads/none\n");
  forgetPromisor(store, format);
  writeFileSync(join(store, "objects/info/alternates"), `${quoteName(join(commonDir, "objects"))}\n`);
  return store;
}

/** Where the history of these objects is cut off, so that a server is not told that we have what came before. */
export function copyShallow(commonDir: string, store: string): void {
  const shallow = join(commonDir, "shallow");
  const copy = join(store, "shallow");
  if (existsSync(shallow) && !existsSync(copy)) copyFileSync(shallow, copy);
}

/** Writes the store's configuration anew: a fetch with a filter leaves a promisor in it. */
export function forgetPromisor(store: string, format: ObjectFormat): void {
  const config = `[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectFormat = ${format}\n`;
  writeFileSync(join(store, "config"), config);
}
