import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { userCacheDir } from "@gitops-actions/engine";
import {
  type Closure,
  closureOf,
  createClosureContext,
  type Overlay,
  type Tree,
} from "@gitops-actions/fleet";
import { run as render, defaults as renderDefaults } from "@gitops-actions/render-overlays";
import type { Finding, Report } from "@gitops-actions/report";
import { defaults, run as validate } from "@gitops-actions/validate-schema";
import type { Archive, Row } from "./archives.ts";
import { folderTree } from "./folder-tree.ts";
import { layOut } from "./layout.ts";
import { editableLines, type Mistake, mistakesAt } from "./mistake-edit.ts";
import { judgeFinding, type MistakeVerdict } from "./mistake-judge.ts";
import { randomFrom, replaceFile, shuffled } from "./origin.ts";
import { inParallel } from "./tools.ts";

export interface MistakeOptions {
  /** Mistakes that lead to a finding, of each kind of overlay. */
  wanted: number;
  /** Most mistakes that are made in one overlay. */
  each: number;
  seed: number;
  width: number;
  /** Hears of each finding as it is judged. */
  hear?: (verdict: MistakeVerdict) => void;
}

interface Work {
  archive: Archive;
  tree: Tree;
  row: Row;
  seed: number;
}

/**
 * Makes mistakes in source files of public repositories, renders and validates as the actions do, and looks whether the
 * finding names the line with the mistake. What the renderer refuses, or the schema has nothing against, does not count.
 */
export async function proveMistakes(
  archives: readonly Archive[],
  scratch: string,
  options: MistakeOptions,
): Promise<MistakeVerdict[]> {
  const random = randomFrom(options.seed);
  const work = archives.flatMap((archive): Work[] => {
    const tree = folderTree(archive.folder);
    const rows = archive.rows.filter((row) => row.status === "ok" && row.stable);
    return rows.map((row) => ({ archive, tree, row, seed: Math.floor(random() * 2 ** 31) }));
  });
  const verdicts: MistakeVerdict[] = [];
  for (const kind of ["kustomize", "helm"] as const) {
    const rows = shuffled(
      work.filter(({ row }) => row.kind === kind),
      random,
    );
    let found = 0;
    const told = await inParallel(rows, options.width, async (each, index) => {
      if (found >= options.wanted) return [];
      const own = await makeMistakes(each, join(scratch, `${kind}-${index}`), options.each);
      found += own.length;
      for (const verdict of own) options.hear?.(verdict);
      return own;
    });
    verdicts.push(...told.flat());
  }
  return verdicts;
}

async function makeMistakes(
  { archive, tree, row, seed }: Work,
  scratch: string,
  wanted: number,
): Promise<MistakeVerdict[]> {
  const closure = await closureOf(tree, overlayOf(row), createClosureContext());
  const folder = join(scratch, "repository");
  mkdirSync(folder, { recursive: true });
  layOut(tree, archive.folder, closure, folder);
  if (row.kind === "helm") writeFileSync(join(folder, "gitops.yaml"), JSON.stringify(chartRule(row)));
  execFileSync("git", ["init", "-q", "-b", "main"], { cwd: folder });
  const verdicts: MistakeVerdict[] = [];
  try {
    const before = await validateFolder(folder, row, scratch);
    const sources = before ? sourcesOf(tree, closure, row) : [];
    const random = randomFrom(seed);
    for (let tries = 0; tries < wanted * 5 && verdicts.length < wanted && sources.length > 0; tries++) {
      const path = pickOne(sources, random);
      const text = readFileSync(join(folder, path), "utf8");
      const chosen = chooseMistake(text, random);
      if (!chosen) continue;
      replaceFile(join(folder, path), chosen.text);
      const after = await validateFolder(folder, row, scratch);
      replaceFile(join(folder, path), text);
      const finding = after && newFinding(before!, after, random);
      if (!finding) continue;
      const asked = { archive: archive.name, row, path, mistake: chosen, finding };
      const lineAt = (file: string, line: number): string =>
        readFileSync(join(folder, file), "utf8").split("\n")[line - 1] ?? "";
      verdicts.push({ ...asked, verdict: judgeFinding(finding, path, chosen, lineAt) });
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return verdicts;
}

/** Files that a person writes and a renderer reads as YAML. */
function sourcesOf(tree: Tree, closure: Closure, row: Row): string[] {
  const inFolders = closure.directories.flatMap((folder) =>
    [...tree.entries()].flatMap(({ path }) => (path.startsWith(`${folder}/`) ? [path] : [])),
  );
  const chosen = new Set([...closure.files, ...inFolders]);
  const isSource = (path: string): boolean =>
    tree.get(path)?.kind === "file" &&
    /\.ya?ml$/.test(path) &&
    !/(?:^|\/)(?:ci|tests)\/|(?:^|\/)(?:Chart|kustomizeconfig)\.ya?ml$/.test(path) &&
    !(row.kind === "helm" && (row.values?.length ?? 0) > 0 && path === `${row.folder}/values.yml`);
  return [...chosen].filter(isSource).sort();
}

function chooseMistake(text: string, random: () => number): Mistake | undefined {
  const lines = editableLines(text);
  if (lines.length === 0) return undefined;
  const mistakes = mistakesAt(text, pickOne(lines, random));
  return mistakes.length > 0 ? pickOne(mistakes, random) : undefined;
}

function pickOne<Item>(items: readonly Item[], random: () => number): Item {
  return items[Math.floor(random() * items.length)]!;
}

/** One of the findings that the mistake brought; undefined when there is none. */
function newFinding(before: Report, after: Report, random: () => number): Finding | undefined {
  // A mistake in a name gives every finding of a resource another fingerprint.
  const keyOf = ({ rule, resource, field, message }: Finding) =>
    JSON.stringify([rule, resource?.kind, field, message]);
  const known = new Set(before.findings.map(keyOf));
  const found = after.findings.filter(
    (finding) => finding.severity === "error" && finding.resource && !known.has(keyOf(finding)),
  );
  return found.length > 0 ? pickOne(found, random) : undefined;
}

/** As `gitops validate` does; undefined where something does not render. */
async function validateFolder(folder: string, row: Row, scratch: string): Promise<Report | undefined> {
  const tempDir = mkdtempSync(join(scratch, "run-"));
  const host = {
    ...{ env: { PATH: process.env.PATH ?? "", HOME: tempDir }, cwd: folder, tempDir, cores: 1 },
    ...{ cacheDir: userCacheDir(process.env), now: () => new Date(0), isTerminal: false },
  };
  const world = {
    ...{ host, progress: () => {}, signal: new AbortController().signal },
    secretKey: Buffer.from("key"),
  };
  try {
    const wanted = { path: folder, compare: false, kustomization: [row.folder] };
    const rendered = await render({ ...renderDefaults, ...wanted }, world);
    if (rendered.report.failed.length > 0 || rendered.index.overlays.length !== 1) return undefined;
    const manifests = join(rendered.directory, "index.json");
    const missingSchemas = { allow: ["*"] };
    return (await validate({ ...defaults, manifests, path: folder, missingSchemas }, world)).report;
  } finally {
    rmSync(tempDir, { recursive: true, force: true });
  }
}

function overlayOf({ folder, kind, values = [] }: Row): Overlay {
  return { id: folder, path: folder, kind, options: { values, apiVersions: [] } };
}

/** The chart with exactly one set of values, as the expectation was made. */
function chartRule({ folder, values = [] }: Row): object {
  const names = values.map((file) => file.slice(folder.length + 1));
  const rule = { path: folder, "release-name": "r", "kube-version": "1.35.0", environments: { one: names } };
  return { charts: [rule] };
}
