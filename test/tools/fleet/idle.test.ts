// Entries of a kustomization that reach nothing, over which kustomize passes in silence.
import { userCacheDir } from "@gitops-actions/engine";
import { defaults, run } from "@gitops-actions/render-overlays";
import { expect, test } from "vitest";
import { scratch } from "../git/scratch.ts";
import { fleet } from "../promotion/world.ts";

const path = "apps/web/overlays/prod/kustomization.yaml";
const patch = `patch: '[{"op": "add", "path": "/metadata/annotations", "value": {"a": "b"}}]'`;

async function idle(text: string, more: Record<string, string> = {}, before?: string) {
  const space = scratch();
  const cwd = space.repository("fleet", { ...fleet(), ...more, [path]: before ?? text });
  if (before !== undefined) {
    space.git(cwd, "checkout", "-q", "-b", "change");
    space.commit(cwd, { [path]: text });
  }
  const cacheDir = userCacheDir(process.env);
  const host = { ...space.machine, cacheDir, cwd, now: () => new Date(0), isTerminal: false };
  const { report } = await run(
    {
      ...defaults,
      fetch: false,
      ...(before === undefined ? { compare: false } : { baseRef: "main", renderAll: true }),
    },
    { host, progress: () => {}, signal: new AbortController().signal, secretKey: new Uint8Array(32) },
  );
  expect(report.failed).toEqual([]);
  return report.findings
    .filter(({ rule }) => rule.startsWith("fleet/idle"))
    .map(({ rule, severity, message, location, places }) => [
      `${severity} ${rule} ${location?.path}:${location?.line}`,
      /called (\S+),|\((.*)\)/.exec(message)?.slice(1).find(Boolean),
      ...places.map(({ state }) => state),
    ]);
}

const base = "resources: [../../base]\n";

test("images and targets that reach nothing are warnings at their line", async () => {
  const text = `${base}images:
  - {name: registry.example.com/web, newTag: "2"}
  - {name: registry.example.com/wbe, newTag: "2"}
  - {name: other, newName: another}
patches:
  - target: {kind: Deployment, name: web}
    ${patch}
  - target: {kind: Deployment, name: wbe}
    ${patch}
  - target: {kind: StatefulSet}
    ${patch}
  - target: {group: batch, kind: Deployment}
    ${patch}
`;
  const at = (rule: string, line: number) => `warning fleet/idle-${rule} ${path}:${line}`;
  expect(await idle(text)).toEqual([
    [at("image", 4), "registry.example.com/wbe", "unknown"],
    [at("image", 5), "other", "unknown"],
    [at("patch", 9), "kind Deployment, name wbe", "unknown"],
    [at("patch", 11), "kind StatefulSet", "unknown"],
    [at("patch", 13), "group batch, kind Deployment", "unknown"],
  ]);
});

test("what the base has already is no news", async () => {
  const before = `${base}images: [{name: wbe, newTag: "2"}]\n`;
  const after = before.replace("images: [", "images: [{name: xyz, newTag: '1'}, ");
  const states = (await idle(after, {}, before)).map((each) => each.slice(1));
  expect(states).toEqual([
    ["xyz", "new"],
    ["wbe", "existing"],
  ]);
});

const config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

test.each([
  ["a renamed image", `${base}images: [{name: registry.example.com/web, newName: x, newTag: "2"}]\n`],
  [
    "a chain of names",
    `${base}images: [{name: registry.example.com/web, newName: x}, {name: x, newName: final}]\n`,
  ],
  ["a pattern of images", `${base}images: [{name: ".*/web", newTag: "2"}]\n`],
  ["a digest", `${base}images: [{name: registry.example.com/web, digest: "sha256:${"a".repeat(64)}"}]\n`],
  ["a target with a pattern", `${base}patches: [{target: {kind: Dep.*, name: w.*}, ${patch}}]\n`],
  ["an anchored target", `${base}patches: [{target: {name: ^web$}, ${patch}}]\n`],
  ["labels alone", `${base}patches: [{target: {labelSelector: "a=b"}, ${patch}}]\n`],
  [
    "a prefix and suffix",
    `${base}namePrefix: a-\nnameSuffix: -b\npatches: [{target: {kind: Deployment, name: web}, ${patch}}]\n`,
  ],
  [
    "a generated name",
    `${base}configMapGenerator: [{name: c, literals: [a=b]}]\npatches: [{target: {kind: ConfigMap, name: c}, ${patch}}]\n`,
  ],
  [
    "one that a JSON patch renames",
    `${base}patches: [{target: {kind: Deployment, name: web}, patch: '[{"op": "replace", "path": "/metadata/name", "value": "x"}]'}]\n`,
  ],
  [
    "one that is deleted",
    `${base}patches: [{target: {kind: Deployment, name: web}, patch: "apiVersion: apps/v1\\nkind: Deployment\\nmetadata: {name: web}\\n$patch: delete"}]\n`,
  ],
  ["a replacement", `${base}images: [{name: x, newTag: "1"}]\nreplacements: []\n`],
])("nothing is said of %s", async (_what, text) => {
  expect(await idle(text)).toEqual([]);
});

test("nothing is said of what is for kustomize alone", async () => {
  const local = config.replace(
    "{name: a}",
    "{name: a, annotations: {config.kubernetes.io/local-config: 'true'}}",
  );
  const files = { "apps/web/overlays/prod/a.yaml": local };
  expect(
    await idle(`resources: [../../base, a.yaml]\npatches: [{target: {kind: ConfigMap}, ${patch}}]\n`, files),
  ).toEqual([]);
});
