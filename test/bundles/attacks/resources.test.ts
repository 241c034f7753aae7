// Class D: memory, time and output are bounded, for each overlay by itself.
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findTool } from "../../setup/tools.ts";
import {
  type Content,
  expectGone,
  expectGood,
  type Files,
  findingsOf,
  manifest,
  play,
  type Shown,
  setStage,
  strike,
} from "../stage.ts";

const limits = { "memory-limit": "256", "time-limit": "5" };

interface Attack {
  name: string;
  files: Record<string, Content>;
  rule: RegExp;
  at?: string;
}

const chart = (template: string, values = "a: 1\n") => ({
  "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
  "values.yaml": values,
  "templates/all.yaml": template,
});
const build = (text: string) => ({ "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": text });
/** Nine lists of nine of the one before it: a billion strings. */
const bomb = (fields: string) =>
  `${fields}a0: &a0 [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n${Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(",")}]`).join("\n")}\n`;
const head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: evil}\n";
const deep = (depth: number) => `${head}data: ${"[".repeat(depth)}${"]".repeat(depth)}\n`;
const wide = (keys: number) =>
  `${head}data:\n${Array.from({ length: keys }, (_, n) => `  k${n}: v`).join("\n")}\n`;

const attacks: Attack[] = [
  {
    name: "aliases of aliases in a resource",
    files: build(bomb(head)),
    rule: /memory|deadline|alias|invalid|failed/,
  },
  {
    name: "aliases of aliases in a kustomization",
    files: { "kustomization.yaml": bomb("resources: []\n") },
    rule: /memory|deadline|unreadable|invalid|failed/,
  },
  {
    name: "aliases of aliases in values",
    files: chart(`${head}data: {a: {{ toJson .Values | quote }}}\n`, bomb("")),
    rule: /memory|deadline|alias|invalid|failed/,
  },
  { name: "a resource nested ten thousand deep", files: build(deep(10_000)), rule: /./ },
  {
    name: "a kustomization nested ten thousand deep",
    files: { "kustomization.yaml": `resources: ${"[".repeat(10_000)}${"]".repeat(10_000)}\n` },
    rule: /unreadable/,
  },
  {
    name: "values nested ten thousand deep",
    files: chart(
      `${head}data: {a: {{ toJson .Values | quote }}}\n`,
      `a: ${"[".repeat(10_000)}${"]".repeat(10_000)}\n`,
    ),
    rule: /./,
  },
  {
    name: "a range over two hundred million numbers",
    files: chart("{{ range until 200000000 }}{{ . }}{{ end }}\n"),
    rule: /memory|deadline/,
  },
  {
    name: "a text of a gigabyte",
    files: chart(`{{ repeat 1000000000 "x" }}\n`),
    rule: /memory|deadline|output/,
  },
  {
    name: "a template that includes itself for ever",
    files: chart(`{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}\n`),
    rule: /template|memory|deadline|failed/,
  },
  {
    name: "a hundred megabytes of output",
    files: chart(
      `${head}data:\n{{- range until 100000 }}\n  k{{ . }}: "{{ repeat 1000 "x" }}"\n{{- end }}\n`,
    ),
    rule: /memory|deadline|output/,
  },
  {
    name: "a message of a hundred thousand places",
    files: chart(`{{ fail (repeat 100000 "a:1:1: template: b:1:1: ' 'at <\\n") }}\n`),
    rule: /template|failed/,
  },
  { name: "a resource with a NUL", files: build(`${manifest("a")}\0\n`), rule: /binary/ },
  {
    name: "a resource in UTF-16 without a byte order mark",
    files: { ...build(""), "a.yaml": Buffer.from(manifest("a"), "utf16le") },
    rule: /binary/,
  },
];

let shown: Shown;

beforeAll(async () => {
  const head: Files = {};
  for (const [index, { files }] of attacks.entries())
    for (const [path, content] of Object.entries(files)) head[`apps/evil-${index}/${path}`] = content;
  shown = await play({ head, inputs: limits, timeoutMs: 110_000 });
});
afterAll(() => shown && strike(shown));

describe("contained, with a finding that says so:", () => {
  test.each(attacks.map((attack, index) => [attack.name, attack.rule, index] as const))(
    "%s",
    (_name, rule, index) => {
      const overlay = `apps/evil-${index}`;
      const findings = findingsOf(shown, overlay);
      expect(findings.map((each) => each.rule).join(), shown.run.stdout).toMatch(rule);
      for (const { message } of findings) expect(message.length).toBeLessThan(3000);
      expect(shown.index?.overlays.find(({ id }) => id === overlay)?.status).toMatch(/failed|rejected/);
      expectGood(shown);
    },
  );
});

describe("taken as what it is:", () => {
  test("ten thousand documents, a map of forty thousand keys, BOM and UTF-16", async () => {
    const many = Array.from({ length: 10_000 }, (_, n) => manifest(`m${n}`)).join("---\n");
    const shown = await play({
      head: {
        "apps/many/a.yaml": many,
        "apps/wide/a.yaml": wide(40_000),
        "apps/built/kustomization.yaml": "resources: [a.yaml]\n",
        "apps/built/a.yaml": wide(5_000),
        "apps/bom/kustomization.yaml": "\ufeffresources: [a.yaml]\n",
        "apps/bom/a.yaml": `\ufeff${manifest("bom")}`,
      },
      timeoutMs: 110_000,
    });
    expect(shown.run.exitCode, shown.run.stdout.slice(-3000)).toBe(0);
    expectGood(shown);
    const count = (id: string) =>
      shown.index?.overlays.find((overlay) => overlay.id === id)?.head?.resources.length;
    expect(count("apps/many")).toBe(10_000);
    expect(count("apps/wide")).toBe(1);
    expect(count("apps/built")).toBe(1);
    expect(count("apps/bom")).toBe(1);
    // GitHub drops a larger summary whole.
    expect(Buffer.byteLength(shown.run.summary)).toBeGreaterThan(100);
    await strike(shown);
  });

  test.each([
    ["aliases of aliases", bomb(head), /alias/],
    [
      "more documents than anybody reviews",
      "apiVersion: v1\nkind: A\n---\n".repeat(20_001),
      /more than 20,000 documents/,
    ],
    ["a document nested ten thousand deep", deep(10_000), /./],
    ["a NUL", `${manifest("a")}\0\n`, /./],
    [
      "a byte that is no UTF-8",
      Buffer.concat([Buffer.from(manifest("a")), Buffer.from([0x23, 0xff, 0xfe, 0x0a])]),
      /./,
    ],
  ])("a plain manifest with %s", async (_name, text, message) => {
    const shown = await play({
      head: { "apps/evil/a.yaml": text, "apps/evil/b.yaml": manifest("b") },
      inputs: limits,
    });
    expect([0, 1], shown.run.stdout + shown.run.stderr).toContain(shown.run.exitCode);
    expectGood(shown);
    if (shown.run.exitCode === 1)
      expect(
        findingsOf(shown, "apps/evil")
          .map((each) => each.message)
          .join(),
      ).toMatch(message);
    await strike(shown);
  });
});

test("kustomizations in a circle are listed as not rendered", async () => {
  const shown = await play({
    head: {
      "apps/a/kustomization.yaml": "resources: [../b]\n",
      "apps/b/kustomization.yaml": "resources: [../a]\n",
    },
  });
  expectGood(shown);
  const skipped = shown.report?.skipped.map(({ id, message }) => `${id}: ${message}`).join("\n");
  expect(skipped).toMatch(/apps\/a: .*circle/);
  expect(skipped).toMatch(/apps\/b: .*circle/);
  await strike(shown);
});

test.each([
  ["overlays: ['apps/*a*a*a*a*a*a*a*a*a*a*a*b']\n", 1],
  ["ignore: ['+(+(+(a|aa)+)+)b']\n", undefined],
  ["environments:\n- {name: dev, paths: ['**/**/**/**/**/**/**/x']}\n", 2],
])("a pattern in gitops.yaml that would take for ever is refused or harmless: %j", async (text, line) => {
  const shown = await play({
    head: { "gitops.yaml": text, [`apps/${"a".repeat(200)}/a.yaml`]: manifest("a") },
    timeoutMs: 30_000,
  });
  if (line === undefined) expectGood(shown);
  else {
    expect(shown.run.exitCode).toBe(2);
    expect(shown.run.annotations.map(({ data }) => data).join()).toContain(`gitops.yaml:${line}`);
  }
  await strike(shown);
});

test("a tool that hangs with a grandchild that holds its output is ended with it", async () => {
  const stage = setStage();
  const tool = join(stage.root, "kustomize");
  const real = await findTool("kustomize");
  writeFileSync(
    tool,
    `#!/bin/sh\nfor last; do :; done\ncase "$last" in apps/hang) sh -c 'echo $$ > ${stage.root}/pid; exec sleep 300' & sleep 300;; esac\nexec '${real}' "$@"\n`,
  );
  chmodSync(tool, 0o755);
  const shown = await play({
    stage,
    inputs: { "kustomize-path": tool, "time-limit": "3" },
    head: { "apps/hang/kustomization.yaml": "resources: [a.yaml]\n", "apps/hang/a.yaml": manifest("a") },
  });
  expect(shown.run.exitCode).toBe(1);
  expect(findingsOf(shown, "apps/hang")[0]).toMatchObject({
    rule: "render/deadline",
    message: expect.stringContaining("time-limit"),
  });
  expectGood(shown);
  const pid = Number(readFileSync(join(stage.root, "pid"), "utf8"));
  await expectGone(pid);
  await strike(shown);
});
