// Holds validate-schema against plain kubeconform, document by document.
//
//   node scripts/run.mjs --tools kustomize,helm,kubeconform scripts/schemas/judge/main.ts CORPORA [--schemas DIR] [--show] [--write]
//
// CORPORA holds the archives of public repositories. Everything they render, kubeconform's own fixtures, and blind
// mutations of both are judged by kubeconform started here, and by the action. Without --schemas kubeconform gets the
// schemas of our pack; with it, those of a folder in the layout of kubeconform's registry (v1.35.0-standalone-strict/...).
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { unpackArchives } from "../../corpora/archives.ts";
import { updateSection } from "../document.ts";
import { readFixtures, renderCorpora } from "./corpora.ts";
import { formatDifferences, withRows } from "./explain.ts";
import { injected, judge } from "./judge.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { schemas: { type: "string" }, show: { type: "boolean" }, write: { type: "boolean" } },
});
const { archives, temporary } = unpackArchives(positionals[0]!);
try {
  const fixtures = archives.find(({ name }) => name === "kubeconform-fixtures")!;
  const rendered = await renderCorpora(archives, availableParallelism());
  const good = [...readFixtures(join(fixtures.folder, "fixtures")), ...rendered];
  const differences = await judge([...good, ...injected(good, 5)], values.schemas);
  console.log(formatDifferences(differences, values.show ?? false));
  const name = values.schemas ? "others" : "ours";
  if (values.write) updateSection("judged", (lines) => withRows(lines, name, differences));
  if (differences.some(({ verdict }) => verdict === "unexplained")) process.exitCode = 1;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
