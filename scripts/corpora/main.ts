// Holds what this repository does against public GitOps repositories: npm run corpora -- DIR [--only NAME]
//
// DIR holds NAME.tar.xz and what the reference tools make of each (NAME.expected.tsv, NAME.helm-expected.tsv).
// Judges with its own reading of the files and starts the tools itself; only packages/fleet is used, and judged.
import { rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { unpackArchives, writeCases } from "./archives.ts";
import { cases } from "./cases.ts";
import { proveClosures } from "./closure.ts";
import { describeProofs } from "./proofs.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string" }, "no-write": { type: "boolean" } },
});
const source = positionals[0];
if (source === undefined) {
  console.error("usage: npm run corpora -- DIR [--only NAME] [--no-write]");
  process.exit(2);
}

const { archives, temporary } = unpackArchives(source);
try {
  const chosen = archives.filter((archive) => values.only === undefined || archive.name === values.only);
  const began = Date.now();
  if (values.only === undefined || values.only === "cases")
    chosen.push(...writeCases(cases, join(temporary, ".cases")));
  const proofs = await proveClosures(chosen, join(temporary, ".scratch"), { width: availableParallelism() });
  const closures = describeProofs(proofs);
  console.log(closures.markdown);
  console.log(`\n${proofs.length} renders were traced in ${Math.round((Date.now() - began) / 1000)} s.`);
  if (values.only === undefined && !values["no-write"]) writeDocument(closures.markdown);
  process.exitCode = closures.ok ? 0 : 1;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

function writeDocument(closures: string): void {
  const text = `# Public repositories

Made by \`npm run corpora -- DIR\`, which holds this repository against archives of public GitOps repositories and what
kustomize 5.8.2 and Helm 4.3.0 make of every overlay and chart in them.

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
