// Holds what this repository does against public GitOps repositories: npm run corpora -- DIR [--only NAME] [--part renders|closures]
//
// npm run corpora -- policies DIR holds policy-check against the tests of the policy engines themselves.
// npm run corpora -- origins|mistakes DIR [--count N] holds the lines that are named for fields and for findings.
//
// DIR holds NAME.tar.xz and what the reference tools make of each (NAME.expected.tsv, NAME.helm-expected.tsv).
// Judges with its own reading of the files and starts the tools itself; the command line and packages/fleet are judged.
import { rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildBundles } from "../build.ts";
import { type Archive, unpackArchives, writeCases } from "./archives.ts";
import { cases } from "./cases.ts";
import { proveClosures } from "./closure.ts";
import { describeProofs } from "./proofs.ts";
import { describeRenders, judgeRenders } from "./render.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    part: { type: "string" },
    count: { type: "string", default: "150" },
    seed: { type: "string", default: "7" },
    "no-write": { type: "boolean" },
  },
});
/** What one part of the run found, as a table. */
interface Judged {
  markdown: string;
  ok: boolean;
}
const none: Judged = { markdown: "", ok: true };

if (positionals[0] === "policies") {
  const { judgePolicies } = await import("./policies/main.ts");
  process.exit(await judgePolicies(positionals[1] ?? ".", !values["no-write"]));
}
if (positionals[0] === "origins" || positionals[0] === "mistakes") {
  const { judgeLines } = await import("./lines.ts");
  const { only, count, seed } = values;
  const options = { only, count: Number(count), seed: Number(seed), write: !values["no-write"] };
  process.exit(await judgeLines(positionals[0], positionals[1] ?? ".", options));
}
const source = positionals[0];
if (source === undefined) {
  console.error("usage: npm run corpora -- DIR [--only NAME] [--part renders|closures] [--no-write]");
  process.exit(2);
}

const { archives, temporary } = unpackArchives(source);
try {
  const chosen = archives.filter((archive) => values.only === undefined || archive.name === values.only);
  const asked = (part: string): boolean => values.part === undefined || values.part === part;
  if (asked("renders")) await buildBundles((line) => console.error(line));
  const renders = asked("renders")
    ? describeRenders(await judgeRenders(chosen, join(temporary, ".renders")))
    : none;
  console.log(renders.markdown);
  const closures = asked("closures") ? await traceClosures(chosen) : none;
  const whole = values.only === undefined && values.part === undefined;
  if (whole && !values["no-write"]) writeDocument(renders.markdown, closures.markdown);
  process.exitCode = renders.ok && closures.ok ? 0 : 1;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

async function traceClosures(chosen: Archive[]): Promise<Judged> {
  const began = Date.now();
  const withCases =
    values.only === undefined || values.only === "cases" ? writeCases(cases, join(temporary, ".cases")) : [];
  const scratch = join(temporary, ".scratch");
  const proofs = await proveClosures([...chosen, ...withCases], scratch, { width: availableParallelism() });
  const closures = describeProofs(proofs);
  console.log(closures.markdown);
  console.log(`\n${proofs.length} renders were traced in ${Math.round((Date.now() - began) / 1000)} s.`);
  return closures;
}

function writeDocument(renders: string, closures: string): void {
  const text = `# Public repositories

Made by \`npm run corpora -- DIR\`, which holds this repository against archives of public GitOps repositories and what
kustomize 5.8.2 and Helm 4.3.0 make of every overlay and chart in them.

## Every overlay renders as the reference tools render it
Each archive is committed to a repository of its own and rendered with \`dist/gitops render\`: overlays without any
configuration, charts with a \`gitops.yaml\` that names the release and values files of the expectation. "As expected"
means the same bytes, a finding where the tool fails, and a reason where an overlay needs what the archive lacks.

${renders}

## No change is missed
Every overlay and chart that renders, and every one whose render fails for a reason of its own, is rendered once under
\`strace -f\`. Each name below the archive that the tool or its children gave to the kernel (opened, looked at, read as a
link, listed, or looked for in vain) must be accounted for by the closure that \`packages/fleet\` computes without running
anything. Then it is rendered again in a folder that holds its closure and nothing else, and must give the expected bytes.

${closures}

"Not looked at" counts files that are in a closure although this render did not open them: the price of not knowing
where the tool stops, mostly at the first error.
`;
  writeFileSync(join(import.meta.dirname, "../../docs/corpora.md"), text);
}
