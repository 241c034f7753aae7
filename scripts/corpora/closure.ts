import { createHash } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { closureOf, createClosureContext, type Overlay, type Tree } from "@gitops-actions/fleet";
import type { Archive, Row } from "./archives.ts";
import { coverage } from "./coverage.ts";
import { folderTree } from "./folder-tree.ts";
import { layOut } from "./layout.ts";
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
  { width, strace = true }: { width: number; strace?: boolean },
): Promise<Proof[]> {
  const work: { archive: Archive; row: Row; tree: Tree; label: string }[] = [];
  for (const archive of archives) {
    const tree = folderTree(archive.folder);
    for (const row of archive.rows) {
      if (row.status !== "skip") work.push({ archive, row, tree, label: String(work.length) });
    }
  }
  const context = createClosureContext();
  const helm = findProgram("helm");
  mkdirSync(scratch, { recursive: true });
  return inParallel(work, width, async ({ archive, row, tree, label }) => {
    const closure = await closureOf(tree, overlayOf(row), context);
    const program = findProgram(row.kind);
    const args = argumentsFor(row, helm);
    const home = join(scratch, `${label}.home`);
    const {
      ended: whole,
      names,
      listed,
    } = strace
      ? await trace(program, args, archive.folder, scratch, label)
      : {
          ended: await run(program, args, archive.folder, home),
          names: new Set<string>(),
          listed: new Set<string>(),
        };
    const covers = coverage(tree, closure);
    const missed = [...names].filter((name) => !covers.name(name));
    for (const name of listed) if (!covers.listing(name)) missed.push(`${name}/ (listed)`);
    const place = join(scratch, `${label}.closure`);
    layOut(tree, archive.folder, closure, place);
    const differs = compare(row, whole, await run(program, args, place, home));
    for (const made of [place, home]) rmSync(made, { recursive: true, force: true });
    return {
      archive: archive.name,
      row,
      names: new Set([...names, ...listed]).size,
      missed: missed.sort(),
      ...(differs === undefined ? {} : { differs }),
      unused: closure.files.filter((path) => !names.has(path)).length,
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
export function argumentsFor(row: Row, helm: string): string[] {
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
  // Charts that a kustomization inflates fail in the expectation, which has no Helm; here they have it.
  const lackedHelm = row.error.startsWith("Error: trouble configuring builtin HelmChartInflationGenerator");
  if (!lackedHelm && (row.status === "ok") !== (alone.status === 0))
    return `status ${alone.status}, expected ${row.status}: ${says}`;
  if (!row.stable) return undefined;
  if (!whole.stdout.equals(alone.stdout)) return "another output than in the whole archive";
  const sha256 = createHash("sha256").update(alone.stdout).digest("hex");
  return row.sha256 === undefined || sha256 === row.sha256
    ? undefined
    : `sha256 ${sha256}, expected ${row.sha256}`;
}
