// Class E: secret values appear in nothing that is published, whichever way they got into it. What a tool says about
// files that fail to render counts too: no rendered resource gives away what is secret in it.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findLeaks } from "../../runner/index.ts";
import {
  type Content,
  canary,
  expectGood,
  expectRefused,
  type Files,
  findingsOf,
  manifest,
  play,
  type Shown,
  setStage,
  strike,
} from "../stage.ts";

interface Case {
  name: string;
  /** SECRET is a value that nobody may see, BASE64 the same encoded. */
  files: string | Record<string, Content>;
  /** What the finding's rule is; undefined for what renders. */
  rule?: RegExp;
  at?: string;
  /** Of main, where the pull request changes something. */
  before?: Record<string, string>;
  /** What the finding says around the secret. */
  says?: RegExp;
}

const kustomization = "kustomization.yaml";
const secret = (data: string, kind = "stringData") =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n${kind}:\n  ${data}\n`;
const build = (text: string, files: Record<string, Content> = {}) => ({ [kustomization]: text, ...files });
const chart = (template: string, values = "password: SECRET\ndb:\n  connection: SECRET\n") => ({
  "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
  "values.yaml": values,
  "templates/all.yaml": template,
});
const usesConnection = secret("url: {{ .Values.db.connection | quote }}");

const failing: Case[] = [
  {
    name: "a literal of a secretGenerator without a key",
    files: build("secretGenerator:\n- name: db\n  literals:\n  - SECRET\n"),
    rule: /./,
    says: /«hidden/,
  },
  {
    name: "literals of a secretGenerator in one line",
    files: build("secretGenerator:\n- {name: db, literals: [password=SECRET, password=SECRET]}\n"),
    rule: /./,
  },
  {
    name: "a line of an env file without a key",
    files: build("secretGenerator:\n- name: db\n  envs: [db.env]\n", { "db.env": "A=1\n=SECRET\n" }),
  },
  {
    name: "a file of a secretGenerator whose key is no key",
    files: build("secretGenerator:\n- name: db\n  files: ['a b=pw.txt']\n", { "pw.txt": "SECRET" }),
  },
  {
    name: "a chart that fails with a password",
    files: chart('{{ fail (printf "bad password %s" .Values.password) }}\n'),
    rule: /template/,
    at: "templates/all.yaml",
    says: /bad password «hidden/,
  },
  {
    name: "a chart that fails with a password in base64",
    files: chart("{{ fail (b64enc .Values.password) }}\n"),
    rule: /template/,
    at: "templates/all.yaml",
    says: /«hidden/,
  },
  {
    name: "a chart that fails with all of its values in JSON",
    files: chart("{{ fail (toJson .Values) }}\n", 'password: "SECRET \\"quoted\\" <&>"\n'),
    rule: /template/,
    at: "templates/all.yaml",
    says: /«hidden/,
  },
  {
    name: "a chart that fails with a value only its Secret tells to be one",
    files: {
      ...chart("{{ fail .Values.db.connection }}\n", "db:\n  connection: SECRET\n"),
      "templates/secret.yaml": usesConnection,
    },
    rule: /template/,
    at: "templates/all.yaml",
    says: /«hidden/,
  },
  {
    name: "a chart that fails with two thousand characters before the password",
    files: chart('{{ fail (printf "%s %s" (repeat 1985 "x") .Values.password) }}\n'),
    rule: /template/,
    at: "templates/all.yaml",
  },
  {
    name: "a Secret's template with the password in it",
    files: chart(secret('password: {{ "SECRET" | b64dec | fail }}'), "a: 1\n"),
    rule: /template/,
    at: "templates/all.yaml",
  },
  {
    name: "a Secret's template that makes no YAML",
    files: chart(secret("password: 'SECRET' : ["), "a: 1\n"),
    rule: /invalid-output/,
    at: "templates/all.yaml",
  },
  {
    name: "a part's values, which the chart's Secret is made from",
    files: {
      ...chart("# none\n", "db:\n  db:\n    connection: SECRET\n"),
      "charts/db/Chart.yaml": "apiVersion: v2\nname: db\nversion: 1.0.0\n",
      "charts/db/templates/all.yaml": "{{ fail .Values.db.connection }}\n",
      "charts/db/templates/secret.yaml": usesConnection,
    },
    rule: /template/,
    at: "charts/db/templates/all.yaml",
    says: /«hidden/,
  },
  {
    name: "a patch of a Secret that is not there",
    files: build(
      `patches:\n- patch: |-\n    ${secret("password: SECRET").trimEnd().replaceAll("\n", "\n    ")}\n`,
    ),
    rule: /patch-target/,
  },
  {
    name: "a patch of a Secret that is no YAML",
    files: build(
      `patches:\n- patch: |-\n    ${secret("password: SECRET: {").trimEnd().replaceAll("\n", "\n    ")}\n`,
    ),
    rule: /./,
  },
  {
    name: "a JSON patch of a Secret that does not apply",
    files: build(
      "resources: [s.yaml]\npatches:\n- target: {kind: Secret}\n  patch: |-\n    - op: test\n      path: /data/password\n      value: BASE64\n",
      { "s.yaml": secret("password: b3RoZXItdmFsdWU=", "data") },
    ),
    rule: /./,
  },
  {
    name: "a JSON patch whose operation does not exist",
    files: build(
      "resources: [s.yaml]\npatches:\n- target: {kind: Secret}\n  patch: '[{op: steal, path: /stringData/password, value: SECRET}]'\n",
      { "s.yaml": secret("password: other-value") },
    ),
    rule: /./,
  },
  {
    name: "a Secret that is no YAML",
    files: build("resources: [s.yaml]\n", { "s.yaml": secret('password: "SECRET" "x"') }),
    rule: /./,
  },
  {
    name: "a Secret whose data is not base64",
    files: build("resources: [s.yaml]\nreplicas: [{name: no, count: 1}]\nnamePrefix: 'A B'\n", {
      "s.yaml": secret("password: {a: SECRET}", "data"),
    }),
  },
  {
    name: "two Secrets of one name",
    files: build("resources: [s.yaml, t.yaml]\n", {
      "s.yaml": secret("password: SECRET"),
      "t.yaml": secret("password: SECRET"),
    }),
    rule: /duplicate-id/,
  },
  {
    name: "an address with a token",
    files: build("resources:\n- https://x-access-token:SECRET@git.example.com/o/r.git//base?ref=v1\n"),
    rule: /remote-base/,
  },
  {
    name: "an address with a token that has an @ in it",
    files: build("resources:\n- https://user:p@SECRET@git.example.com/o/r.git//base?ref=v1\n"),
    rule: /remote-base/,
  },
  {
    name: "an address with a token in its query",
    files: build("resources:\n- https://git.example.com/o/r.git//base?access_token=SECRET&ref=v1\n"),
    rule: /remote-base/,
  },
  {
    name: "a chart repository with a password",
    files: build(
      "helmCharts:\n- {name: web, version: 1.0.0, repo: 'https://user:SECRET@charts.example.com'}\n",
    ),
    rule: /remote-chart/,
  },
  {
    name: "a chart dependency with a password",
    files: {
      ...chart("# none\n", "a: 1\n"),
      "Chart.yaml":
        "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: db, version: 1.0.0, repository: 'https://user:SECRET@charts.example.com'}\n",
    },
    rule: /chart-dependency/,
    at: "Chart.yaml",
  },
  {
    name: "a file with a token in its address",
    files: build("patches:\n- path: https://git.example.com/p.yaml?token=SECRET\n"),
    rule: /remote-file/,
  },
];

const rendering: Case[] = [
  { name: "stringData that is added", files: { "s.yaml": secret("password: SECRET") } },
  { name: "data that is added", files: { "s.yaml": secret("password: BASE64", "data") } },
  {
    name: "data that is changed",
    files: { "s.yaml": secret("password: BASE64", "data") },
    before: { "s.yaml": secret("password: T0xEU0VDUkVU", "data") },
  },
  {
    name: "what kubectl applied last",
    files: {
      "s.yaml": `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {"apiVersion":"v1","kind":"Secret","metadata":{"name":"db"},"stringData":{"password":"SECRET"}}\n`,
    },
  },
  {
    name: "a ConfigMap and an env value that say they are secret",
    files: {
      "s.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: db}\ndata:\n  DB_PASSWORD: SECRET\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: c, image: nginx, env: [{name: API_TOKEN, value: SECRET}]}\n`,
    },
  },
  {
    name: "the same value where nothing says that it is secret",
    files: {
      "s.yaml": `${secret("password: SECRET")}---\n${manifest("copy", "https://user:SECRET@db.example.com/")}---\n${manifest("encoded", "BASE64")}`,
    },
  },
  {
    name: "a Secret in a List",
    files: {
      "s.yaml": `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: db}\n  stringData: {password: SECRET}\n`,
    },
  },
  {
    name: "a literal of a secretGenerator",
    files: build("secretGenerator:\n- name: db\n  literals: [password=SECRET]\n"),
  },
  {
    name: "what SOPS leaves in the clear of a Secret",
    files: {
      "s.yaml": `${secret("password: ENC[AES256_GCM,data:aaaaaaaaaaaa,iv:b=,tag:c=,type:str]\n  plain_unencrypted: SECRET")}sops:\n  version: 3.9.0\n`,
    },
  },
  {
    name: "a Secret with a key that stands twice",
    files: { "s.yaml": secret("password: SECRET\n  password: SECRET") },
    rule: /duplicate-key|./,
  },
];

test("a fetch that fails from an allowed host does not give away the address's token", async () => {
  const value = canary("secret");
  const text = `resources:\n- https://x-access-token:${value}@git.invalid/o/r.git//base?ref=v1&token=${value}\n`;
  const shown = await play({
    head: { "apps/evil/kustomization.yaml": text },
    inputs: { "allow-remote-bases": "git.invalid" },
  });
  expectRefused(shown, "apps/evil", "remote", { path: "apps/evil/kustomization.yaml", line: 2 });
  expect(findLeaks({ secret: value }, [], { published: shown.published })).toEqual([]);
  await strike(shown);
});

test("ordinary values of Secrets are not hidden where they stand elsewhere", async () => {
  const text = secret('enabled: "true"\n  port: "5432"\n  host: localhost\n  user: postgres');
  const shown = await play({
    main: { "apps/web/s.yaml": text, "apps/web/c.yaml": manifest("c", "before") },
    head: {
      "apps/web/c.yaml": `${manifest("c", "true")}  port: "5432"\n  host: localhost\n  user: postgres\n`,
      "apps/bad/kustomization.yaml": "resources: [true-5432-localhost.yaml]\n",
      "apps/bad/s.yaml": text,
    },
  });
  expectGood(shown);
  for (const line of [
    "data.value: before → true",
    'data.port: "5432"',
    "data.host: localhost",
    "data.user: postgres",
  ])
    expect(shown.run.stdout).toContain(line);
  expect(findingsOf(shown, "apps/bad")[0]?.message).toContain("true-5432-localhost.yaml does not exist");
  await strike(shown);
});

let shown: Shown;
const secrets: Record<string, string> = {};

function fill(files: Case["files"], index: string, value: string): Files {
  const all = typeof files === "string" ? { [kustomization]: files } : files;
  const entries = Object.entries(all).map(([path, content]) => [
    `apps/${index}/${path.replaceAll("SECRET", value)}`,
    typeof content === "string"
      ? content.replaceAll("SECRET", value).replaceAll("BASE64", Buffer.from(value).toString("base64"))
      : content,
  ]);
  return Object.fromEntries(entries) as Files;
}

const overlayOf = (kind: string, index: number): string => `${kind}-${index}`;

beforeAll(async () => {
  const main: Files = {};
  const head: Files = {};
  for (const [kind, cases] of Object.entries({ failing, rendering })) {
    for (const [index, { name, files, before }] of cases.entries()) {
      secrets[name] = canary("secret");
      Object.assign(head, fill(files, overlayOf(kind, index), secrets[name]));
      if (before) Object.assign(main, fill(before, overlayOf(kind, index), canary("old")));
    }
  }
  const stage = setStage(main);
  shown = await play({ stage, head });
});
afterAll(() => shown && strike(shown));

/** Each text that is published, by where it is; and hashes that would let a secret be guessed. */
function expectHidden(value: string): void {
  expect(findLeaks({ secret: value }, [], { published: shown.published })).toEqual([]);
  for (const algorithm of ["sha256", "sha1", "md5"])
    expect(shown.published).not.toContain(createHash(algorithm).update(value).digest("hex"));
  // Not half of it either, where a message was cut.
  expect(shown.published).not.toContain(value.slice(0, 14));
  expect(shown.published).not.toContain(value.slice(-10));
}

describe("an overlay that fails does not give away", () => {
  test.each(failing.map((each, index) => [each.name, each, index] as const))("%s", (name, each, index) => {
    const overlay = `apps/${overlayOf("failing", index)}`;
    expectHidden(secrets[name]!);
    if (!each.rule) return;
    const found = findingsOf(shown, overlay);
    expect(found.map(({ rule }) => rule).join(), shown.run.stdout).toMatch(each.rule);
    if (each.says) expect(found.map(({ message }) => message).join()).toMatch(each.says);
    expectGood(shown);
  });
});

describe("a change does not give away", () => {
  test.each(rendering.map((each, index) => [each.name, index] as const))("%s", (name, index) => {
    expectHidden(secrets[name]!);
    const overlay = shown.index?.overlays.find(({ id }) => id === `apps/${overlayOf("rendering", index)}`);
    expect(overlay).toMatchObject({ status: "rendered" });
  });
});
