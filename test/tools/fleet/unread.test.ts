// One mistake in a folder of manifests must not take what stands beside it out of sight.
import { expect, test } from "vitest";
import { renderChange } from "./change.ts";

const service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";
const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n";
const settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n";
const evil = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: evil}\n";
const all = `${service}---\n${deployment}`;
const start = { "app/all.yaml": all, "app/cm.yaml": settings };

type Texts = Record<string, string | Uint8Array | undefined>;

/** What a change of these files is told. A text of undefined removes the file. */
async function told(files: Texts, before: Record<string, string> = start) {
  const { report, changes, index } = await renderChange(files, before, { allowEmpty: true });
  return {
    verdict: report.verdict,
    findings: report.findings.map(({ rule, severity, location }) =>
      [rule, severity, `${location?.path}:${location?.line}`].join(" "),
    ),
    messages: report.findings.map(({ message }) => message),
    removed: changes.counts.removed,
    kinds: index.overlays.flatMap((each) => each.head?.resources.map(({ id }) => id.kind) ?? []).sort(),
    skipped: report.skipped.map(({ id, code, message }) => `${code} ${id}: ${message}`),
  };
}

const noVersion = ["render/no-api-version error app/all.yaml:1"];

test("a document without an apiVersion is an error at its line, and the rest of its file is looked at", async () => {
  const found = await told({ "app/all.yaml": all.replace("apiVersion", "apiVesion") });
  expect(found).toMatchObject({ verdict: "findings", findings: noVersion, removed: 0 });
  expect(found.messages).toEqual(["this Service has no apiVersion"]);
  expect(found.kinds).toEqual(["ConfigMap", "Deployment"]);
  const second = await told({ "app/cm.yaml": `# ours\n${settings}---\n${all.replace("kind:", "kid:")}` });
  expect(second.findings).toEqual(["render/no-kind error app/cm.yaml:6", expect.stringMatching(/duplicate/)]);
});

test.each<[string, Texts, string[], string[]]>([
  ["at its end", { "app/all.yaml": `${all}---\nspec: {}\n` }, ["render/no-kind error app/all.yaml:11"], []],
  [
    "at its beginning",
    { "app/cm.yaml": `foo: bar\n---\n${settings}---\n${evil}` },
    ["render/no-kind error app/cm.yaml:1"],
    ["CronJob"],
  ],
])("a stray document %s hides nothing", async (_, files, findings, more) => {
  const found = await told(files);
  expect(found).toMatchObject({ verdict: "findings", findings, removed: 0 });
  expect(found.kinds).toEqual(["ConfigMap", ...more, "Deployment", "Service"].sort());
});

test("a new file that is meant to hold objects is held to it", async () => {
  const secret = "kind: Secret\nmetadata: {name: s}\n";
  expect(await told({ "app/new.yaml": secret })).toMatchObject({
    findings: ["render/no-api-version error app/new.yaml:1"],
  });
  expect(await told({ "new/new.yaml": secret })).toMatchObject({
    findings: ["render/no-api-version error new/new.yaml:1"],
  });
  const half = await told({
    "app/new.yaml": `${evil}---\napiversion: v1\nknd: Secret\nmetadata: {name: s}\n`,
  });
  expect(half.findings).toEqual(["render/no-kind error app/new.yaml:5"]);
  expect(half.kinds).toContain("CronJob");
  const list = await told({ "app/new.json": '[{"apiVersion": "v1", "kind": "Secret"}]\n' });
  expect(list.findings).toEqual(["render/not-an-object error app/new.json:1"]);
});

test("a file in UTF-16 is an error, whether it has a byte order mark or none", async () => {
  for (const mark of ["\ufeff", ""]) {
    const found = await told({ "app/cm.yaml": Buffer.from(mark + settings, "utf16le") });
    expect(found).toMatchObject({ findings: ["render/binary error app/cm.yaml:1"], removed: 0 });
  }
});

test("a definition with a mistake is not removed", async () => {
  const crd =
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things.example.com\n";
  const found = await told(
    { "crd/x.yaml": crd.replace("apiVersion", "apiVerson") },
    { ...start, "crd/x.yaml": crd },
  );
  expect(found).toMatchObject({ findings: ["render/no-api-version error crd/x.yaml:1"], removed: 0 });
});

test("what was manifests and is something else now is no longer read, and not removed", async () => {
  const found = await told({ "app/cm.yaml": "settings: {a: 1}\n" });
  expect(found).toMatchObject({ findings: ["render/no-longer-read error app/cm.yaml:1"], removed: 0 });
  expect(found.messages[0]).toMatch(/^app\/cm.yaml is no longer looked at, but still there: .*no objects/);
  const template = await told({ "app/all.yaml": all.replace("replicas: 1", "replicas: {{ n }}") });
  expect(template.findings).toEqual(["render/no-longer-read error app/all.yaml:1"]);
  const tool = await told({ "app/all.yaml": `${all}---\napiVersion: kuttl.dev/v1beta1\nkind: TestStep\n` });
  expect(tool.findings).toEqual(["render/no-longer-read error app/all.yaml:1"]);
  const below = await told(
    { "a/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n" },
    { "a/app/all.yaml": all, ...start },
  );
  expect(below).toMatchObject({ findings: ["render/no-longer-read error a/app/all.yaml:1"], removed: 0 });
});

test("what is deleted, commented out or moved into a kustomization is not told", async () => {
  expect(await told({ "app/cm.yaml": undefined })).toMatchObject({ findings: [], removed: 1 });
  const comment = settings.replace(/^/gm, "# ");
  expect(await told({ "app/cm.yaml": comment })).toMatchObject({ findings: [], removed: 1 });
  const listed = await told({ "app/kustomization.yaml": "resources: [all.yaml, cm.yaml]\n" });
  expect(listed.findings).toEqual([]);
});

test("a new file among manifests that is none is named once", async () => {
  const found = await told({ "app/values.yaml": "replicas: 3\n" });
  expect(found.skipped).toEqual(["not-manifest app: values.yaml holds no objects of the Kubernetes API"]);
  const before = { ...start, "app/values.yaml": "replicas: 3\n" };
  expect((await told({ "app/cm.yaml": `${settings}data: {}\n` }, before)).skipped).toEqual([]);
});

test("an error of YAML stands at its line, and a directive breaks nothing", async () => {
  const broken = await told({ "app/cm.yaml": `${settings}data:\n  a: [\n` });
  expect(broken.findings).toEqual([expect.stringMatching(/^render\/syntax error app\/cm.yaml:[56]$/)]);
  const directive = await told({ "app/cm.yaml": `%YAML 1.1\n---\n${settings}` });
  expect(directive).toMatchObject({ findings: [], kinds: ["ConfigMap", "Deployment", "Service"] });
});

test("a description of a test takes nothing out of sight but what it names", async () => {
  const empty = await told({ "app/kyverno-test.yaml": "" });
  expect(empty).toMatchObject({ findings: [], removed: 0 });
  const naming = "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nresources: [cm.yaml, new.yaml]\n";
  const found = await told({ "app/kyverno-test.yaml": naming, "app/new.yaml": evil });
  expect(found).toMatchObject({ findings: ["render/no-longer-read error app/cm.yaml:1"], removed: 0 });
  expect(found.skipped).toEqual(["test-fixture app: cm.yaml, new.yaml are among the inputs of tests"]);
});
