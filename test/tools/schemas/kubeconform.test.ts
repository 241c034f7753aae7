import {
  combineSchemas,
  convertCrd,
  ensureTool,
  findKubernetesPack,
  listPacks,
  readPack,
  runKubeconform,
  type SchemaDocument,
  type SchemaSet,
  schemaSource,
  userCacheDir,
  type Verdict,
} from "@gitops-actions/engine";
import { describe, expect, test } from "vitest";
import { makeMachine } from "../engine/machine.ts";

const entries = listPacks();
const projects = entries.filter((entry) => !entry.kubernetes).map((entry) => readPack(entry));

function schemasFor(version: string, crds: unknown[] = []): SchemaSet {
  return combineSchemas(readPack(findKubernetesPack(version, entries)), projects, crds.map(convertCrd));
}

const schemas = schemasFor("1.36");

function document(apiVersion: string, kind: string, rest: object): SchemaDocument {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  return {
    group: group!,
    version: version!,
    kind,
    text: JSON.stringify({ apiVersion, kind, metadata: { name: "a" }, ...rest }),
  };
}

async function check(documents: SchemaDocument[], set = schemas, strict = true): Promise<Verdict[]> {
  const machine = makeMachine();
  const tool = await ensureTool(
    "kubeconform",
    { allowBuild: true },
    { ...machine, cacheDir: userCacheDir(process.env) },
    () => {},
  );
  const schemaOf = schemaSource(set, strict);
  const withSchemas = documents.map((each) => ({ ...each, schema: schemaOf(each) }));
  return runKubeconform(withSchemas, { strict }, tool, machine);
}

const config = (data: unknown) => document("v1", "ConfigMap", { data });

describe("kubeconform with the packs", () => {
  test("gives each document its verdict, in input order, equal ones too", async () => {
    const bad = config({ a: 1 });
    const documents = [config({ a: "1" }), bad, document("v1", "Nothing", {}), bad, config({ b: "1" })];
    const verdicts = await check(documents);
    expect(verdicts.map(({ status }) => status)).toEqual([
      "valid",
      "invalid",
      "no-schema",
      "invalid",
      "valid",
    ]);
    expect(verdicts[1]).toEqual({
      status: "invalid",
      problems: [
        {
          what: "wrong-type",
          field: "/data/a",
          expected: "string",
          actual: "number",
          message: "expected string, found number",
        },
      ],
    });
    expect(await check([])).toEqual([]);
  });

  test("many documents share files, and each gets the verdict that it gets in a file of its own", async () => {
    const odd = (text: string, kind = "ConfigMap"): SchemaDocument => ({ ...config({}), kind, text });
    const head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    const all: SchemaDocument[] = [
      ...[config({ a: 1 }), document("v1", "Nothing", {}), document("apps/v1", "Deployment", { spec: {} })],
      ...[config({ a: "x\n---\ny" }), odd(`${head}data:\n  a: |\n    ---\n    b\n`), odd(`# ---\n${head}`)],
      ...[odd(`${head}data: {a: "1", a: "2"}\n`), odd(`${head}data: {a: 1}`), odd(`---\n${head}`)],
      ...[odd("kind: ConfigMap\nmetadata: {name: a}\n"), odd(`${head}data: {a: "1"\n`)],
      ...[odd(`${head}data: {a: "1"}\n...\n`), odd(`${head.replaceAll("\n", "\r\n")}data: {a: "1"}\r\n`)],
      ...[
        odd(`\ufeff${head}`),
        odd('{"apiVersion":"v1","kind":"ConfigMapList","items":[]}', "ConfigMapList"),
      ],
    ];
    // Enough to share files, the odd ones here and there among them, a few side by side.
    const many = Array.from({ length: 3_000 }, (_, n) => config({ a: String(n) }));
    const places = all.map((_, index) => (index < 6 ? 100 + index : index * 197));
    for (const [index, place] of places.entries()) many[place] = all[index]!;
    const verdicts = await check(many);
    const alone: Verdict[] = [];
    for (const each of all) alone.push((await check([each]))[0]!);
    expect(places.map((place) => verdicts[place])).toEqual(alone);
    expect(new Set(alone.map(({ status }) => status))).toEqual(
      new Set(["valid", "invalid", "no-schema", "unreadable"]),
    );
    const others = verdicts.filter((_, index) => !places.includes(index));
    expect(others.every(({ status }) => status === "valid")).toBe(true);
  });

  test("a document that holds two is noticed among many as well", async () => {
    const two = { ...config({}), text: `${config({ a: "1" }).text}\n---\n${config({ a: "2" }).text}` };
    const many = Array.from({ length: 3_000 }, (_, n) => config({ a: String(n) }));
    many[1234] = two;
    await expect(check(many)).rejects.toThrow("two documents in one resource");
  });

  test("strict refuses unknown fields and duplicate keys, not strict passes both", async () => {
    const text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: '1', a: '2'}\n";
    const documents = [
      document("v1", "ConfigMap", { dta: {} }),
      { group: "", version: "v1", kind: "ConfigMap", text },
    ];
    expect(await check(documents)).toMatchObject([
      { status: "invalid", problems: [{ what: "unknown-field", field: "/dta" }] },
      { status: "unreadable", what: "duplicate-key" },
    ]);
    expect(await check(documents, schemas, false)).toEqual([{ status: "valid" }, { status: "valid" }]);
  });

  test("every schema of every pack compiles", async () => {
    for (const { kubernetes } of entries) {
      if (!kubernetes) continue;
      const set = schemasFor(kubernetes);
      const kinds = [...set.kinds.values()];
      const verdicts = await check(
        kinds.map(({ group, version, kind }) => document(group ? `${group}/${version}` : version, kind, {})),
        set,
      );
      const broken = kinds.filter((_, index) => verdicts[index]!.status === "no-schema");
      expect(broken.map(({ group, version, kind }) => `${kubernetes} ${group}/${version} ${kind}`)).toEqual(
        [],
      );
    }
  });

  test("Argo CD, Flux, Kyverno and Gatekeeper kinds are known", async () => {
    const verdicts = await check([
      document("argoproj.io/v1alpha1", "Application", {
        spec: { project: "default", destination: {}, sources: [{ repoURL: 5 }] },
      }),
      document("kustomize.toolkit.fluxcd.io/v1", "Kustomization", {
        spec: { interval: "5m", prune: "yes", sourceRef: { kind: "GitRepository", name: "a" } },
      }),
      document("kyverno.io/v1", "ClusterPolicy", {
        spec: { rules: [{ name: "a", match: { any: [], all: [] } }] },
      }),
      document("templates.gatekeeper.sh/v1", "ConstraintTemplate", {
        spec: { targets: [{ target: "t", rego: 5 }] },
      }),
    ]);
    const fields = verdicts.map((verdict) =>
      verdict.status === "invalid" ? verdict.problems.map(({ field }) => field) : verdict.status,
    );
    expect(fields).toEqual([
      ["/spec/sources/0/repoURL"],
      ["/spec/prune"],
      ["/spec/rules/0/match"],
      ["/spec/targets/0/rego"],
    ]);
  });

  test("custom resources are held against the fleet's own definition", async () => {
    const versions = [
      {
        name: "v1",
        served: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
          },
        },
      },
    ];
    const set = schemasFor("1.36", [{ spec: { group: "example.com", names: { kind: "Thing" }, versions } }]);
    const thing = (spec: object) => document("example.com/v1", "Thing", { spec });
    expect(await check([thing({ size: 1 }), thing({ size: "1", colour: "red" })], set)).toMatchObject([
      { status: "valid" },
      {
        status: "invalid",
        problems: [
          { what: "unknown-field", field: "/spec/colour" },
          { what: "wrong-type", field: "/spec/size" },
        ],
      },
    ]);
    expect(await check([thing({})])).toEqual([{ status: "no-schema", broken: false }]);
  });

  test("a definition with a pattern that is none is told apart from a missing one", async () => {
    const versions = [
      {
        name: "v1",
        schema: {
          openAPIV3Schema: { type: "object", properties: { spec: { type: "string", pattern: "(" } } },
        },
      },
    ];
    const set = schemasFor("1.36", [{ spec: { group: "example.com", names: { kind: "Thing" }, versions } }]);
    expect(await check([document("example.com/v1", "Thing", {})], set)).toEqual([
      { status: "no-schema", broken: true },
    ]);
  });

  test("lists of a kind are held against the kind", async () => {
    const list = (item: object) => ({ ...document("v1", "ConfigMapList", { metadata: {}, items: [item] }) });
    const verdicts = await check([
      list({ metadata: { name: "a" } }),
      list({ metadata: { name: "a" }, data: 5 }),
    ]);
    expect(verdicts).toMatchObject([
      { status: "valid" },
      { status: "invalid", problems: [{ field: "/items/0/data" }] },
    ]);
  });

  test("documents of one kind that have different schemas are kept apart", async () => {
    const of = (version: string) => schemaSource(schemasFor(version), true);
    const bare = { ...document("v1", "Pod", {}), schema: undefined };
    const pod = document("v1", "Pod", {
      spec: { containers: [{ name: "a", image: "b" }], hostnameOverride: "x" },
    });
    const machine = makeMachine();
    const tools = { ...machine, cacheDir: userCacheDir(process.env) };
    const tool = await ensureTool("kubeconform", { allowBuild: true }, tools, () => {});
    const documents = ["1.32", "1.35", "1.32"].map((version) => ({ ...pod, schema: of(version)(pod) }));
    const verdicts = await runKubeconform([...documents, bare], { strict: true }, tool, machine);
    expect(verdicts.map(({ status }) => status)).toEqual(["invalid", "valid", "invalid", "no-schema"]);
  });

  test("one file with two documents is not trusted", async () => {
    const text =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n";
    await expect(check([{ group: "", version: "v1", kind: "ConfigMap", text }])).rejects.toThrow(
      "two documents in one resource",
    );
  });
});

describe("the catalogue of packs", () => {
  test("a version a person writes means its minor version", () => {
    for (const version of ["1.36", "v1.36", "1.36.9", " 1.36.3 "])
      expect(findKubernetesPack(version, entries).name).toBe("kubernetes-1.36");
    expect(() => findKubernetesPack("1.3", entries)).toThrow(
      'no schemas for "1.3". There are schemas for 1.32, 1.33, 1.34, 1.35, 1.36, 1.37',
    );
    expect(() => findKubernetesPack("latest", entries)).toThrow("no schemas");
  });

  test("a changed pack is refused", () => {
    expect(() => readPack({ ...entries[0]!, sha256: "0" })).toThrow(
      /has SHA-256 [0-9a-f]{64}, packs.json says 0/,
    );
  });
});
