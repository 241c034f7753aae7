// Class B: nothing outside the repository is read, and nothing is written outside the output. The stage has a file
// outside the repository and a checkout's .git/config, each with a secret in it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Content,
  expectRefused,
  type Files,
  manifest,
  play,
  type Shown,
  type Stage,
  setStage,
  strike,
} from "../stage.ts";

interface Attack {
  name: string;
  /** Files of the overlay; OUT is the folder outside, UP the way up to the repository's root and beyond. */
  files: Record<string, Content>;
  rule: string | RegExp;
  at?: string;
  line?: number;
}

const kustomization = "kustomization.yaml";
const chart = (prefix = ""): Record<string, Content> => ({
  [`${prefix}Chart.yaml`]: "apiVersion: v2\nname: web\nversion: 1.0.0\n",
  [`${prefix}templates/all.yaml`]: `${manifest("chart")}  all: {{ toJson .Values | quote }}\n`,
  [`${prefix}values.yaml`]: "a: 1\n",
});
const build = (text: string, files: Record<string, Content> = {}) => ({ [kustomization]: text, ...files });
const inflate = (fields: string, files: Record<string, Content> = {}) =>
  build(`helmCharts:\n- name: web\n${fields}`, { ...chart("charts/web/"), ...files });
const linked = { link: "OUT/secret.yaml" };

const attacks: Attack[] = [
  {
    name: "a file above the repository",
    files: build("resources:\n- UP/outside/secret.yaml\n"),
    rule: "path-outside",
    line: 2,
  },
  {
    name: "a folder above the repository",
    files: build("resources:\n- UP/outside\n"),
    rule: "path-outside",
    line: 2,
  },
  {
    name: "a component above the repository",
    files: build("components:\n- UP/outside\n"),
    rule: "path-outside",
    line: 2,
  },
  {
    name: "an absolute file",
    files: build("resources:\n- OUT/secret.yaml\n"),
    rule: "absolute-path",
    line: 2,
  },
  { name: "an absolute folder", files: build("resources:\n- OUT\n"), rule: "absolute-path", line: 2 },
  {
    name: "the workspace by its absolute path",
    files: build("resources:\n- WORKSPACE/apps/good\n"),
    rule: "absolute-path",
    line: 2,
  },
  {
    name: "a file that is a link to one outside",
    files: build("resources:\n- s.yaml\n", { "s.yaml": linked }),
    rule: "link-outside",
    line: 2,
  },
  {
    name: "a folder that is a link to one outside",
    files: build("resources:\n- base\n", { base: { link: "OUT" } }),
    rule: "link-outside",
    line: 2,
  },
  {
    name: "a link that climbs out",
    files: build("resources:\n- base\n", { base: { link: "UP/outside" } }),
    rule: "link-outside",
    line: 2,
  },
  {
    name: "a link to a link that climbs out",
    files: build("resources:\n- a\n", { a: { link: "b" }, b: { link: "UP/outside" } }),
    rule: "link-outside",
    line: 2,
  },
  {
    name: "a folder on the way that is a link",
    files: build("resources:\n- a/outside\n", { a: { link: "UP" } }),
    rule: "link-outside",
    line: 2,
  },
  {
    name: "a way up behind a white space that is none to YAML",
    files: build("resources:\n- base\u00a0#/UP/outside\n"),
    rule: "path-outside",
    line: 2,
  },
  {
    name: "a file of a ConfigMap",
    files: build("configMapGenerator:\n- name: c\n  files: [OUT/secret.yaml]\n"),
    rule: "absolute-path",
    line: 3,
  },
  {
    name: "an env file of a Secret",
    files: build("secretGenerator:\n- name: c\n  envs: [UP/outside/secret.yaml]\n"),
    rule: "path-outside",
    line: 3,
  },
  { name: "a patch", files: build("patches:\n- path: OUT/secret.yaml\n"), rule: "absolute-path", line: 2 },
  {
    name: "the process's own environment",
    files: build("configMapGenerator:\n- name: c\n  files: [/proc/self/environ]\n"),
    rule: "absolute-path",
    line: 3,
  },
  {
    name: "the checkout's .git/config",
    files: build("configMapGenerator:\n- name: c\n  files: [../../.git/config]\n"),
    rule: "missing-file",
    line: 3,
  },
  {
    name: "a link to the checkout's .git/config",
    files: build("configMapGenerator:\n- name: c\n  files: [c]\n", { c: { link: "../../.git/config" } }),
    rule: "missing-file",
    line: 1,
  },
  {
    name: "a base in a submodule",
    files: build("resources:\n- sub/base\n", { sub: { submodule: "1".repeat(40) } }),
    rule: "submodule",
    line: 2,
  },
  {
    name: "names that clash on a disk that ignores case",
    files: build("resources:\n- a.yaml\n- A.yaml\n", { "a.yaml": manifest("a"), "A.yaml": manifest("b") }),
    rule: "case-clash",
    at: "a.yaml",
  },
  {
    name: "a plain manifest that is a link",
    files: { "a.yaml": manifest("a"), "s.yaml": linked },
    rule: "link-outside",
    at: "s.yaml",
  },
  {
    name: "a chart with a link to the process's environment",
    files: { ...chart(), "files/environ": { link: "/proc/self/environ" } },
    rule: "link-outside",
    at: "files/environ",
  },
  {
    name: "a chart with a link to a folder outside",
    files: { ...chart(), files: { link: "OUT" } },
    rule: "link-outside",
    at: "files",
  },
  {
    name: "a chart with a link to a link outside",
    files: { ...chart(), "files/a": { link: "b" }, "files/b": { link: "UP/outside/secret.yaml" } },
    rule: "link-outside",
    at: "files/a",
  },
  {
    name: "a chart whose link leads around itself",
    files: { ...chart(), "files/loop": { link: ".." } },
    rule: "link-loop",
    at: "files/loop",
  },
  {
    name: "a chart with a submodule",
    files: { ...chart(), "charts/sub": { submodule: "1".repeat(40) } },
    rule: "submodule",
    at: "charts/sub",
  },
  {
    name: "a chart in an absolute folder",
    files: build("helmGlobals: {chartHome: OUT}\nhelmCharts:\n- name: web\n  releaseName: r\n"),
    rule: "absolute-path",
    line: 3,
  },
  {
    name: "values in an absolute file",
    files: inflate("  valuesFile: OUT/secret.yaml\n"),
    rule: "absolute-path",
    line: 3,
  },
  {
    name: "values in a file above",
    files: inflate("  additionalValuesFiles:\n  - UP/outside/secret.yaml\n"),
    rule: "path-outside",
    line: 4,
  },
  {
    name: "a release name that is an option of Helm",
    files: inflate("  releaseName: --set-file=stolen=OUT/secret.yaml\n"),
    rule: "chart-option",
    line: 3,
  },
  {
    name: "a release name that is Helm's short option",
    files: inflate("  releaseName: -fOUT/secret.yaml\n"),
    rule: "chart-option",
    line: 3,
  },
  {
    name: "values whose name Helm takes for two files",
    files: inflate("  additionalValuesFiles:\n  - v,OUT/secret.yaml\n", {
      v: "x: 1\n",
      "v,OUT/secret.yaml": "x: 1\n",
    }),
    rule: "chart-option",
    line: 4,
  },
  {
    name: "a chart's name that climbs out of where kustomize keeps its values",
    files: { [kustomization]: "helmCharts:\n- name: ../../web\n  releaseName: r\n", ...chart("../../web/") },
    rule: "chart-option",
    line: 2,
  },
  {
    name: "a template of a name that reads the environment",
    files: inflate("  nameTemplate: '{{ env \"PATH\" }}'\n"),
    rule: "chart-option",
    line: 3,
  },
  {
    name: "a template of a name that asks a name server",
    files: inflate("  nameTemplate: '{{ getHostByName \"example.com\" }}'\n"),
    rule: "chart-option",
    line: 3,
  },
];

let stage: Stage;
let shown: Shown;

beforeAll(async () => {
  stage = setStage();
  const outside = `${stage.root}/outside`;
  const fill = (text: string, depth: number): string =>
    text
      .replaceAll("OUT", outside)
      .replaceAll("UP", "../".repeat(depth + 3).slice(0, -1))
      .replaceAll("WORKSPACE", stage.workspace);
  const head: Files = {};
  for (const [index, { files }] of attacks.entries()) {
    for (const [path, content] of Object.entries(files)) {
      const at = new URL(fill(path, 0).replaceAll("//", "/"), `file:///apps/evil-${index}/`).pathname.slice(
        1,
      );
      head[decodeURIComponent(at)] =
        typeof content === "string"
          ? fill(content, 2)
          : "link" in content
            ? { link: fill(content.link as string, path.split("/").length + 1) }
            : content;
    }
  }
  shown = await play({ stage, head });
});

describe("refused, with file and line:", () => {
  test.each(attacks.map((attack, index) => [attack.name, attack, index] as const))(
    "%s",
    (_name, { rule, at = kustomization, line = 1 }, index) => {
      const overlay = `apps/evil-${index}`;
      expectRefused(shown, overlay, rule, { path: `${overlay}/${at}`, line });
    },
  );
});

test("no secret got out", () => strike(shown));

test("what a chart asks for outside of itself is empty", async () => {
  const text = `${manifest("chart")}  a: {{ .Files.Get "../../../outside/secret.yaml" | quote }}
  b: {{ .Files.Get "/proc/self/environ" | quote }}
  c: {{ .Files.Get "../../.git/config" | quote }}
  d: {{ len (.Files.Glob "**/*") }}
  e: {{ lookup "v1" "Secret" "kube-system" "x" | toJson | quote }}
  f: {{ tpl "{{ .Files.Get (printf \\"../%s\\" .Chart.Name) }}" . | quote }}
`;
  const shown = await play({
    head: {
      "apps/evil/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
      "apps/evil/templates/a.yaml": text,
    },
  });
  expect(shown.run.exitCode, shown.run.stdout).toBe(0);
  const overlay = shown.index?.overlays.find(({ id }) => id === "apps/evil");
  const rendered = readFileSync(join(shown.run.outputs.directory!, overlay!.head!.manifest), "utf8");
  expect(rendered).toContain('a: ""\n  b: ""\n  c: ""\n  d: 0\n  e: "{}"\n  f: ""\n');
  await strike(shown);
});

test("a template cannot read the environment: Helm has no such function", async () => {
  const chart = (call: string) => `${manifest("chart")}  a: {{ ${call} | quote }}\n`;
  const calls = ['env "PATH"', 'expandenv "$PATH"'];
  const head = Object.fromEntries(
    calls.flatMap((call, index) => [
      [`apps/evil-${index}/Chart.yaml`, "apiVersion: v2\nname: web\nversion: 1.0.0\n"],
      [`apps/evil-${index}/templates/a.yaml`, chart(call)],
    ]),
  );
  const shown = await play({ head });
  for (const index of [0, 1])
    expectRefused(shown, `apps/evil-${index}`, "template", {
      path: `apps/evil-${index}/templates/a.yaml`,
      line: 7,
    });
  await strike(shown);
});
