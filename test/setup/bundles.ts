import { buildBundles } from "../../scripts/build.ts";

/** Vitest calls this once before a project that starts bundles: they are made from the sources unless they are there already. */
export async function setup(): Promise<void> {
  await buildBundles((line) => {
    if (line.startsWith("bundled")) console.log(line);
  });
}
