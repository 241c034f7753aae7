import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import * as z from "zod";

const Edit = z.strictObject({ path: z.string(), from: z.string().min(1), to: z.string() });
export type Edit = z.infer<typeof Edit>;

const Commit = z.strictObject({
  message: z.string(),
  author: z.string().regex(/^[^<>]+ <[^<>]+>$/),
  date: z.iso.datetime({ offset: true }),
  add: z.array(z.string()).default([]),
  edit: z.array(Edit).default([]),
  files: z.string().optional(),
  link: z.array(z.strictObject({ path: z.string(), target: z.string() })).default([]),
});
export type Commit = z.infer<typeof Commit>;

const History = z.strictObject({
  main: z.array(Commit).min(1),
  pullRequest: z.strictObject({ branch: z.string(), title: z.string(), commits: z.array(Commit).min(1) }),
});
/** How the example repository came about: examples/history.yaml, which explains its own fields. */
export type History = z.infer<typeof History>;

/** Reads examples/history.yaml; rejects with zod's error when it is not of that shape. */
export async function readHistory(path: string): Promise<History> {
  return History.parse(parse(await readFile(path, "utf8")));
}
