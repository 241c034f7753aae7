import { userCacheDir } from "@gitops-actions/engine";
import { defaults, type RenderInputs, run } from "@gitops-actions/render-overlays";
import { scratch } from "../git/scratch.ts";

/** Has render-overlays look at a change of a repository against its main branch. A text of undefined removes the file. */
export async function renderChange(
  files: Record<string, string | Uint8Array | undefined>,
  start: Record<string, string>,
  inputs: Partial<RenderInputs> = {},
) {
  const space = scratch();
  const folder = space.repository("fleet", start);
  space.git(folder, "checkout", "-q", "-b", "change");
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) space.git(folder, "rm", "-q", path);
    else space.write(folder, { [path]: text });
  }
  space.commit(folder, {});
  const cacheDir = userCacheDir(process.env);
  const host = { ...space.machine, cacheDir, cwd: folder, now: () => new Date(0), isTerminal: false };
  return await run(
    { ...defaults, baseRef: "main", fetch: false, ...inputs },
    { host, progress: () => {}, signal: new AbortController().signal, secretKey: new Uint8Array(32) },
  );
}
