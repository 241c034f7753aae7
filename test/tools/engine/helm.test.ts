import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RenderJob, renderAll, renderLimits } from "@gitops-actions/engine";
import { describe, expect, test } from "vitest";
import { helmArguments } from "../../../packages/engine/src/helm.ts";
import { makeMachine, script, write } from "./machine.ts";
import { job, realTools, render, text } from "./renders.ts";

const metadata = "apiVersion: v2\nname: web\nversion: 0.1.0\n";
const map =
  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}\ndata: {a: {{ .Values.a | quote }}}\n";
const charts = (files: Record<string, string>): Record<string, string> => ({
  "charts/site/Chart.yaml": metadata,
  "charts/site/values.yaml": "a: 1\n",
  ...Object.fromEntries(Object.entries(files).map(([path, content]) => [`charts/site/${path}`, content])),
});
const template = (content: string): Record<string, string> => charts({ "templates/a.yaml": content });
const site = { path: "charts/site", kind: "helm" as const };

describe("renders", () => {
  test("gives exactly what helm template prints", async () => {
    expect(text(await render(template(map), site))).toBe(
      '---\n# Source: web/templates/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: site, namespace: default}\ndata: {a: "1"}\n',
    );
  });

  test("with release name, namespace, values in order, Kubernetes and API versions, CRDs", async () => {
    const all =
      '{{ .Release.Name }}/{{ .Release.Namespace }}/{{ .Values.a }}/{{ .Values.b }}/{{ .Capabilities.KubeVersion.Version }}/{{ .Capabilities.APIVersions.Has "example.com/v1" }}/{{ .Capabilities.APIVersions.Has "example.com/v2/Thing" }}';
    const files = {
      ...template(`a: ${all}\n`),
      "charts/site/crds/c.yaml": "kind: CustomResourceDefinition\n",
      "env/one.yaml": "a: one\nb: one\n",
      "env/two, 3.yaml": "a: two\n",
    };
    const options = {
      releaseName: "shop",
      values: ["env/one.yaml", "env/two, 3.yaml"],
      kubeVersion: "1.33.0",
      apiVersions: ["example.com/v1", "example.com/v2/Thing"],
      includeCrds: true,
    };
    const result = text(await render(files, { ...site, options, namespace: "prod" }));
    expect(result).toContain("a: shop/prod/two/one/v1.33.0/true/true\n");
    expect(result).toContain("kind: CustomResourceDefinition\n");
    expect(text(await render(files, site))).not.toContain("CustomResourceDefinition");
  });

  test("with files and names that look like something else", async () => {
    const files = { ...template("a: {{ .Values.a }}\n"), "-": "a: dash\n", '"q".yaml': "a: quoted\n" };
    expect(text(await render(files, { ...site, options: { values: ["-"] } }))).toContain("a: dash");
    expect(text(await render(files, { ...site, options: { values: ['"q".yaml'] } }))).toContain("a: quoted");
    const named = await render(template(map), {
      ...site,
      options: { releaseName: "--post-renderer=/bin/sh" },
    });
    expect(named).toMatchObject({ status: "failed", code: "release-name" });
  });

  test("warnings are told apart from the output", async () => {
    const files = { ...template("a: {{ .Values.a }}\n"), "v.yaml": "a:\n  b: 1\n" };
    const result = await render(files, { ...site, options: { values: ["v.yaml"] } });
    expect(result).toMatchObject({ status: "rendered", warnings: ["skipped value for web.a: Not a table."] });
  });

  test("the tool sees nothing of the job's environment, nor does a chart", async () => {
    const machine = makeMachine({
      GITHUB_TOKEN: "canary-5e1f",
      INPUT_TOKEN: "canary-5e1f",
      HELM_PLUGINS: "/canary-5e1f",
    });
    write(join(machine.folder, "repo"), template('e: {{ env "GITHUB_TOKEN" }}\n'));
    const environ = {
      ...charts({}),
      "charts/site/templates/a.yaml": 'a: {{ .Files.Get "environ" | quote }}\n',
    };
    write(join(machine.folder, "repo"), environ);
    symlinkSync("/proc/self/environ", join(machine.folder, "repo/charts/site/environ"));
    const settings = { ...(await realTools(machine)), kustomizeBuildArgs: [], ...renderLimits };
    for await (const result of renderAll([job(machine, site)], settings, machine)) {
      expect(text(result)).toContain("HELM_CONFIG_HOME=");
      expect(text(result)).not.toContain("canary");
    }
  });
});

/** Everything here is what Helm 4.3.0 really does. */
const failures: [string, Record<string, string>, string, string | RegExp, string?][] = [
  [
    "a value that is missing",
    template("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.x.y }}\n"),
    "template",
    "charts/site/templates/a.yaml:4: nil pointer evaluating interface {}.y (at <.Values.x.y>)",
    "charts/site/templates/a.yaml:4",
  ],
  [
    "a value that is missing in a helper",
    charts({
      "templates/_h.tpl": '\n{{ define "x" }}{{ .Values.q.z }}{{ end }}',
      "templates/a.yaml": 'a: {{ include "x" . }}\n',
    }),
    "template",
    "charts/site/templates/_h.tpl:2: nil pointer evaluating interface {}.z (at <.Values.q.z>)",
    "charts/site/templates/_h.tpl:2",
  ],
  [
    "a helper that is missing",
    template('kind: {{ include "nope" . }}\n'),
    "template",
    /^charts\/site\/templates\/a\.yaml:1: .*no template "nope"/,
    "charts/site/templates/a.yaml:1",
  ],
  [
    "an argument of the wrong type",
    template('a: {{ .Values.a | toYaml | nindent "x" }}\n'),
    "template",
    /expected integer; found "x"/,
    "charts/site/templates/a.yaml:1",
  ],
  [
    "a template that does not parse",
    template("a\nkind: {{ .Values.x \n"),
    "template",
    /unclosed action/,
    "charts/site/templates/a.yaml:3",
  ],
  [
    "required",
    template('a: {{ required "x is required" .Values.x }}\n'),
    "template",
    "charts/site/templates/a.yaml:1: x is required",
    "charts/site/templates/a.yaml:1",
  ],
  [
    "fail",
    template('\na: {{ fail "no way" }}\n'),
    "template",
    "charts/site/templates/a.yaml:2: no way",
    "charts/site/templates/a.yaml:2",
  ],
  [
    "a template that makes no YAML",
    template("a: b\n c: d\n"),
    "invalid-output",
    "charts/site/templates/a.yaml: what the template makes is not YAML: yaml: line 2: mapping values are not allowed in this context",
    "charts/site/templates/a.yaml:1",
  ],
  [
    "values that are not YAML",
    { ...template("a: b\n"), "v.yaml": "a: 1\nb: [1\n" },
    "invalid-yaml",
    /^v\.yaml:\d: yaml: line \d: did not find expected ',' or ']'/,
    "v.yaml:2",
  ],
  [
    "values against the schema",
    charts({ "values.schema.json": '{"type":"object","properties":{"a":{"type":"string"}}}' }),
    "values-schema",
    /at '\/a': got number, want string/,
    "charts/site/values.yaml:1",
  ],
  [
    "a dependency that is not in the repository",
    charts({
      "Chart.yaml": `${metadata}dependencies:\n- {name: zed, version: 1.0.0, repository: "https://x.invalid"}\n`,
    }),
    "missing-dependency",
    /not in its charts\/ folder: zed\. .*helm dependency build/,
    "charts/site/Chart.yaml:5",
  ],
  [
    "a version that is none",
    charts({ "Chart.yaml": "apiVersion: v2\nname: web\nversion: zz\n" }),
    "invalid-chart",
    /chart\.metadata\.version "zz" is invalid/,
    "charts/site/Chart.yaml:1",
  ],
  [
    "a Chart.yaml that is not YAML",
    charts({ "Chart.yaml": "apiVersion: v2\nname: [web\n" }),
    "invalid-chart",
    /did not find expected/,
    "charts/site/Chart.yaml:2",
  ],
  [
    "a Kubernetes version that the chart refuses",
    charts({ "Chart.yaml": `${metadata}kubeVersion: ">=9"\n` }),
    "kube-version",
    /requires kubeVersion: >=9/,
    "charts/site/Chart.yaml:4",
  ],
  [
    "a chart without Chart.yaml",
    { "charts/site/values.yaml": "" },
    "invalid-chart",
    /charts\/site\/Chart\.yaml/,
  ],
];

describe("says what a person needs when Helm fails", () => {
  test.each(failures)("%s", async (_, files, code, message, place) => {
    const values = files["v.yaml"] ? ["v.yaml"] : [];
    const result = await render(files, { ...site, options: { values } });
    expect(result).toMatchObject({ status: "failed", code });
    if (result.status !== "failed") return;
    if (typeof message === "string") expect(result.message).toBe(message);
    else expect(result.message).toMatch(message);
    expect(result.message).not.toContain("/repo");
    expect(result.location && `${result.location.path}:${result.location.line}`).toBe(place);
  });

  test("a values file that is missing, a chart that is missing", async () => {
    expect(await render(template("a: b\n"), { ...site, options: { values: ["nope.yaml"] } })).toMatchObject({
      code: "missing-file",
      message: "nope.yaml does not exist.",
    });
    expect(text(await render(template("a: b\n"), { ...site, path: "charts/none" }))).toMatch(/charts\/none/);
  });

  test("a chart that makes 200 million lines is stopped at the memory cap, and the message says how to raise it", async () => {
    const result = await render(template("{{ range until 200000000 }}x{{ end }}\n"), site, {
      maxMemoryBytes: 400 * 1024 * 1024,
    });
    expect(result).toMatchObject({
      status: "failed",
      code: "memory",
      message: "helm used more than 400 MiB of memory and was stopped. Raise memory-limit if it needs more.",
    });
  });
});

describe("helmArguments", () => {
  const overlay = (path: string): RenderJob =>
    job({ folder: "/f" } as ReturnType<typeof makeMachine>, { path, kind: "helm" });

  test("the release is called like the folder; the chart can only be a folder", () => {
    expect(helmArguments(overlay("apps/web"))).toEqual(["template", "--", "web", "./apps/web"]);
    expect(helmArguments(overlay("."))).toEqual(["template", "--", "release-name", "./."]);
    expect(helmArguments(overlay("-x"))).toEqual(["template", "--", "-x", "./-x"]);
  });
});

describe("limits", () => {
  test("a tool that hangs is stopped, and the message says after how long", async () => {
    const machine = makeMachine();
    const path = script(join(machine.folder, "slow"), "");
    writeFileSync(path, "#!/bin/sh\nsleep 60\n");
    const helm = { name: "helm" as const, version: "4.3.0", path, source: "given" as const, sha256: "" };
    const result = await render(template("a: b\n"), site, { helm, deadlineMs: 500 });
    expect(result).toMatchObject({
      status: "failed",
      code: "deadline",
      message: "helm did not finish within 0.5 s and was stopped. Raise time-limit if it needs longer.",
    });
  });

  test("output over the cap is a failure", async () => {
    const result = await render(
      template("{{ range until 100000 }}# some text in each of many lines\n{{ end }}a: b\n"),
      site,
      { maxOutputBytes: 1024 * 1024 },
    );
    expect(result).toMatchObject({
      status: "failed",
      code: "output",
      message: expect.stringMatching(/printed more than 1 MiB/),
    });
  });

  test("a tool that the system kills is a failure, a tool that cannot be started an error", async () => {
    const machine = makeMachine();
    const path = script(join(machine.folder, "dying"), "");
    writeFileSync(path, "#!/bin/sh\nkill -9 $$\n");
    const helm = { name: "helm" as const, version: "4.3.0", path, source: "given" as const, sha256: "" };
    expect(await render(template("a: b\n"), site, { helm })).toMatchObject({
      status: "failed",
      code: "killed",
    });
    await expect(
      render(template("a: b\n"), site, { helm: { ...helm, path: "/nowhere/helm" } }),
    ).rejects.toMatchObject({ code: "spawn" });
  });
});
