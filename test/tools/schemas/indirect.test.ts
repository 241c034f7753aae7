import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { userCacheDir } from "@gitops-actions/engine";
import { run as render, defaults as renderDefaults } from "@gitops-actions/render-overlays";
import { defaults, run as validate } from "@gitops-actions/validate-schema";
import { expect, test } from "vitest";
import { makeMachine, write } from "../engine/machine.ts";

const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Thing, plural: things}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: string}}}
`;
const place = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size/type";
const operation = (type: string): string => `- {op: replace, path: ${place}, value: ${type}}\n`;

// The file that changes says nothing of definitions: only what is rendered does.
test("a definition that an operation changes is held against custom resources of overlays that did not change", async () => {
  const machine = makeMachine();
  const repository = join(machine.folder, "repository");
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], {
      cwd: repository,
    }).toString();
  write(repository, {
    "crds/kustomization.yaml":
      "resources: [crd.yaml]\npatches:\n  - path: ops.yaml\n    target: {name: things.example.com}\n",
    "crds/crd.yaml": definition,
    "crds/ops.yaml": operation("string"),
    "app/kustomization.yaml": "resources: [thing.yaml]\n",
    "app/thing.yaml": "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\nspec:\n  size: large\n",
    "other/kustomization.yaml": "resources: [config.yaml]\n",
    "other/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
  });
  git("init", "-q", "-b", "main");
  git("add", ".");
  git("commit", "-q", "-m", "one");
  const base = git("rev-parse", "HEAD").trim();
  write(repository, { "crds/ops.yaml": operation("integer") });
  git("commit", "-q", "-a", "-m", "two");

  const host = { ...machine, cacheDir: userCacheDir(process.env), now: () => new Date(0), isTerminal: false };
  const signal = new AbortController().signal;
  const world = { host, progress: () => {}, signal, secretKey: Buffer.from("key") };
  const tools = { allowBuild: true, from: "auto" as const };
  const wanted = { ...renderDefaults, path: repository, baseRef: base, headRef: "HEAD", fetch: false, tools };
  const rendered = await render(wanted, world);
  expect(rendered.report.notes.join("\n")).toContain(
    "schemas changed in what crds renders: every overlay is rendered",
  );
  expect(rendered.index.scope).toBe("all");
  const manifests = join(rendered.directory, "index.json");
  const { report } = await validate({ ...defaults, path: repository, manifests, fetch: false, tools }, world);
  expect(
    report.findings.map(({ rule, field, location, places }) => [rule, field, location?.path, places]),
  ).toEqual([["kubeconform/wrong-type", "/spec/size", "app/thing.yaml", [{ overlay: "app", state: "new" }]]]);
});
