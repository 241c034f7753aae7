import { parseManifests } from "@gitops-actions/manifest";
import { type Finding, makeFinding, mergeFindings } from "@gitops-actions/report";
import { expect, test } from "vitest";
import type { Group } from "../../../actions/validate-schema/src/documents.ts";
import { type Draft, type Locate, locateDrafts } from "../../../actions/validate-schema/src/locations.ts";

const [resource] = parseManifests("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "").resources;

function draft(overlay: string, message: string): Draft {
  const origin = { path: "base.yaml", line: 1, precision: "near" as const, via: [] };
  const group: Group = { side: "head", overlay, resources: [], problems: [], locate: () => origin };
  const finding = makeFinding({
    ...{ rule: "kubeconform/enum", severity: "error", message, overlays: [overlay], discriminator: message },
    resource: resource!.id,
  });
  return { finding, group, resource: resource!, pointer: "/data", part: "value" };
}

/** Knows every line, and counts the overlays it was asked for. */
function tracer(): { locate: Locate; asked: Set<string> } {
  const asked = new Set<string>();
  return {
    asked,
    locate: async ({ overlay }) => {
      asked.add(overlay);
      return { path: `${overlay}/patch.yaml`, line: 3, precision: "exact", via: [] };
    },
  };
}

const overlays = Array.from({ length: 120 }, (_, number) => `o${number}`);
const places = (findings: Finding[]) => findings.map(({ location }) => location?.path);

test("each of many findings has its line", async () => {
  const { locate } = tracer();
  const drafts = overlays.map((overlay) => draft(overlay, `wrong in ${overlay}`));
  const findings = mergeFindings(await locateDrafts(drafts, [], locate, 2));
  expect(places(findings)).toEqual(overlays.map((overlay) => `${overlay}/patch.yaml`));
});

test("a mistake that is everywhere is traced in fifty overlays, one that did not have it first", async () => {
  const { locate, asked } = tracer();
  const drafts = overlays.map((overlay) => draft(overlay, "wrong"));
  const existing = drafts.slice(0, 119).map(({ finding }) => finding);
  const [finding, ...more] = mergeFindings(await locateDrafts(drafts, existing, locate, 2));
  expect(more).toEqual([]);
  expect(asked.size).toBe(50);
  expect(asked).toContain("o119");
  expect(finding!.places).toHaveLength(120);
  const lines = [finding!.location, ...finding!.related.map(({ location }) => location)];
  expect(lines).toHaveLength(50);
  expect(lines.every((location) => location?.precision === "exact")).toBe(true);
});
