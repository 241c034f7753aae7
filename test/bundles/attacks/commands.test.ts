// Class A: nothing that a pull request brings acts on a shell, on Git, on the runner, on a terminal or in Markdown.
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { describe, expect, test } from "vitest";
import { git } from "../../e2e/fleet.ts";
import {
  commit,
  expectGood,
  findingsOf,
  goodFiles,
  manifest,
  play,
  pullRequest,
  type Shown,
  setStage,
  show,
  strike,
} from "../stage.ts";

const shell = [
  "$(touch STOLEN)",
  "`touch STOLEN`",
  "a; touch STOLEN;",
  '"; touch STOLEN; "',
  "a\ntouch STOLEN\n",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of workflows
  "${{ github.token }}",
  "--upload-pack=touch STOLEN",
  "ext::sh -c touch% STOLEN",
];

describe("a title, label and head branch that is", () => {
  test.each(shell)("%s runs nothing", async (text) => {
    const stage = setStage();
    const stolen = join(stage.root, "stolen");
    const filled = text.replaceAll("STOLEN", stolen);
    const head = commit(stage.workspace, "change", goodFiles("debug"), stage.main);
    git(stage.workspace, "checkout", "--quiet", "--detach", head);
    const shown = await show(stage, {
      eventName: "pull_request",
      event: pullRequest(stage, head, { headRef: filled, title: filled }),
      env: { GITHUB_HEAD_REF: filled },
    });
    expect(shown.run.exitCode, shown.run.stdout).toBe(0);
    expectGood(shown);
    expect(existsSync(stolen)).toBe(false);
    await strike(shown);
  });
});

describe("a base branch that is", () => {
  test.each(["--upload-pack=touch STOLEN", "-q", "a..b", "$(touch STOLEN)", "a\nb", "@{-1}"])(
    "%s is refused or not found",
    async (text) => {
      const stage = setStage();
      const stolen = join(stage.root, "stolen");
      const filled = text.replaceAll("STOLEN", stolen);
      const head = commit(stage.workspace, "change", goodFiles("debug"), stage.main);
      git(stage.workspace, "checkout", "--quiet", "--detach", head);
      git(stage.workspace, "remote", "add", "origin", `file://${stage.workspace}`);
      const event = pullRequest(stage, head, { baseRef: filled });
      const shown = await show(stage, { eventName: "pull_request", event });
      // What the event knows of the base, its commit, may do instead.
      expect([0, 2, 3], shown.run.stdout).toContain(shown.run.exitCode);
      expect(existsSync(stolen)).toBe(false);
      await strike(shown);
    },
  );
});

describe("an input with a line break or a dash in front is refused:", () => {
  test.each([
    ["base-ref", "--output=STOLEN"],
    ["base-ref", "main\n::error::x"],
    ["head-ref", "-o"],
    ["head-ref", "HEAD;touch STOLEN"],
    ["path", "-C"],
    ["path", "a\n::set-output name=directory::/etc"],
    ["kustomize-version", "5.8.2\n::error::x"],
    ["kustomize-build-args", "--enable-exec"],
    ["kustomize-build-args", "--helm-command=/bin/sh"],
    ["kustomize-build-args", "--output=STOLEN"],
    ["kustomize-build-args", "; touch STOLEN"],
    ["kube-version", "1.30.0\n--post-renderer=x"],
    ["tools-mirror", "https://a.example\n::error::x"],
  ])("%s: %s", async (input, value) => {
    const stage = setStage();
    const stolen = join(stage.root, "stolen");
    const shown = await show(stage, { inputs: { [input]: value.replaceAll("STOLEN", stolen) } });
    expect(shown.run.exitCode, shown.run.stdout).toBe(2);
    expect(shown.run.annotations.map(({ data }) => data).join()).toContain(input);
    expect(existsSync(stolen)).toBe(false);
    await strike(shown);
  });
});

/** Texts that act on the runner when they are printed as they are. */
const orders = [
  "::set-output name=directory::/etc",
  "::stop-commands::known",
  "::add-mask::e",
  "::add-matcher::/tmp/m.json",
  "::error file=README.md,line=1::forged",
  "::set-env name=PATH::/tmp",
  "::add-path::/tmp",
  "::save-state name=x::y",
  "##[set-output name=directory]/etc",
  "x ##[error]forged",
  "##[add-mask]e",
  "\u0085::error::forged",
  "\u2028::error::forged",
  "\t ::error::forged",
  "%0A::error::forged",
  "\r::error::forged",
];

/** Fails when the log shows anything but what we say, or an output is not ours. */
function expectUnmoved({ run }: Shown): void {
  for (const { command, data, properties } of run.commands) {
    expect(["error", "warning", "notice", "add-mask"]).toContain(command);
    if (command !== "add-mask")
      expect(properties.title, data).toMatch(/^(render|fleet)\/|^render-overlays: /);
  }
  expect(run.outputs.directory).toMatch(/^\//);
  expect(Object.keys(run.outputs).sort()).toEqual([
    "changed",
    "directory",
    "has-changes",
    "index",
    "junit",
    "report",
    "sarif",
  ]);
}

test("orders to the runner in names and values of manifests are only text", async () => {
  const quoted = (text: string) =>
    JSON.stringify(text).replace(
      /[\u0085\u2028]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  const documents = orders.map(
    (text, index) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${quoted(text)}\n  namespace: ${quoted(`n${index}\n${text}`)}\ndata:\n  ${quoted(`k\n${text}`)}: ${quoted(`v\n${text}`)}\n`,
  );
  const shown = await play({
    head: { "apps/evil/a.yaml": documents.join("---\n"), "apps/evil/b.yaml": manifest("b") },
  });
  expectGood(shown);
  expectUnmoved(shown);
  await strike(shown);
});

test("orders to the runner in the names of folders and files are only text", async () => {
  const head = Object.fromEntries(
    orders.flatMap((text, index) => [
      [`apps/${text.replaceAll("/", "_")}/kustomization.yaml`, "resources: [missing.yaml]\n"],
      [`apps/name-${index}/kustomization.yaml`, `resources: [${JSON.stringify(`missing\n${text}`)}]\n`],
    ]),
  );
  const shown = await play({ head });
  expect(shown.run.exitCode).toBe(1);
  expectGood(shown);
  expectUnmoved(shown);
  // Every annotation is about the file it names, whatever is in the name.
  for (const { properties } of shown.run.annotations)
    if (properties.file) expect(properties.file).toMatch(/^apps\//);
  await strike(shown);
});

test("orders to the runner in what Helm and kustomize say are only text", async () => {
  const chart = (text: string) => `{{ fail ${JSON.stringify(`first\n${text}\nlast`)} }}\n`;
  const head = Object.fromEntries(
    orders.flatMap((text, index) => [
      [`apps/chart-${index}/Chart.yaml`, "apiVersion: v2\nname: web\nversion: 1.0.0\n"],
      [`apps/chart-${index}/templates/a.yaml`, chart(text)],
      [
        `apps/build-${index}/kustomization.yaml`,
        `secretGenerator:\n- name: x\n  literals: [${JSON.stringify(`a\n${text}`)}]\n`,
      ],
    ]),
  );
  const shown = await play({ head });
  expect(shown.run.exitCode).toBe(1);
  expectGood(shown);
  expect(findingsOf(shown, "apps/chart-0")[0]?.message).toContain("first\n");
  expectUnmoved(shown);
  await strike(shown);
});

test("orders to the runner in a chart's notes and warnings, and in a tool's own output, are only text", async () => {
  const stage = setStage();
  const tool = join(stage.root, "kustomize");
  const lines = orders.map((text) => `# Warning: x ${text}\n${text}`).join("\n");
  // A tool that talks: on both streams, while it succeeds.
  writeFileSync(
    tool,
    `#!/bin/sh\ncase "$1" in version) echo v5.8.2; exit;; esac\ncat >&2 <<'END'\n${lines}\nEND\ncat <<'END'\n${manifest("a")}END\n`,
  );
  chmodSync(tool, 0o755);
  const shown = await play({
    stage,
    inputs: { "kustomize-path": tool },
    head: {
      "apps/chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
      "apps/chart/templates/a.yaml": manifest("a"),
      "apps/chart/templates/NOTES.txt": `${orders.join("\n")}\n`,
    },
  });
  expect(shown.run.exitCode, shown.run.stdout + shown.run.stderr).toBe(0);
  expect(shown.report?.notes.join("\n")).toContain("apps/good: x ::set-output name=directory::/etc");
  expectUnmoved(shown);
  await strike(shown);
});

test("a guessed end of a multi-line output cannot end it: outputs are on one line, and their ends are random", async () => {
  const shown = await play({
    head: {
      "apps/x\nghadelimiter_known\nreport=forged/a.yaml": manifest("a"),
      "apps/ghadelimiter/a.yaml": manifest("a"),
    },
  });
  expect(shown.run.exitCode, shown.run.stdout).toBe(0);
  expect(JSON.parse(shown.run.outputs.changed!)).toContain("apps/x\nghadelimiter_known\nreport=forged");
  expect(shown.run.outputs.report).toMatch(/report\.json$/);
  expectUnmoved(shown);
  await strike(shown);
});

/** Markdown that would break out of what it stands in. */
const marks = [
  "```\n# forged heading\n",
  "`````` ``` `x`",
  "@octo-org/admins",
  "</details></details>\n<h1>forged</h1>",
  "<img src=https://beacon.example/x.png>",
  "![x](https://beacon.example/x.png)",
  "[click](https://beacon.example)",
  "<!-- gitops-actions:render-overlays -->",
  "| a | b |\n|---|---|\n| forged | row |",
  "#1 GH-1 octo-org/octo-repo#1",
  "https://beacon.example/www",
  "<script>alert(1)</script>",
  "$\\unicode{x}$ **bold** _it_ ~~s~~",
  "\u202egnp.exe",
];

test("Markdown in names, values and messages shows as text in the summary", async () => {
  const documents = marks.map(
    (text, index) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${JSON.stringify(`${index} ${text}`)}\ndata:\n  ${JSON.stringify(text)}: ${JSON.stringify(text)}\n`,
  );
  const charts = Object.fromEntries(
    marks.flatMap((text, index) => [
      [`apps/chart-${index}/Chart.yaml`, "apiVersion: v2\nname: web\nversion: 1.0.0\n"],
      [`apps/chart-${index}/templates/a.yaml`, `{{ fail ${JSON.stringify(text)} }}\n`],
      [`apps/${text.replaceAll("/", "_")}/a.yaml`, manifest("a")],
    ]),
  );
  const shown = await play({ head: { "apps/evil/a.yaml": documents.join("---\n"), ...charts } });
  expectGood(shown);
  const { summary } = shown.run;
  expect(summary).toContain("forged");
  const html = micromark(summary, {
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
    allowDangerousHtml: true,
  });
  const text = html.replace(/<(code|pre)\b[^>]*>[\s\S]*?<\/\1>/g, "");
  expect(html).not.toMatch(/<(img|script|h1)\b/i);
  expect(
    [...html.matchAll(/<a href="([^"]*)"/g)]
      .map(([, href]) => href)
      .filter((href) => !href!.startsWith("https://github.com/octo-org/octo-repo/blob/")),
  ).toEqual([]);
  // Outside of code, GitHub would notify whom an @ names, and link what a # or an address names.
  expect(text.replace(/&#8203;/g, "\u200b")).not.toMatch(/@octo-org|#1\b(?!;)|https:\/\/beacon/);
  expect(summary).not.toContain("<!-- gitops-actions");
  expect(html.match(/<details>/g)?.length ?? 0).toBe(html.match(/<\/details>/g)?.length ?? 0);
  expect(summary).not.toContain("\u202e");
  expectUnmoved(shown);
  await strike(shown);
});

test("a tool gets neither a token nor an input of the job in its environment", async () => {
  const stage = setStage();
  const tool = join(stage.root, "kustomize");
  const dump = join(stage.root, "environment");
  writeFileSync(
    tool,
    `#!/bin/sh\ncase "$1" in version) echo v5.8.2; exit;; esac\nenv >> '${dump}'\nls -l /proc/self/fd >> '${dump}'\ncat <<'END'\n${manifest("a")}END\n`,
  );
  chmodSync(tool, 0o755);
  const shown = await play({
    stage,
    inputs: { "kustomize-path": tool, "allow-remote-bases": "example.com" },
    env: { HTTPS_PROXY: "http://proxy.example:3128", KUBECONFIG: "/home/runner/.kube/config" },
  });
  expect(shown.run.exitCode, shown.run.stdout + shown.run.stderr).toBe(0);
  const seen = readFileSync(dump, "utf8");
  expect(seen).toMatch(/^PATH=/m);
  for (const value of [...Object.values(shown.stage.canaries), ...Object.values(shown.run.canaries)])
    expect(seen).not.toContain(value);
  expect(seen).not.toMatch(/^(INPUT_|ACTIONS_|GITHUB_|RUNNER_|AWS_|NPM_)/m);
  expect(seen).not.toContain("/home/runner/.kube");
  expect(seen).toMatch(/^https_proxy=http:\/\/127\.0\.0\.1:9$/m);
  await strike(shown);
});
