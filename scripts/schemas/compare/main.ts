// Holds the packs against a real API server.
//
//   node scripts/run.mjs --tools kubeconform scripts/schemas/compare/main.ts VERSION [--documents N] [--seed N] [--programs DIR] [--show] [--write]
//
// Good manifests (good.yaml) and blind mutations of them are judged twice: by a strict server-side dry run, and by
// kubeconform with the pack of that version. Exit status 1 when a document is refused here that the server takes, or
// passes here that the server cannot decode.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  combineSchemas,
  ensureTool,
  findKind,
  findKubernetesPack,
  listPacks,
  type Machine,
  readPack,
  runKubeconform,
  schemaSource,
  userCacheDir,
  type Verdict,
} from "@gitops-actions/engine";
import { type JsonObject, parseManifests } from "@gitops-actions/manifest";
import { updateSection } from "../document.ts";
import { mutate, seededRandom } from "./mutate.ts";
import { type ApiServer, startApiServer } from "./server.ts";
import { classify, formatTable, type Judgement, withRow } from "./table.ts";

interface Sample {
  what: string;
  value: JsonObject;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    documents: { type: "string", default: "600" },
    seed: { type: "string", default: "1" },
    programs: { type: "string" },
    show: { type: "boolean" },
    write: { type: "boolean" },
  },
});
const discovered = new Map<string, { name: string; kind: string; namespaced: boolean }[]>();
const version = findKubernetesPack(positionals[0] ?? "1.36", listPacks());
const schemas = combineSchemas(readPack(version), []);
const programs = values.programs ?? join(userCacheDir(process.env), "servers");
const server = await startApiServer(version.kubernetes!, programs);
try {
  const judgements = await compare(server);
  console.log(formatTable(schemas.kubernetes, judgements));
  if (values.write) updateSection("compared", (lines) => withRow(lines, schemas.kubernetes, judgements));
  if (values.show)
    for (const { verdict, what, server, ours } of judgements.filter(
      ({ verdict, what, accepted }) => verdict !== "same" || (what === "as written" && !accepted),
    ))
      console.log(`${verdict} | ${what} | ${server} | ${ours}`);
  if (judgements.some(({ verdict }) => verdict === "too strict" || verdict === "not decoded"))
    process.exitCode = 1;
} finally {
  server.stop();
}

async function compare(server: ApiServer): Promise<Judgement[]> {
  const text = readFileSync(new URL("good.yaml", import.meta.url), "utf8");
  const served = parseManifests(text, "good.yaml").resources.filter(({ id }) => findKind(schemas, id));
  const good: Sample[] = served.map(({ value }) => ({ what: "as written", value }));
  const random = seededRandom(Number(values.seed));
  const samples = [...good];
  while (samples.length < Number(values.documents)) {
    const origin = good[Math.floor(random() * good.length)]!.value;
    const { what, value } = mutate(
      origin,
      good.map((each) => each.value),
      random,
    );
    samples.push({ what: `${origin.kind}: ${what}`, value });
  }
  const answers: { accepted: boolean; message: string }[] = [];
  for (const { value } of samples) answers.push(await ask(server, value));
  const verdicts = await validate(samples);
  return samples.map(({ what }, index) => classify(what, answers[index]!, verdicts[index]!));
}

/** A strict server-side dry run of a create. */
async function ask(server: ApiServer, value: JsonObject): Promise<{ accepted: boolean; message: string }> {
  const [group, api] = splitVersion(String(value.apiVersion));
  const { plural, namespaced } = await resourceOf(server, group, api, String(value.kind));
  const root = group ? `/apis/${group}/${api}` : `/api/${api}`;
  const path = namespaced ? `${root}/namespaces/default/${plural}` : `${root}/${plural}`;
  const { status, body } = await server.send("POST", `${path}?dryRun=All&fieldValidation=Strict`, value);
  const message = typeof body === "string" ? body : String((body as { message?: string }).message ?? "");
  return { accepted: status < 300, message: status < 300 ? "" : `${status} ${message}` };
}

async function resourceOf(
  server: ApiServer,
  group: string,
  api: string,
  kind: string,
): Promise<{ plural: string; namespaced: boolean }> {
  const root = group ? `/apis/${group}/${api}` : `/api/${api}`;
  if (!discovered.has(root)) {
    const { body } = await server.send("GET", root);
    discovered.set(
      root,
      (body as { resources: { name: string; kind: string; namespaced: boolean }[] }).resources,
    );
  }
  const found = discovered
    .get(root)!
    .find((resource) => resource.kind === kind && !resource.name.includes("/"));
  if (!found) throw new Error(`the server has no ${kind} in ${root}`);
  return { plural: found.name, namespaced: found.namespaced };
}

async function validate(samples: Sample[]): Promise<Verdict[]> {
  const tempDir = mkdtempSync(join(tmpdir(), "compare-"));
  const machine: Machine = {
    env: process.env,
    cwd: process.cwd(),
    cacheDir: userCacheDir(process.env),
    tempDir,
    cores: availableParallelism(),
  };
  try {
    const tool = await ensureTool("kubeconform", { allowBuild: true }, machine, console.error);
    const schemaOf = schemaSource(schemas, true);
    const documents = samples.map(({ value }) => {
      const [group, api] = splitVersion(String(value.apiVersion));
      const id = { group, version: api, kind: String(value.kind) };
      return { ...id, text: JSON.stringify(value), schema: schemaOf(id) };
    });
    return await runKubeconform(documents, { strict: true }, tool, machine);
  } finally {
    rmSync(tempDir, { recursive: true, force: true });
  }
}

function splitVersion(apiVersion: string): [string, string] {
  const [first = "", second] = apiVersion.split("/");
  return second === undefined ? ["", first] : [first, second];
}
