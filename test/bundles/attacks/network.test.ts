// Class C: nothing is sent. A server on loopback counts who comes: Go's proxy settings, the second fence, do not hold
// there, so what a tool was let to ask for would arrive.
import { gzipSync } from "node:zlib";
import { pack as tarPack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Content,
  expectRefused,
  type Files,
  type Listener,
  listen,
  manifest,
  play,
  type Shown,
  strike,
} from "../stage.ts";

interface Attack {
  name: string;
  /** The kustomization of the overlay, or its other files too; HOST is the server. */
  files: string | Record<string, Content>;
  rule: string;
  /** Where the finding is, in the overlay's folder. */
  at?: string;
  line: number;
}

const kustomization = "kustomization.yaml";

const attacks: Attack[] = [
  { name: "a base over http", files: "resources:\n- http://HOST/base.yaml\n", rule: "remote-base", line: 2 },
  {
    name: "a base in a Git repository over http",
    files: "resources:\n- http://HOST/o/r.git//base?ref=v1\n",
    rule: "remote-base",
    line: 2,
  },
  {
    name: "a base behind git::",
    files: "resources:\n- git::http://HOST/o/r.git//base?ref=v1\n",
    rule: "remote-base",
    line: 2,
  },
  { name: "a base over ssh", files: "resources:\n- ssh://git@HOST/o/r.git\n", rule: "remote-base", line: 2 },
  {
    name: "a base as scp writes it",
    files: "resources:\n- git@127.0.0.1:o/r.git\n",
    rule: "remote-base",
    line: 2,
  },
  {
    name: "a base of GitHub without a scheme",
    files: "resources:\n- github.com/octo-org/bases//web\n",
    rule: "remote-base",
    line: 2,
  },
  {
    name: "a base that is the machine's own repository",
    files: "resources:\n- file:///etc/r.git//base\n",
    rule: "file-url",
    line: 2,
  },
  {
    name: "the metadata address",
    files: "resources:\n- http://169.254.169.254/latest/meta-data\n",
    rule: "remote-base",
    line: 2,
  },
  {
    name: "a component over http",
    files: "components:\n- http://HOST/o/r.git//component\n",
    rule: "remote-base",
    line: 2,
  },
  {
    name: "a base in the older field",
    files: "bases:\n- http://HOST/o/r.git//base\n",
    rule: "remote-base",
    line: 2,
  },
  {
    name: "a patch over http",
    files: "patches:\n- path: http://HOST/patch.yaml\n",
    rule: "remote-file",
    line: 2,
  },
  {
    name: "a strategic merge patch over http",
    files: "patchesStrategicMerge:\n- http://HOST/patch.yaml\n",
    rule: "remote-file",
    line: 2,
  },
  {
    name: "a JSON patch over http",
    files:
      "patchesJson6902:\n- path: http://HOST/patch.yaml\n  target: {kind: ConfigMap, name: x, version: v1}\n",
    rule: "remote-file",
    line: 2,
  },
  {
    name: "openapi over http",
    files: "openapi:\n  path: http://HOST/schema.json\n",
    rule: "remote-file",
    line: 2,
  },
  { name: "crds over http", files: "crds:\n- http://HOST/crd.json\n", rule: "remote-file", line: 2 },
  {
    name: "configurations over http",
    files: "configurations:\n- HTTP://HOST/c.yaml\n",
    rule: "remote-file",
    line: 2,
  },
  {
    name: "replacements over http",
    files: "replacements:\n- path: http://HOST/r.yaml\n",
    rule: "remote-file",
    line: 2,
  },
  {
    name: "a ConfigMap's file over http",
    files: "configMapGenerator:\n- name: c\n  files: [a=http://HOST/a]\n",
    rule: "remote-file",
    line: 3,
  },
  {
    name: "a Secret's env file over http",
    files: "secretGenerator:\n- name: c\n  envs: [http://HOST/a]\n",
    rule: "remote-file",
    line: 3,
  },
  {
    name: "a generator over http",
    files: "generators:\n- http://HOST/g.yaml\n",
    rule: "remote-base",
    line: 2,
  },
  {
    name: "a transformer over http",
    files: "transformers:\n- http://HOST/g.yaml\n",
    rule: "remote-base",
    line: 2,
  },
  {
    name: "a validator over http",
    files: "validators:\n- http://HOST/g.yaml\n",
    rule: "remote-base",
    line: 2,
  },
  {
    name: "a plugin's own path over http",
    files:
      "transformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: p}\n  path: http://HOST/p.yaml\n",
    rule: "remote-file",
    line: 2,
  },
  {
    name: "a chart from a repository",
    files: "helmCharts:\n- name: web\n  repo: http://HOST/charts\n  version: 1.0.0\n",
    rule: "remote-chart",
    line: 2,
  },
  {
    name: "a chart from a registry",
    files: "helmCharts:\n- name: web\n  repo: oci://HOST/charts\n  version: 1.0.0\n",
    rule: "remote-chart",
    line: 2,
  },
  {
    name: "a chart's values over http",
    files: {
      ...localChart("charts/web/"),
      [kustomization]: "helmCharts:\n- name: web\n  valuesFile: http://HOST/v.yaml\n",
    },
    rule: "remote-file",
    line: 3,
  },
  {
    name: "more values over http",
    files: {
      ...localChart("charts/web/"),
      [kustomization]: "helmCharts:\n- name: web\n  additionalValuesFiles: [http://HOST/v.yaml]\n",
    },
    rule: "remote-file",
    line: 3,
  },
  { name: "a merge key", files: "<<: {resources: [http://HOST/base.yaml]}\n", rule: "remote-base", line: 1 },
  {
    name: "an anchor",
    files: "namePrefix: &a http://HOST/base.yaml\nresources: [*a]\n",
    rule: "remote-base",
    line: 1,
  },
  {
    name: "a field in capitals",
    files: "RESOURCES:\n- http://HOST/base.yaml\n",
    rule: "remote-base",
    line: 2,
  },
  {
    name: "a field with letters that only fold to the right ones",
    files: "re\u017fources:\n- http://HOST/base.yaml\n",
    rule: "remote-base",
    line: 2,
  },
  {
    name: "a text in base64",
    files: `resources:\n- !!binary BASE64\n`,
    rule: "unreadable-kustomization",
    line: 2,
  },
  {
    name: "a line break of YAML 1.1 (U+2028) at the end of a comment",
    files: "resources: []\n# harmless\u2028patches: [{path: 'http://HOST/p.yaml'}]\n",
    rule: "unreadable-kustomization",
    line: 2,
  },
  {
    name: "a line break of YAML 1.1 (U+0085) at the end of a comment",
    files: "# harmless\u0085resources: ['http://HOST/base.yaml']\n",
    rule: "unreadable-kustomization",
    line: 1,
  },
  {
    name: "a carriage return by itself at the end of a comment",
    files: "# harmless\rresources: ['http://HOST/base.yaml']\n",
    rule: "unreadable-kustomization",
    line: 1,
  },
  {
    name: "a carriage return by itself in a block of text",
    files: "namePrefix: |\n  a\rresources: ['http://HOST/base.yaml']\n",
    rule: "unreadable-kustomization",
    line: 2,
  },
  {
    name: "a list of plugin configurations",
    files: {
      [kustomization]: "transformers: [list.yaml]\n",
      "list.yaml":
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: builtin, kind: PatchTransformer, metadata: {name: p}, path: 'http://HOST/p.yaml'}\n",
    },
    rule: "plugin",
    at: "list.yaml",
    line: 1,
  },
  {
    name: "a builtin plugin that does not look like one",
    files: {
      [kustomization]: "transformers: [p.yaml]\n",
      "p.yaml":
        "apiVersion: /builtin\nkind: PatchTransformer\nmetadata: {name: p}\npath: http://HOST/p.yaml\n",
    },
    rule: "plugin",
    at: "p.yaml",
    line: 1,
  },
  {
    name: "a kustomization in UTF-16",
    files: "UTF16resources:\n- http://HOST/base.yaml\n",
    rule: "unreadable-kustomization",
    line: 1,
  },
  {
    name: "YAML that only Go's parser takes",
    files: "resources: [\nhttp://HOST/base.yaml\n]\n",
    rule: "unreadable-kustomization",
    line: 2,
  },
  {
    name: "a plugin configuration that only Go's parser takes",
    files: {
      [kustomization]: "transformers: [patch.yaml]\n",
      "patch.yaml":
        "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: p}\n# harmless\u2028path: http://HOST/p.yaml\n",
    },
    rule: "unreadable-kustomization",
    at: "patch.yaml",
    line: 4,
  },
  {
    name: "a plugin configuration whose path is patched in",
    files: {
      [kustomization]: "transformers: [plugin]\n",
      "plugin/kustomization.yaml":
        "resources: [patch.yaml]\npatches:\n- target: {kind: PatchTransformer}\n  patch: |-\n    - {op: add, path: /path, value: 'http://HOST/p.yaml'}\n",
      "plugin/patch.yaml": "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: p}\n",
    },
    rule: "computed-plugin",
    at: "plugin/kustomization.yaml",
    line: 1,
  },
  {
    name: "a chart dependency from a repository",
    files: {
      ...localChart(),
      "Chart.yaml":
        "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- name: db\n  version: 1.0.0\n  repository: http://HOST/charts\n",
    },
    rule: "chart-dependency",
    at: "Chart.yaml",
    line: 5,
  },
  {
    name: "a chart dependency from a registry",
    files: {
      ...localChart(),
      "Chart.yaml":
        "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- name: db\n  version: 1.0.0\n  repository: oci://HOST/charts\n",
    },
    rule: "chart-dependency",
    at: "Chart.yaml",
    line: 5,
  },
  {
    name: "a values schema that refers to http",
    files: { ...localChart(), "values.schema.json": `{"$ref": "http://HOST/s.json"}\n` },
    rule: "remote-schema",
    at: "values.schema.json",
    line: 1,
  },
  {
    name: "a values schema that spells $ref with an escape",
    files: { ...localChart(), "values.schema.json": `{"\\u0024ref": "http://HOST/s.json"}\n` },
    rule: "remote-schema",
    at: "values.schema.json",
    line: 1,
  },
  {
    name: "a values schema indented with tabs",
    files: { ...localChart(), "values.schema.json": `{\n\t"$ref":\n\t"http://HOST/s.json"}\n` },
    rule: "remote-schema",
    at: "values.schema.json",
    line: 2,
  },
  {
    name: "a values schema that pretends to define what it refers to",
    files: {
      ...localChart(),
      "values.schema.json": `{"examples": [{"$id": "http://HOST/s.json"}],\n"$ref": "http://HOST/s.json"}\n`,
    },
    rule: "remote-schema",
    at: "values.schema.json",
    line: 2,
  },
  {
    name: "a values schema behind a link",
    files: {
      ...localChart(),
      "files/other.json": `{"$ref": "http://HOST/s.json"}\n`,
      "values.schema.json": { link: "files/other.json" },
    },
    rule: "remote-schema",
    at: "values.schema.json",
    line: 1,
  },
  {
    name: "a values schema of a part that is a link to a folder",
    files: {
      ...localChart(),
      ...localChart("parts/db/"),
      "parts/db/values.schema.json": `{"$ref": "http://HOST/s.json"}\n`,
      "charts/db": { link: "../parts/db" },
    },
    rule: "remote-schema",
    at: "parts/db/values.schema.json",
    line: 1,
  },
  {
    name: "a values schema in a packed chart",
    files: { ...localChart(), "charts/db-1.0.0.tgz": "PACKED" },
    rule: "remote-schema",
    at: "charts/db-1.0.0.tgz",
    line: 1,
  },
  {
    name: "a values schema in a chart packed in a packed chart",
    files: { ...localChart(), "charts/db-1.0.0.tgz": "TWICE PACKED" },
    rule: "remote-schema",
    at: "charts/db-1.0.0.tgz",
    line: 1,
  },
  {
    name: "a packed chart of a few kilobytes that unpacks to gigabytes",
    files: { ...localChart(), "charts/db-1.0.0.tgz": "BOMB" },
    rule: "unreadable-archive",
    at: "charts/db-1.0.0.tgz",
    line: 1,
  },
  {
    name: "a values schema that refers to a file of the machine",
    files: { ...localChart(), "values.schema.json": `{"$ref": "file:///etc/hosts"}\n` },
    rule: "schema-outside",
    at: "values.schema.json",
    line: 1,
  },
];

/** A chart with one ConfigMap. */
function localChart(prefix = ""): Record<string, Content> {
  return {
    [`${prefix}Chart.yaml`]: "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    [`${prefix}templates/settings.yaml`]: manifest("chart"),
    [`${prefix}values.yaml`]: "a: 1\n",
  };
}

/** A chart in a .tgz, or another one in its charts/. */
async function pack(files: Record<string, string | Buffer>): Promise<Buffer> {
  const tar = tarPack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

/** Fills in the address of the server, and the encodings. */
async function write(text: string): Promise<string | Uint8Array> {
  const host = `127.0.0.1:${server.port}`;
  const filled = text
    .replaceAll("HOST", host)
    .replaceAll("BASE64", Buffer.from(`http://${host}/base.yaml`).toString("base64"));
  if (text === "BOMB") return gzipSync(Buffer.alloc(300 * 1024 * 1024));
  if (text.endsWith("PACKED")) {
    const chart = localChart("db/") as Record<string, string>;
    const inner = await pack({ ...chart, "db/values.schema.json": `{"$ref": "http://${host}/s.json"}` });
    return text === "PACKED" ? inner : await pack({ ...chart, "db/charts/db-1.0.0.tgz": inner });
  }
  return filled.startsWith("UTF16") ? Buffer.from(`\ufeff${filled.slice(5)}`, "utf16le") : filled;
}

let server: Listener;
let shown: Shown;

beforeAll(async () => {
  server = await listen();
  const head: Files = {};
  for (const [index, { files }] of attacks.entries()) {
    for (const [path, text] of Object.entries(typeof files === "string" ? { [kustomization]: files } : files))
      head[`apps/evil-${index}/${path}`] = typeof text === "string" ? await write(text) : text;
  }
  shown = await play({ head });
});
afterAll(() => server.close());

describe("refused, with file and line, before any tool is started:", () => {
  test.each(attacks.map((attack, index) => [attack.name, attack, index] as const))(
    "%s",
    (_name, attack, index) => {
      const overlay = `apps/evil-${index}`;
      expectRefused(shown, overlay, attack.rule, {
        path: `${overlay}/${attack.at ?? kustomization}`,
        line: attack.line,
      });
    },
  );
});

test("no request was made, no connection opened, and no secret got out", async () => {
  expect(server.seen).toEqual([]);
  await strike(shown);
});
