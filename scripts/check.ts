// Everything that must be right before a commit: `npm run check`. Mends what can be mended (generated files,
// format, dist) and says what cannot. `git diff` afterwards shows what was stale.
import { dirname, join } from "node:path";
import { execa } from "execa";
import { buildBundles, copyBundles } from "./build.ts";
import { formatSeconds } from "./duration.ts";
import { writeGenerated } from "./generate.ts";

const root = dirname(import.meta.dirname);

interface Step {
  name: string;
  /** Returns what there is to say beside "ok"; throws with what is wrong. */
  run: () => Promise<string>;
}

const steps: Step[] = [
  { name: "generate", run: async () => (await writeGenerated()).map((path) => `wrote ${path}`).join("\n") },
  {
    name: "format and lint",
    run: () => tool("@biomejs/biome/bin/biome", ["check", "--write", "--error-on-warnings", "."]),
  },
  {
    name: "types",
    run: () => tool("typescript/bin/tsc", ["-p", "tsconfig.tools.json", "--pretty", "false"]),
  },
  { name: "dist", run: buildDist },
];

async function tool(path: string, args: string[]): Promise<string> {
  const done = await execa(process.execPath, [join(root, "node_modules", path), ...args], {
    cwd: root,
    reject: false,
    all: true,
  });
  if (done.exitCode !== 0) throw new Error(done.all);
  return "";
}

async function buildDist(): Promise<string> {
  const said: string[] = [];
  const built = await buildBundles((line) => said.push(line));
  const copied = await copyBundles(built, join(root, "dist"));
  return copied.map((name) => `wrote dist/${name}`).join("\n");
}

let failed = false;
for (const { name, run } of steps) {
  const began = performance.now();
  process.stdout.write(`${name} ...`);
  try {
    const said = await run();
    console.log(
      ` ok, ${formatSeconds(performance.now() - began)}${said && `\n${said.replaceAll(/^/gm, "  ")}`}`,
    );
  } catch (error) {
    failed = true;
    console.log(
      ` failed, ${formatSeconds(performance.now() - began)}\n${error instanceof Error ? error.message : error}`,
    );
  }
}
process.exitCode = failed ? 1 : 0;
