import { describe, expect, test } from "vitest";
import { definition, index, lines, type Side, thing, validate } from "./validation.ts";

const release = (version: string): string =>
  `apiVersion: helm.toolkit.fluxcd.io/${version}\nkind: HelmRelease\nmetadata: {name: z}\nspec: {interval: 5m, chart: {spec: {chart: a, sourceRef: {kind: HelmRepository, name: a}}}}\n`;
const ownRelease = definition("integer", "v2beta1")
  .replaceAll("things.example.com", "helmreleases.helm.toolkit.fluxcd.io")
  .replace("group: example.com", "group: helm.toolkit.fluxcd.io")
  .replace("kind: Thing, plural: things", "kind: HelmRelease, plural: helmreleases");

describe("the fleet's own definition decides", () => {
  test("over a pack, versions that it does not have too", async () => {
    const report = await validate({ "crd.yaml": ownRelease, "a.yaml": release("v2") });
    expect(report.findings.map(({ rule, message, help }) => `${rule} ${message} | ${help}`)).toEqual([
      "kubeconform/unknown-version the definition of HelmRelease in crd.yaml has no version v2 of helm.toolkit.fluxcd.io | Use helm.toolkit.fluxcd.io/v2beta1.",
    ]);
    const packed = await validate({ "a.yaml": release("v2beta9") });
    expect(packed.findings.map(({ rule, message }) => `${rule} ${message}`)).toEqual([
      "kubeconform/unknown-version the schemas of Flux that come with this action have no helm.toolkit.fluxcd.io/v2beta9 HelmRelease",
    ]);
  });

  test("the one of the environment, though another has more versions", async () => {
    const report = await validate(
      index({
        "dev/crds": { head: definition("string", "v2"), environment: "dev" },
        "prod/crds": { head: definition("string", "v1"), environment: "prod" },
        "prod/app": { head: thing("x", "v2"), environment: "prod" },
      }),
      { manifests: "index.json" },
    );
    expect(lines(report)).toEqual([
      "error unknown-version prod/app/source.yaml:3~ : the definition of Thing in prod/crds has no version v2 of example.com [prod/app new]",
    ]);
  });
});

describe("a definition of elsewhere is used, and said", () => {
  const app = { head: thing("x"), base: thing("x"), environment: "prod" };
  const crds = definition("string");

  test("of another environment; in the change that removes the own one it is new", async () => {
    const report = await validate(
      index({
        "dev/crds": { head: crds, base: crds, environment: "dev" },
        "prod/crds": { base: crds, environment: "prod" },
        "prod/app": app,
      }),
      { manifests: "index.json" },
    );
    expect(lines(report)).toEqual([
      "warning validate/borrowed-definition dev/crds/source.yaml:3 : example.com/v1 Thing of prod is held against a definition of dev (dev/crds): nothing defines it in prod [prod/app new]",
    ]);
    const always = await validate(
      index({ "dev/crds": { head: crds, base: crds, environment: "dev" }, "prod/app": app }),
      { manifests: "index.json" },
    );
    expect(lines(always)).toEqual([expect.stringContaining("[prod/app existing]")]);
  });

  test("of a file that nothing deploys", async () => {
    const report = async (path: string, more = {}): Promise<string[]> =>
      lines(
        await validate({ [path]: crds, "deploy/a.yaml": thing("x"), ...more }, { manifests: "deploy" }, true),
      );
    for (const path of [".old/crd.yaml", "docs/testdata/crd.yaml"])
      expect(await report(path), path).toEqual([
        `warning validate/borrowed-definition ${path}:1 : example.com/v1 Thing is held against a definition in ${path}, which nothing deploys`,
      ]);
    const ignore = { "gitops.yaml": "version: 1\nignore: [old/**, old]\n" };
    expect(await report("old/crd.yaml", ignore)).toEqual([expect.stringContaining("old/crd.yaml, which")]);
    expect(await report(".gitops/schemas/crd.yaml")).toEqual([]);
    expect(await report("crds/crd.yaml")).toEqual([]);
  });

  test("of a base that only another environment renders", async () => {
    const files = (head: Record<string, Side>) => ({
      ...index({ "prod/app": { head: thing("x"), environment: "prod" }, ...head }),
      "bases/crds/crd.yaml": crds,
      ".gitignore": "/head/\n",
    });
    const said = async (head: Record<string, Side>, more = {}): Promise<string[]> =>
      lines(await validate({ ...files(head), ...more }, { manifests: "index.json" }, true));
    const dev = { "dev/crds": { head: `${crds}# rendered\n`, environment: "dev" } };
    expect(await said(dev)).toEqual([
      "warning validate/borrowed-definition bases/crds/crd.yaml:1 : example.com/v1 Thing of prod is held against a definition in bases/crds/crd.yaml, which only dev deploys [prod/app new]",
    ]);
    expect(await said({ ...dev, "crds/all": { head: `${crds}# too\n` } })).toEqual([]);
    expect(await said({ ...dev, same: { status: "unchanged" } })).toEqual([]);
    expect(await said({ ...dev, "prod/crds": { head: `${crds}# too\n`, environment: "prod" } })).toEqual([]);
  });

  test("a file of an overlay that is unchanged is of its environment", async () => {
    const side = { status: "unchanged" as const };
    const report = await validate(
      {
        ...index({
          "crds/dev": { ...side, environment: "dev" },
          "crds/prod": { ...side, environment: "prod" },
          "prod/app": { head: thing("x"), environment: "prod" },
        }),
        "crds/dev/crd.yaml": definition("string"),
        "crds/prod/crd.yaml": definition("integer"),
      },
      { manifests: "index.json" },
      true,
    );
    expect(lines(report)).toEqual([
      "error wrong-type prod/app/source.yaml:3~ /spec/size: expected integer, found string [prod/app new]",
    ]);
  });
});

describe("kinds of a group that the fleet defines", () => {
  const asks = { missingSchemas: { allow: ["*"] } };
  const of = (kind: string, group = "example.com"): string =>
    `apiVersion: ${group}/v1\nkind: ${kind}\nmetadata: {name: a}\n`;

  test("one that is nearly a kind of it always fails, another is somebody else's", async () => {
    const report = await validate(
      { "crd.yaml": definition("string"), "a.yaml": of("thing"), "b.yaml": of("Things") },
      asks,
    );
    expect(report.findings.map(({ rule, message, help }) => `${rule} ${message} | ${help}`)).toEqual([
      "kubeconform/unknown-kind example.com has no kind thing | Did you mean Thing?",
      "kubeconform/unknown-kind example.com has no kind Things | Did you mean Thing?",
    ]);
    expect(
      (await validate({ "crd.yaml": definition("string"), "a.yaml": of("Widget") }, asks)).findings,
    ).toEqual([]);
    const other = await validate({ "crd.yaml": definition("string"), "a.yaml": of("Thing", "Example.com") });
    expect(other.findings[0]!.help).toContain("If the group should be example.com, correct it.");
  });
});

test.each(["1.32", "1.34"])(
  "an API of Kubernetes %s for which there is no schema needs no definition",
  async (version) => {
    const text =
      "apiVersion: storagemigration.k8s.io/v1alpha1\nkind: StorageVersionMigration\nmetadata: {name: a}\nspec: {resource: {resource: a}}\n";
    const report = await validate({ "a.yaml": text }, { kubernetesVersions: [version] });
    expect(report.findings.map(({ message, help }) => `${message} | ${help}`)).toEqual([
      `there is no schema for storagemigration.k8s.io/v1alpha1 StorageVersionMigration, which Kubernetes ${version} serves only where an administrator has switched it on, so it was not validated | To go without: missing-schemas: "allow: storagemigration.k8s.io/StorageVersionMigration"`,
    ]);
  },
);

test("definitions are looked for in folders that are there", async () => {
  const files = { "crds/thing.yaml": definition("string"), "deploy/a.yaml": thing("x") };
  const from = (folder: string) => validate(files, { manifests: "deploy", crds: [folder] });
  expect(lines(await from("./crds/"))).toEqual([]);
  await expect(from("nothere")).rejects.toThrow(
    "crds: nothere is not in the repository. Name a folder relative to its root.",
  );
});

test("a value that YAML takes for something else is to be quoted", async () => {
  const report = await validate({
    "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\ndata: {a: 1, b: [x]}\n",
  });
  expect(report.findings.map(({ field, help }) => `${field} ${help}`).sort()).toEqual([
    "/data/a Quote it: without, YAML takes it for a number.",
    "/data/b undefined",
    "/metadata/name Quote it: without, YAML takes true, yes, on, y and their like for a boolean.",
  ]);
});
