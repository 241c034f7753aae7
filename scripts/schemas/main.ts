// Makes the schema packs of packages/engine/data/schemas.
//
//   npm run schemas -- DIR                 Kubernetes packs from DIR/v1.36.3.json[.xz], ... (/openapi/v2 of API servers)
//   npm run schemas -- --crds NAME PATHS   a pack of custom resources from folders or files of CRDs
//   npm run schemas -- --lifecycle         when API versions are deprecated and removed, from Kubernetes' Go modules
//   npm run schemas -- --unpack 1.36 DIR   the schemas of a pack as files, for a kubeconform of one's own
//   npm run schemas -- --modules           packs of Argo CD, Flux, Kyverno and Gatekeeper from their Go API modules
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findKubernetesPack, listPacks, readPack } from "../../packages/engine/src/schemas/catalog.ts";
import { combineSchemas } from "../../packages/engine/src/schemas/lookup.ts";
import {
  schemaPath,
  schemaTemplate,
  standaloneSchema,
  writeSchemas,
} from "../../packages/engine/src/schemas/unpack.ts";
import { convertOpenApi, type OpenApiDocument } from "./openapi.ts";
import { writePack } from "./write.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = join(root, "packages/engine/data/schemas");
const documentName = /^v(\d+\.\d+\.\d+)\.json(?:\.xz)?$/;

function makeKubernetesPacks(from: string): void {
  const files = readdirSync(from).filter((name) => documentName.test(name));
  if (files.length === 0) throw new Error(`${from} holds no file named like v1.36.3.json or v1.36.3.json.xz`);
  for (const name of files.sort()) {
    const file = join(from, name);
    const text = name.endsWith(".xz")
      ? execFileSync("xz", ["-dc", file], { maxBuffer: 1 << 28, encoding: "utf8" })
      : readFileSync(file, "utf8");
    const version = documentName.exec(basename(name))![1]!;
    const pack = convertOpenApi(JSON.parse(text) as OpenApiDocument, version);
    writePack(folder, pack);
    console.log(`${pack.name}: ${pack.kinds.length} kinds from ${pack.source}`);
  }
}

function unpack(version: string, to: string): void {
  const schemas = combineSchemas(readPack(findKubernetesPack(version, listPacks())), []);
  for (const strict of [true, false]) {
    const kinds = [...schemas.kinds.values()];
    const files = kinds.map((kind) => ({
      path: schemaPath(kind),
      text: JSON.stringify(standaloneSchema(kind, schemas.definitions, strict)),
    }));
    writeSchemas(join(to, `v${schemas.kubernetes}-standalone${strict ? "-strict" : ""}`), files);
  }
  const layout = "{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}";
  console.log(
    `-kubernetes-version ${schemas.kubernetes} -schema-location '${to}/${layout}/${schemaTemplate}'`,
  );
}

const [first, ...rest] = process.argv.slice(2);
if (!first) {
  console.error(
    "usage: npm run schemas -- DIR | --crds NAME PATHS... | --modules | --lifecycle | --unpack VERSION DIR",
  );
  process.exitCode = 2;
} else if (first === "--unpack" && rest.length === 2) {
  unpack(rest[0]!, rest[1]!);
} else if (first === "--lifecycle") {
  const { makeLifecycles } = await import("./lifecycle.ts");
  makeLifecycles(folder);
} else if (first === "--crds" || first === "--modules") {
  const { makeCustomPack, makeModulePacks } = await import("./custom.ts");
  if (first === "--crds") makeCustomPack(folder, rest[0]!, rest.slice(1));
  else makeModulePacks(folder);
} else {
  makeKubernetesPacks(first);
}
