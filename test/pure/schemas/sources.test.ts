import { parseManifests } from "@gitops-actions/manifest";
import { expect, test } from "vitest";
import { documentFindings } from "../../../actions/validate-schema/src/unread.ts";

const text = "a: 1\n---\nkind: Secret\n---\n# two\napiVersion: v1\nkind: ConfigMap\ndata: [\n";
const group = {
  side: "head" as const,
  overlay: "app",
  resources: [],
  problems: parseManifests(text, "head/app/manifest.yaml").problems,
  locate: () => undefined,
};

test("what keeps a document from being read stands in its file, where it is one of the repository", () => {
  const sources = [
    { path: "app/a.yaml", line: 1 },
    { path: "app/b.yaml", line: 5 },
  ];
  const found = documentFindings({ ...group, sources });
  expect(found.map(({ rule, location }) => `${rule} ${location?.path}:${location?.line}`)).toEqual([
    "kubeconform/missing-kind app/a.yaml:1",
    "kubeconform/missing-kind app/a.yaml:3",
    expect.stringMatching(/^kubeconform\/not-yaml app\/b.yaml:[45]$/),
  ]);
  expect(found[0]?.message).not.toMatch(/document 1/);
  const [rendered] = documentFindings(group);
  expect(rendered?.message).toMatch(/^document 1 of the rendered manifests \(line 1\)/);
  expect(rendered?.location).toBeUndefined();
});
