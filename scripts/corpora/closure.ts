import { createHash } from "node:crypto";
import { linkSync, lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type Closure,
  closureOf,
  createClosureContext,
  type Overlay,
  type Tree,
} from "@gitops-actions/fleet";
import type { Archive, Row } from "./archives.ts";
import { folderTree } from "./folder-tree.ts";
import { type Ended, findProgram, inParallel, run } from "./tools.ts";
import { trace } from "./trace.ts";

/** What was found for one row: names that the tool used and the closure lacks, and whether the closure suffices. */
export interface Proof {
  archive: string;
  row: Row;
  /** Names that the tool gave to the kernel, below the archive. */
  names: number;
  missed: string[];
  /** Why a render in a folder with nothing but the closure differs from the expected one; undefined: it does not. */
  differs?: string;
  /** Files of the closure that the tool did not look at. */
  unused: number;
  files: number;
  gaps: string[];
}

/**
 * Compares closures with what the real tools do: under strace every name they use must be in the closure, and in a
 * folder that holds only the closure they must give the expected bytes. Rows that are skipped have no closure to prove.
 */
export async function proveClosures(
  archives: readonly Archive[],
  scratch: string,
  width: number,
): Promise<Proof[]> {
  const programs = {
    kustomize: findProgram("kustomize"),
    helm: findProgram("helm"),
    strace: findProgram("strace"),
  };
  const work: { archive: Archive; row: Row; tree: Tree; index: number }[] = [];
  for (const archive of archives) {
    const tree = folderTree(archive.folder);
    for (const row of archive.rows) {
      if (row.status !== "skip") work.push({ archive, row, tree, index: work.length });
    }
  }
  const context = createClosureContext();
  mkdirSync(scratch, { recursive: true });
  return inParallel(work, width, async ({ archive, row, tree, index }) => {
    const closure = await closureOf(tree, overlayOf(row), context);
    const args = argumentsFor(row, programs.helm);
    const traced = await trace(programs[row.kind], args, archive.folder, scratch, String(index));
    const used = new Set([...traced.names, ...traced.listed]);
    const covers = coverage(tree, closure);
    const missed = [...traced.names].filter((name) => !covers.name(name));
    for (const name of traced.listed) if (!covers.listing(name)) missed.push(`${name}/ (listed)`);
    const alone = join(scratch, `${index}.closure`);
    layOut(tree, archive.folder, closure, alone);
    const ended = await run(programs[row.kind], args, alone, join(scratch, `${index}.home`));
    const differs = compare(row, traced.ended, ended);
    rmSync(alone, { recursive: true, force: true });
    for (const rest of ["strace", "home"])
      rmSync(join(scratch, `${index}.${rest}`), { recursive: true, force: true });
    return {
      archive: archive.name,
      row,
      names: used.size,
      missed: missed.sort(),
      ...(differs === undefined ? {} : { differs }),
      unused: closure.files.filter((path) => !used.has(path)).length,
      files: closure.files.length,
      gaps: [...closure.gaps, ...closure.escapes].map((gap) => gap.code),
    };
  });
}

function overlayOf(row: Row): Overlay {
  const values = row.values ?? [];
  return { id: row.folder, path: row.folder, kind: row.kind, options: { values, apiVersions: [] } };
}

/** As the README of the corpora says; charts that a kustomization inflates need Helm besides. */
function argumentsFor(row: Row, helm: string): string[] {
  if (row.kind === "kustomize") {
    const inflate = row.error.includes("HelmChartInflationGenerator") || /^helmChart/.test(row.error);
    return ["build", ...(inflate ? ["--enable-helm", "--helm-command", helm] : []), row.folder];
  }
  const values = (row.values ?? []).flatMap((path) => ["-f", path]);
  return ["template", "r", row.folder, ...values, "--kube-version", "1.35.0"];
}

/** What is wrong with the render of the closure alone, held against the one of the whole archive and what is expected. */
function compare(row: Row, whole: Ended, alone: Ended): string | undefined {
  const says = alone.stderr.slice(0, 300);
  if (whole.status !== alone.status)
    return `status ${alone.status}, in the whole archive ${whole.status}: ${says}`;
  if ((row.status === "ok") !== (alone.status === 0))
    return `status ${alone.status}, expected ${row.status}: ${says}`;
  if (!row.stable) return undefined;
  if (!whole.stdout.equals(alone.stdout)) return "another output than in the whole archive";
  const sha256 = createHash("sha256").update(alone.stdout).digest("hex");
  return row.sha256 === undefined || sha256 === row.sha256
    ? undefined
    : `sha256 ${sha256}, expected ${row.sha256}`;
}

/** Whether a closure accounts for a name, and for the listing of a folder. */
function coverage(tree: Tree, closure: Closure) {
  const exact = new Set([...closure.files, ...closure.absent]);
  const whole = new Set(closure.directories);
  const above = new Set<string>([""]);
  for (const path of [...exact, ...whole]) for (const parent of parents(path)) above.add(parent);
  const inWhole = (path: string) =>
    whole.has("") || whole.has(path) || parents(path).some((parent) => whole.has(parent));
  return {
    // A folder on the way to something in the closure is one as long as that is there, or is looked for in vain there.
    name: (path: string) =>
      exact.has(path) ||
      inWhole(path) ||
      parents(path).some((parent) => closure.absent.includes(parent)) ||
      (above.has(path) && (path === "" || tree.get(path)?.kind === "directory")),
    listing: inWhole,
  };
}

function parents(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** Makes a folder that holds a closure and nothing else. */
function layOut(tree: Tree, from: string, closure: Closure, to: string): void {
  mkdirSync(to, { recursive: true });
  const put = (path: string) => {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    const state = lstatSync(join(to, path), { throwIfNoEntry: false });
    if (state) return;
    if (lstatSync(join(from, path)).isSymbolicLink())
      symlinkSync(readlinkSync(join(from, path)), join(to, path));
    else linkSync(join(from, path), join(to, path));
  };
  const putAll = (folder: string) => {
    mkdirSync(join(to, folder), { recursive: true });
    for (const name of readdirSync(join(from, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (lstatSync(join(from, path)).isDirectory()) putAll(path);
      else put(path);
    }
  };
  for (const path of closure.directories) putAll(path);
  for (const path of closure.files) if (tree.get(path)) put(path);
}

/** The table of the proof, one line an archive, and what went wrong below it. */
export function describeProofs(proofs: readonly Proof[]): { markdown: string; ok: boolean } {
  const lines = [
    "| archive | overlays and charts | names used | missed | same bytes from the closure alone | files in closures | not looked at |",
    "|---|--:|--:|--:|--:|--:|--:|",
  ];
  const sum = (some: readonly Proof[], of: (proof: Proof) => number) =>
    some.reduce((total, each) => total + of(each), 0);
  const line = (name: string, some: readonly Proof[]) => {
    const same = some.filter((each) => each.differs === undefined).length;
    const cells = [
      some.length,
      sum(some, (each) => each.names),
      sum(some, (each) => each.missed.length),
      `${same} of ${some.length}`,
    ];
    return `| ${[name, ...cells, sum(some, (each) => each.files), sum(some, (each) => each.unused)].join(" | ")} |`;
  };
  const names = [...new Set(proofs.map((proof) => proof.archive))];
  for (const name of names)
    lines.push(
      line(
        name,
        proofs.filter((proof) => proof.archive === name),
      ),
    );
  lines.push(line("all", proofs));
  const wrong = proofs.filter((proof) => proof.missed.length > 0 || proof.differs !== undefined);
  for (const { archive, row, missed, differs } of wrong) {
    const what = [
      ...missed.slice(0, 10).map((name) => `missed \`${name}\``),
      ...(differs ? [differs] : []),
    ].join("; ");
    lines.push(
      ...(lines.at(-1)?.startsWith("|") ? [""] : []),
      `- ${archive}/${row.folder} ${row.values?.join(" ") ?? row.error}: ${what}`,
    );
  }
  return { markdown: lines.join("\n"), ok: wrong.length === 0 };
}
