import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { plainFolderTree } from "@gitops-actions/engine";
import { closureOf, createClosureContext, type Overlay } from "@gitops-actions/fleet";
import { afterAll, expect, test } from "vitest";
import { type Archive, writeCases } from "../../../scripts/corpora/archives.ts";
import { type Case, cases, expected, writeCase } from "../../../scripts/corpora/cases.ts";
import { argumentsFor, proveClosures } from "../../../scripts/corpora/closure.ts";
import { findProgram, inParallel, run } from "../../../scripts/corpora/tools.ts";

const folder = mkdtempSync(join(tmpdir(), "gitops-fleet-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const width = 2;

function overlayOf({ overlay: { path, kind, values = [] } }: Case): Overlay {
  return { id: path, path, kind, options: { values, apiVersions: [] } };
}

test("kustomize and Helm give the same from a closure alone as from the whole repository", async () => {
  // Where strace is at hand, every name they use is looked up in the closure too; `npm run corpora` wants it.
  const proofs = await proveClosures(writeCases(cases, join(folder, "whole")), join(folder, "scratch"), {
    width,
    strace: hasStrace(),
  });
  expect(proofs.length).toBeGreaterThan(50);
  const wrong = proofs.filter((proof) => proof.differs !== undefined || proof.missed.length > 0);
  expect(wrong.map(({ row, differs, missed }) => ({ name: row.error, differs, missed }))).toEqual([]);
});

test("files that no closure has change no output", async () => {
  const archives = writeCases(cases, join(folder, "more")).filter((archive) => archive.rows[0]?.stable);
  const outputs = await inParallel(archives, width, async (archive, index) => {
    const before = await render(archive, index);
    const digest = await digestOf(archive);
    for (const place of ["app", "base", "web", "."]) {
      for (const name of ["extra.yaml", "kustomization.json", "Values.yaml"]) {
        try {
          writeFileSync(
            join(archive.folder, place, name),
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n",
          );
        } catch {
          // This case has no such folder.
        }
      }
    }
    const same = (await digestOf(archive)) === digest;
    return {
      name: archive.rows[0]?.error,
      same,
      before,
      after: same ? await render(archive, index) : before,
    };
  });
  for (const { name, before, after } of outputs)
    expect({ name, output: after }).toEqual({ name, output: before });
  // Charts count whole, so an added file is one of theirs.
  expect(outputs.filter(({ same }) => same).length).toBeGreaterThan(40);
});

test("the engine's trees give what the in-memory trees of the pure tests give", async () => {
  for (const [index, one] of cases.entries()) {
    const own = join(folder, "trees", String(index));
    writeCase(one, own);
    const closure = await closureOf(await plainFolderTree(own), overlayOf(one), createClosureContext());
    const { files, directories, absent } = closure;
    expect({ name: one.name, files, directories, absent }).toEqual({ name: one.name, ...expected(one) });
  }
});

async function render(archive: Archive, index: number): Promise<string> {
  const row = archive.rows[0]!;
  const program = findProgram(row.kind);
  const ended = await run(
    program,
    argumentsFor(row, findProgram("helm")),
    archive.folder,
    join(folder, `home-${index}`),
  );
  return `${ended.status}\n${ended.stdout}`;
}

async function digestOf(archive: Archive): Promise<string> {
  const { folder: path, kind, values = [] } = archive.rows[0]!;
  const overlay: Overlay = { id: path, path, kind, options: { values, apiVersions: [] } };
  return (await closureOf(await plainFolderTree(archive.folder), overlay, createClosureContext())).digest;
}

function hasStrace(): boolean {
  try {
    findProgram("strace");
    return true;
  } catch {
    return false;
  }
}
