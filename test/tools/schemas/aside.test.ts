import { formatText } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { config, lines, validate } from "./validation.ts";

const service = (spec: string, more = ""): string =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: s\n${more}spec:\n  ports: [{port: 80}]\n${spec}`;
const deployment = (spec: string, container = ""): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  selector: {matchLabels: {a: b}}\n${spec}  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b${container}}]}}\n`;
const flux = {
  "flux.yaml":
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\nspec: {interval: 5m, prune: true, sourceRef: {kind: GitRepository, name: a}}\n",
};
/** `${text}`, which a template of JavaScript would take for its own. */
const variable = (text: string): string => `$\x7b${text}}`;

describe("values change before the API server sees them, names of fields do not", () => {
  test("an unknown field is told, whatever it holds", async () => {
    const report = await validate({
      ...flux,
      "a.yaml": service(`  typpe: "${variable("SVC_TYPE")}"\n`),
      "b.yaml": config("b", `datta: ${variable("D")}\n`),
      "c.yaml": config("c", `sops: "${variable("D")}"\n`),
      "d.yaml":
        'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nfoo: "ENC[AES256_GCM,data:x,type:str]"\nsops: {mac: "ENC[x]"}\n',
    });
    expect(lines(report)).toEqual([
      "error unknown-field a.yaml:7 /spec/typpe: unknown field typpe",
      "error unknown-field b.yaml:5 /datta: unknown field datta",
      "error unknown-field c.yaml:5 /sops: unknown field sops",
      "error unknown-field d.yaml:4 /foo: unknown field foo",
    ]);
  });

  test("what no variable can make fit is told, its own default too", async () => {
    const of = async (value: string, spec: (value: string) => string): Promise<string[]> =>
      (await validate({ ...flux, "a.yaml": spec(value) })).findings.map(({ rule, help = "" }) =>
        `${rule.replace("kubeconform/", "")} ${help}`.trim(),
      );
    const replicas = (value: string) => deployment(`  replicas: "${value}"\n`);
    const paused = (value: string) => deployment(`  paused: "${value}"\n`);
    const pull = (value: string) => deployment("", `, imagePullPolicy: "${value}"`);
    for (const fine of [
      variable("R"),
      variable("R:=2"),
      variable("R:="),
      variable(`R:-${variable("S")}`),
      `3${variable("R")}0`,
    ])
      expect(await of(fine, replicas), fine).toEqual([]);
    for (const bad of [
      `port-${variable("P")}`,
      variable("R:=abc"),
      variable("R:=1.5"),
      `$${variable("R")}`,
      "$R",
    ])
      expect(await of(bad, replicas), bad).toEqual([expect.stringContaining("wrong-type")]);
    expect(await of(variable("R:=true"), paused)).toEqual([]);
    expect(await of(variable("R:=maybe"), paused)).toEqual([expect.stringContaining("wrong-type")]);
    for (const fine of [variable("T"), variable("T:=Always"), `${variable("T")}Present`])
      expect(await of(fine, pull), fine).toEqual([]);
    for (const bad of [variable("T:-always"), `${variable("T")}x y`])
      expect(await of(bad, pull), bad).toEqual([expect.stringContaining("enum")]);
  });

  test("a default is held against the schema, whatever that asks", async () => {
    const resources = (cpu: string) => deployment("", `, resources: {limits: {cpu: "${cpu}"}}`);
    expect(lines(await validate({ ...flux, "a.yaml": resources(variable("CPU:=500m")) }))).toEqual([]);
    expect(lines(await validate({ ...flux, "a.yaml": resources(variable("CPU")) }))).toEqual([]);
    expect(lines(await validate({ ...flux, "a.yaml": resources(variable("CPU:=lots")) }))).toEqual([
      expect.stringContaining("error format a.yaml:6"),
    ]);
    const port = (name: string) => deployment("", `, ports: [{containerPort: 80, name: "${name}"}]`);
    expect(lines(await validate({ ...flux, "a.yaml": port(variable("NAME:=web_port")) }))).toEqual([
      expect.stringContaining("pattern a.yaml:6"),
    ]);
    const number = deployment("", `, ports: [{containerPort: "${variable("P:=70000")}"}]`);
    const report = await validate({ ...flux, "a.yaml": number });
    expect(report.findings.map(({ rule, actual, help }) => `${rule} ${actual} ${help}`)).toEqual([
      `kubeconform/range "${variable("P:=70000")}" It is so where the variable takes its default.`,
    ]);
    expect(lines(await validate({ ...flux, "a.yaml": port(variable("NAME:=web")) }))).toEqual([]);
  });

  test("a value that SOPS will decrypt to another type is told", async () => {
    const secret = (value: string): string =>
      `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nimmutable: "${value}"\nsops: {mac: "ENC[x]"}\n`;
    const bool = await validate({ "a.yaml": secret("ENC[AES256_GCM,data:x,iv:x,tag:x,type:bool]") });
    expect(lines(bool)).toEqual([]);
    const text = await validate({ "a.yaml": secret("ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]") });
    expect(lines(text)).toEqual([expect.stringContaining("wrong-type a.yaml:4 /immutable")]);
  });

  test("a resource that Flux is told to leave alone is not filled in", async () => {
    for (const where of ["annotations", "labels"]) {
      const more = `  ${where}: {kustomize.toolkit.fluxcd.io/substitute: disabled}\n`;
      const report = await validate({ ...flux, "a.yaml": service(`  type: "${variable("T")}"\n`, more) });
      expect(lines(report), where).toEqual([expect.stringContaining("enum a.yaml:8 /spec/type")]);
    }
  });
});

describe("what is set aside is named", () => {
  test("with its field, resource and file; all of them in the report, a few in its text", async () => {
    const many = Array.from({ length: 7 }, (_, n) => [
      `${n}.yaml`,
      deployment(`  replicas: "${variable("R")}"\n`).replace("name: d", `name: d${n}`),
    ]);
    const report = await validate({ ...flux, ...Object.fromEntries(many) });
    expect(lines(report)).toEqual([]);
    const named = report.skipped.filter(({ kind }) => kind === "field");
    expect(named.map(({ id, code, message }) => `${code} ${id}: ${message}`)).toEqual(
      many.map(
        (_, n) =>
          `flux-variable /spec/replicas of Deployment d${n} in ${n}.yaml:6: filled in by Flux after rendering`,
      ),
    );
    expect(report.notes.filter((note) => note.includes("set aside"))).toEqual([
      "7 fields set aside: filled in by Flux after rendering",
    ]);
    const text = formatText(report).split("\n");
    expect(text.filter((each) => each.startsWith("skipped field"))).toHaveLength(5);
    expect(text).toContain("skipped 2 more fields, see report.json");
  });

  test("where nothing is known of the fleet, Flux is a guess", async () => {
    const report = await validate({ "a.yaml": deployment(`  replicas: "${variable("R")}"\n`) });
    expect(lines(report)).toEqual([]);
    expect(report.notes.filter((note) => note.includes("set aside"))).toEqual([
      "1 field set aside: it looks like a substitution of Flux",
    ]);
  });

  test("in a repository without anything of Flux it is a finding that says what to do", async () => {
    const files = { "a.yaml": deployment(`  replicas: "${variable("R")}"\n`) };
    const report = await validate(files, {}, true);
    expect(lines(report)).toEqual([
      "error wrong-type a.yaml:6 /spec/replicas: expected integer, found string",
    ]);
    expect(report.findings[0]!.help).toBe(
      "Nothing in the repository is of Flux. If Flux fills it in, annotate the resource with kustomize.toolkit.fluxcd.io/substitute: enabled.",
    );
    const more = { "a.yaml": `# toolkit.fluxcd.io\n${files["a.yaml"]}` };
    expect(lines(await validate(more, {}, true))).toEqual([]);
  });
});
