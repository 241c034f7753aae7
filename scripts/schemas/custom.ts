// Packs of custom resources, from CRDs that lie in files or that controller-gen makes from Go modules.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JsonObject, parseManifests } from "@gitops-actions/manifest";
import { convertCrd } from "../../packages/engine/src/schemas/crd.ts";
import type { KindSchema, SchemaPack } from "../../packages/engine/src/schemas/pack.ts";
import { controllerGen, goVersion, type Project, projects } from "./projects.ts";
import { shareSubschemas } from "./share.ts";
import { writePack } from "./write.ts";

/** Makes a pack from every CustomResourceDefinition in `paths` (files or folders). */
export function makeCustomPack(folder: string, name: string, paths: string[]): void {
  const definitions = paths
    .flatMap(filesBelow)
    .flatMap((file) => readDefinitions(readFileSync(file, "utf8"), file));
  write(folder, { name, source: `CRDs in ${paths.length} paths` }, definitions);
}

/** Makes the packs of all projects in projects.ts. */
export function makeModulePacks(folder: string): void {
  for (const project of projects) {
    const sources = project.modules.map(({ path, version }) => `${path} ${version}`).join(", ");
    const definitions = withGo((go) => (project.published ? published(project, go) : generate(project, go)));
    const how = project.published ?? controllerGen.replace(/^.*\//, "");
    write(folder, { name: project.name, source: `${sources}; ${how}` }, definitions);
  }
}

function write(folder: string, about: { name: string; source: string }, definitions: JsonObject[]): void {
  const converted = definitions.map(convertCrd);
  const problems = converted.flatMap((crd) => crd.problems.map(({ message }) => message));
  if (problems.length > 0) throw new Error(`${about.name}: ${problems.join("; ")}`);
  const key = (kind: KindSchema): string => `${kind.group}/${kind.version}/${kind.kind}`;
  const kinds = converted
    .flatMap((crd) => crd.kinds.map(({ structural: _, ...kind }) => kind))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const pack: SchemaPack = { version: 1, ...about, ...shareSubschemas(kinds) };
  writePack(folder, pack);
  console.log(`${pack.name}: ${kinds.length} kinds from ${pack.source}`);
}

type Go = (...args: string[]) => string;

/** Lends a `go` command that runs in a module made for the purpose. */
function withGo<T>(use: (go: Go) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "schemas-"));
  const env = { ...process.env, GOFLAGS: "-mod=mod", GOTOOLCHAIN: "auto", CGO_ENABLED: "0" };
  writeFileSync(join(folder, "go.mod"), ["module packs", `go ${goVersion}`, ""].join("\n"));
  const go: Go = (...args) =>
    execFileSync("go", args, { cwd: folder, env, encoding: "utf8", maxBuffer: 1 << 28, stdio: "pipe" });
  try {
    return use(go);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs controller-gen over the project's packages. */
function generate(project: Project, go: Go): JsonObject[] {
  const packages = project.packages ?? [];
  for (const line of replacements(project, go)) go("mod", "edit", `-replace=${line}`);
  // Of a large module only the packages that are needed are resolved.
  go(
    "get",
    ...project.modules.map(({ path, version }) => `${project.replacesOf ? packages[0] : path}@${version}`),
  );
  const paths = packages.map((path) => `paths=${path}`);
  return readDefinitions(go("run", controllerGen, "crd", ...paths, "output:crd:stdout"), project.name);
}

/** CRDs as the project publishes them inside its module. */
function published(project: Project, go: Go): JsonObject[] {
  const folder = join(downloaded(project.modules[0]!, go).Dir, project.published!);
  return filesBelow(folder).flatMap((file) => readDefinitions(readFileSync(file, "utf8"), file));
}

/** The folder of a module in Go's cache, fetched when it is not there. */
export function downloadModule(module: { path: string; version: string }): string {
  return withGo((go) => downloaded(module, go).Dir);
}

function downloaded(module: Project["modules"][number], go: Go): { Dir: string; GoMod: string } {
  return JSON.parse(go("mod", "download", "-json", `${module.path}@${module.version}`));
}

/** `replace` lines count only in the main module, so those of the project are repeated in ours. */
function replacements(project: Project, go: Go): string[] {
  const module = project.modules.find(({ path }) => path === project.replacesOf);
  if (!module) return [];
  const parsed = JSON.parse(go("mod", "edit", "-json", downloaded(module, go).GoMod)) as {
    Replace?: { Old: { Path: string }; New: { Path: string; Version?: string } }[];
  };
  return (parsed.Replace ?? []).map(({ Old, New }) => {
    const version = New.Version ?? project.replaced?.[Old.Path];
    if (version) return `${Old.Path}=${New.Version ? New.Path : Old.Path}@${version}`;
    throw new Error(
      `${project.name}: ${Old.Path} is replaced by a folder; name a version for it in projects.ts`,
    );
  });
}

function readDefinitions(text: string, source: string): JsonObject[] {
  const { resources, problems } = parseManifests(text, source);
  if (problems.length > 0) throw new Error(`${source}: ${problems[0]!.message}`);
  return resources.filter(({ id }) => id.kind === "CustomResourceDefinition").map(({ value }) => value);
}

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map((name) => join(path, name));
}
