// Lets a controller bring rendered manifests into a real cluster from Git, and asks drift-report what differs.
//
//   node scripts/run.mjs --tools kustomize,helm,servers,controllers scripts/drift/controllers.ts BY FOLDER
//     [--changes N] [--seed N]
//
// BY is flux, argocd or argocd-server-side. FOLDER holds rendered manifests, one file an overlay; what stands before the
// first `_` of a name is its source. Prints rows of docs/drift.md. Exit status 1 when anything differs or is not checked,
// or a change is not found.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { markdownTable } from "markdown-table";
import { acceptedObjects } from "./acceptance.ts";
import { type Deliverer, startDelivery } from "./delivery.ts";
import { proveDelivery } from "./proof.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { changes: { type: "string", default: "300" }, seed: { type: "string", default: "1" } },
});
const [by, folder] = positionals as [Deliverer, string];
if (!folder) throw new Error("usage: controllers.ts flux|argocd|argocd-server-side FOLDER");
const files = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((name) => [name, readFileSync(join(folder, name), "utf8")]),
);
const work = mkdtempSync(join(tmpdir(), "drift-controllers-"));
const progress = (message: string): void => console.error(message);
try {
  progress("Trying which objects a server takes");
  const { groups, refused } = await acceptedObjects(files);
  const total = groups.reduce((sum, { resources }) => sum + resources.length, 0);
  progress(`${total} objects in ${groups.length} groups; ${refused.length} are refused`);
  const proof = await proveDelivery({
    groups,
    work,
    changes: Number(values.changes),
    seed: Number(values.seed),
    start: (plane, repository) => startDelivery(by, plane, repository),
    progress,
  });
  const { before, verdict, changes } = proof;
  const { counts } = before;
  for (const { message, resource, field } of before.report.findings)
    console.error(`${resource?.kind} ${resource?.namespace}/${resource?.name} ${field ?? ""}: ${message}`);
  for (const { id, message } of [...before.report.failed, ...before.report.skipped])
    console.error(`not checked: ${id}: ${message}`);
  for (const text of verdict.missed) console.error(`not found: ${text}`);
  for (const text of verdict.nameless) console.error(`not attributed: ${text}`);
  const set = counts.valuesCompared + counts.valuesUnknown;
  const share = `${((100 * counts.valuesCompared) / set).toFixed(2)} %`;
  const differing = counts.changed + counts.missing + counts.extra + counts.unmanaged + counts.removedFromGit;
  const changed = changes.filter(({ what }) => what === "changed").length;
  const row = [
    by,
    counts.clean + differing,
    refused.length,
    counts.valuesCompared,
    share,
    differing,
    counts.notChecked,
    `${verdict.found} of ${changes.length}`,
    `${verdict.attributed} of ${changed}`,
    proof.seconds.toFixed(1),
  ].map(String);
  const head = [
    "applied by",
    "objects",
    "refused by the server",
    "values compared",
    "of those that Git sets",
    "objects that differ",
    "not checked",
    "changes found",
    "their author named",
    "report, s",
  ];
  console.log(markdownTable([head, row], { alignDelimiters: false }));
  console.log(`\nResident, MiB: ${JSON.stringify(proof.memory)}; this process ${proof.own}`);
  const good = differing === 0 && counts.notChecked === 0 && verdict.missed.length === 0;
  if (!good) process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
