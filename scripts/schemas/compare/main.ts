// Holds the packs against a real API server.
//
//   npm run schemas:compare -- VERSION [--documents N] [--seed N] [--show] [--write]
//   npm run schemas:compare -- VERSION --edges
//   npm run schemas:compare -- VERSION --corpora DIR
//
// Good manifests (good.yaml) and blind mutations of them are judged twice: by a strict server-side dry run, and by
// kubeconform with the pack of that version. Exit status 1 when a document is refused here that the server takes, or
// passes here that the server refuses, and no reason of reasons.ts holds for it. With --edges the documents are those of
// edges.yaml: values to either side of the server's rules over one field. With --corpora the documents are those
// that the archives of public repositories in DIR render, each once and moved to one namespace.
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import {
  combineSchemas,
  ensureTool,
  findKubernetesPack,
  listPacks,
  type Machine,
  readPack,
  userCacheDir,
} from "@gitops-actions/engine";
import { ensureProgram } from "../../servers/build.ts";
import { startControlPlane } from "../../servers/control-plane.ts";
import { etcd, kubernetes } from "../../servers/programs.ts";
import { updateSection } from "../document.ts";
import { unexplained } from "./classify.ts";
import { compareWithServer, drawSamples, stateful } from "./compare.ts";
import { renderSamples } from "./corpora.ts";
import { drawEdges } from "./edges.ts";
import { formatTable, withRow } from "./table.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    documents: { type: "string", default: "600" },
    seed: { type: "string", default: "1" },
    corpora: { type: "string" },
    edges: { type: "boolean" },
    show: { type: "boolean" },
    write: { type: "boolean" },
  },
});
const tempDir = mkdtempSync(join(tmpdir(), "compare-"));
const machine: Machine = {
  env: process.env,
  cwd: process.cwd(),
  cacheDir: userCacheDir(process.env),
  tempDir,
  cores: availableParallelism(),
};
try {
  const schemas = combineSchemas(readPack(findKubernetesPack(positionals[0] ?? "1.36", listPacks())), []);
  const version = schemas.kubernetes;
  for (const program of [etcd, kubernetes("kube-apiserver", version)])
    await ensureProgram(program, process.env, console.error);
  const tool = await ensureTool("kubeconform", { allowBuild: true }, machine, console.error);
  // What renders the corpora is started by its name.
  for (const name of values.corpora ? (["kustomize", "helm"] as const) : []) {
    const { path } = await ensureTool(name, { allowBuild: true }, machine, console.error);
    process.env.PATH = `${dirname(path)}:${process.env.PATH}`;
  }
  const plane = await startControlPlane({ version, everyApi: true, withoutAdmission: stateful });
  try {
    const samples = values.corpora
      ? await renderSamples(schemas, values.corpora)
      : values.edges
        ? drawEdges(schemas)
        : drawSamples(schemas, Number(values.documents), Number(values.seed));
    const judgements = await compareWithServer(samples, plane.send, schemas, tool, machine);
    console.log(formatTable(version, judgements));
    if (values.write) updateSection("compared", (lines) => withRow(lines, version, judgements));
    const shown = values.show
      ? judgements.filter(
          ({ verdict, what, accepted }) => verdict !== "same" || (what === "as written" && !accepted),
        )
      : unexplained(judgements);
    for (const { verdict, what, server, ours } of shown)
      console.log(`${verdict} | ${what} | ${server} | ${ours}`);
    if (unexplained(judgements).length > 0) process.exitCode = 1;
  } finally {
    plane.stop();
  }
} finally {
  rmSync(tempDir, { recursive: true, force: true });
}
