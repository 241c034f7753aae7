// Rendered manifests of kinds that the server knows, brought in by each controller: nothing differs, and every change does.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { acceptedObjects } from "../../scripts/drift/acceptance.ts";
import { type Deliverer, startDelivery } from "../../scripts/drift/delivery.ts";
import { proveDelivery } from "../../scripts/drift/proof.ts";
import { moduleFolder } from "../../scripts/servers/controllers/definitions.ts";
import { argocd } from "../../scripts/servers/programs.ts";
import { linesOf, uncheckedOf } from "./report.ts";

const folder = mkdtempSync(join(tmpdir(), "cluster-corpus-"));
let accepted: Awaited<ReturnType<typeof acceptedObjects>>;

/**
 * Of these Argo CD applies none (its `resource.exclusions`), or the control plane writes what Git says: taints of a node
 * that no kubelet reports.
 */
const others = new Set(["Event", "Lease", "Node"]);

beforeAll(async () => {
  const files = new Map<string, string>();
  // One of almost every kind of Kubernetes, and what Argo CD's own kustomization renders to.
  const kinds = join(import.meta.dirname, "../../scripts/schemas/compare/good.yaml");
  // One of its two quotas leaves room for one quota alone: which of them is counted first would decide about the other.
  const quotas = readFileSync(kinds, "utf8").replace("resourcequotas: 1,", "resourcequotas: 9,");
  expect(quotas).toContain("resourcequotas: 9,");
  files.set("kinds_all.yaml", quotas);
  const published = join(moduleFolder(argocd.module, argocd.version), "manifests/ha/namespace-install.yaml");
  files.set("argocd_install.yaml", readFileSync(published, "utf8"));
  accepted = await acceptedObjects(files);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each<[Deliverer]>([["flux"], ["argocd"], ["argocd-server-side"]])(
  "what %s applies is no drift, and each change of a single value is found, with who made it",
  async (by) => {
    const groups = accepted.groups.map(({ name, resources }) => ({
      name,
      resources: resources.filter(({ id }) => !others.has(id.kind)),
    }));
    const proof = await proveDelivery({
      groups,
      work: join(folder, by),
      changes: 60,
      seed: 1,
      start: (plane, repository) => startDelivery(by, plane, repository),
      progress: () => {},
    });
    const { before, verdict, changes } = proof;
    const { clean, valuesCompared, valuesUnknown } = before.counts;
    console.log(
      `${by}: ${clean} objects, ${valuesCompared} of ${valuesCompared + valuesUnknown} values compared; ` +
        `${verdict.found} of ${changes.length} changes found, ${verdict.attributed} with who made them`,
    );
    // Whether Argo CD calls itself in sync is its word: of some definitions it compares what it has applied otherwise.
    expect(linesOf(before, /^drift\/(?!sync-)/)).toEqual([]);
    expect(before.drifted).toBe("false");
    expect(uncheckedOf(before)).toEqual([]);
    expect(clean).toBeGreaterThan(80);
    expect(changes.length).toBe(60);
    expect(verdict.missed).toEqual([]);
    expect(verdict.nameless).toEqual([]);
  },
);
