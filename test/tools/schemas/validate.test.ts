import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { userCacheDir } from "@gitops-actions/engine";
import { defaults, run, type ValidateInputs } from "@gitops-actions/validate-schema";
import { describe, expect, test } from "vitest";
import { makeMachine, write } from "../engine/machine.ts";
import { canary, config, definition, type Files, index, line, lines, thing, validate } from "./validation.ts";

describe("a folder of manifests", () => {
  test("each finding has the file, line and field that a person would edit", async () => {
    const report = await validate({
      "a.yaml": `${config("ok")}---\n${config("bad", "dta:\n  a: b\ndata:\n  c: 5\n")}`,
      "list.yaml": `apiVersion: v1\nkind: List\nitems:\n  - ${config("one").trim().replaceAll("\n", "\n    ")}\n  - ${config("two", "data: {x: 1}").trim().replaceAll("\n", "\n    ")}\n`,
      "pod.json": JSON.stringify(
        { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [{ name: "c" }] } },
        null,
        1,
      ),
    });
    expect(lines(report)).toEqual([
      "error unknown-field a.yaml:10 /dta: unknown field dta",
      "error wrong-type a.yaml:13 /data/c: expected string, found number",
      "error wrong-type list.yaml:12 /data/x: expected string, found number",
      "error missing-field pod.json:9 /spec/containers/0/image: required field image is missing",
    ]);
    expect(report.findings[0]).toMatchObject({ help: "Did you mean data?" });
    expect(report.findings[1]).toMatchObject({ expected: "string", actual: "5" });
    expect(report).toMatchObject({ verdict: "findings", checked: { resources: 5 } });
  });

  test("a field that is missing because its name is misspelt is where the wrong name is", async () => {
    const report = await validate({
      "a.yaml": `apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
    - name: c
      imagePullPolicy: Always
      imagex: web:1
      readinessProbe:
        periodSeconds: 5
        httpGett: {port: 80}
      env:
        - {nam: A, value: b}
        - {size: 1}
`,
    });
    const told = report.findings
      .filter(({ rule }) => rule === "kubeconform/missing-field")
      .map((finding) => `${line(finding)} | ${finding.help ?? ""}`);
    expect(told).toEqual([
      "error missing-field a.yaml:8 /spec/containers/0/image: required field image is missing | Is imagex meant to be image?",
      "error missing-field a.yaml:11 /spec/containers/0/readinessProbe: needs one of exec, grpc, httpGet, tcpSocket | Is httpGett meant to be httpGet?",
      "error missing-field a.yaml:13 /spec/containers/0/env/0/name: required field name is missing | Is nam meant to be name?",
      "error missing-field a.yaml:14 /spec/containers/0/env/1/name: required field name is missing | ",
    ]);
  });

  test("of several fields of which one is needed, the one that is there and wrong is told", async () => {
    const report = await validate({
      "a.yaml": `apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
    - name: c
      image: web:1
      lifecycle:
        preStop:
          exec:
        postStart: {}
`,
    });
    expect(lines(report)).toEqual([
      "error wrong-type a.yaml:10 /spec/containers/0/lifecycle/preStop/exec: expected object, found null",
      "error missing-field a.yaml:11 /spec/containers/0/lifecycle/postStart: needs one of exec, httpGet, tcpSocket, sleep",
    ]);
  });

  test("a document that cannot be read is a finding, and the others are validated", async () => {
    const report = await validate({
      "a.yaml": "kind: [\n",
      "b.yaml": "apiVersion: v1\nmetadata: {name: a}\n",
      "c.yaml": "- 1\n",
      "d.yaml": config("a", "data: {a: '1', a: '2'}\n"),
      "e.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n",
      "f.yaml": Buffer.from([0xff, 0xfe, 0x61, 0x00]),
      "g.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: a\n",
      "h.yaml": `\ufeff${config("bom")}`,
      "i.yaml": "# nothing\n",
      "j.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: &n a, labels: {x: *n, <<: {y: z}}}\n",
      "k.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 5}\n",
      "l.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: \0}\n",
    });
    const rules = Object.fromEntries(
      report.findings.map(({ rule, places }) => [places[0]!.overlay, rule.replace("kubeconform/", "")]),
    );
    expect(rules).toEqual({
      ...{
        "a.yaml": "not-yaml",
        "b.yaml": "missing-kind",
        "c.yaml": "not-an-object",
        "d.yaml": "duplicate-key",
      },
      ...{ "e.yaml": "missing-field", "f.yaml": "not-yaml", "g.yaml": "not-yaml", "k.yaml": "wrong-type" },
      "l.yaml": "not-yaml",
    });
    // Those without a name are looked at as well.
    expect(report.checked.resources).toBe(5);
  });

  test("the line of a duplicate key, and the field of a namespace that is no text", async () => {
    const report = await validate({
      "a.yaml": config("a", "data:\n  a: '1'\n  a: '2'\n"),
      "b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: 5\n",
    });
    expect(lines(report)).toEqual([
      "error duplicate-key a.yaml:7 /data/a: the key a is given twice",
      "error wrong-type b.yaml:5 /metadata/namespace: expected string, found number",
    ]);
  });

  test("Lists in Lists, typed lists, hooks and test pods of charts are resources like others", async () => {
    const deep =
      "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: List\n    items:\n      - apiVersion: v1\n        kind: ConfigMap\n        metadata: {name: deep}\n        data: {x: 1}\n";
    const hook = "metadata:\n  name: t\n  annotations: {helm.sh/hook: test}\n";
    const report = await validate({
      "a.yaml": deep,
      "b.yaml":
        "apiVersion: v1\nkind: ConfigMapList\nitems:\n  - metadata: {name: typed}\n    data: {z: 1}\n",
      "c.yaml": `apiVersion: v1\nkind: Pod\n${hook}spec: {containers: [{name: a, image: b}], restartPolicy: Nevr}\n`,
    });
    const said = report.findings.map(
      ({ resource, field, rule, location }) => `${resource?.name} ${field} ${rule} ${location?.line}`,
    );
    expect(said).toEqual([
      "deep /data/x kubeconform/wrong-type 10",
      "typed /data/z kubeconform/wrong-type 5",
      "t /spec/restartPolicy kubeconform/enum 6",
    ]);
  });

  test("what else is wrong with a resource that has no name is said too, and its neighbours keep their lines", async () => {
    const report = await validate({
      "a.yaml": "apiVersion: v1\nkind: Service\nmetadata: {labels: {a: b}}\nspec:\n  prots: []\n",
      "b.yaml":
        "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: ConfigMap\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: b}\n    data: {x: 1}\n",
    });
    expect(lines(report)).toEqual([
      "error missing-field a.yaml:3 /metadata: needs one of name, generateName",
      "error unknown-field a.yaml:5 /spec/prots: unknown field prots",
      "error missing-field b.yaml:4 /metadata: required field metadata is missing",
      "error wrong-type b.yaml:9 /data/x: expected string, found number",
    ]);
  });

  test("ten thousand documents in a file, and one of ten megabytes", async () => {
    const many = Array.from({ length: 10_000 }, (_, number) =>
      config(`c${number}`, number === 9999 ? "data: {a: 1}\n" : ""),
    ).join("---\n");
    const large = config("large", `data:\n  a: |\n${`    ${"x".repeat(96)}\n`.repeat(100_000)}`);
    const report = await validate({ "many.yaml": many, "large.yaml": large });
    expect(lines(report)).toEqual([
      "error wrong-type many.yaml:50000 /data/a: expected string, found number",
    ]);
    expect(report.checked.resources).toBe(10_001);
  });

  test("nothing to validate is said", async () => {
    expect(await validate({ "README.md": "x" })).toMatchObject({ verdict: "nothing-found" });
    await expect(validate({}, { manifests: "absent" })).rejects.toThrow("manifests: absent does not exist");
  });

  test("kustomizations and ignored files are listed, and not validated", async () => {
    const files = {
      "kustomization.yaml": "resources: [a.yaml]\n",
      "a.yaml": config("a"),
      "values.yaml": "replicas: 1\n",
    };
    const report = await validate(files, { ignoreFilenamePatterns: [/values\.yaml$/] });
    expect(report).toMatchObject({ verdict: "passed", checked: { resources: 1 } });
    expect(report.skipped.map(({ id, code }) => `${id} ${code}`)).toEqual([
      "kustomization.yaml kustomization",
      "values.yaml ignored",
    ]);
  });
});

describe("API versions", () => {
  test("removed, deprecated, unknown and misspelt ones are told apart, with what to use instead", async () => {
    const of = (apiVersion: string, kind: string): string =>
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}\n`;
    const report = await validate({
      "a.yaml": of("extensions/v1beta1", "Ingress"),
      "b.yaml": of("v1", "Endpoints"),
      "g.yaml": of("policy/v1", "Eviction"),
      "h.yaml": `${of("coordination.k8s.io/v1alpha2", "LeaseCandidate")}spec: {leaseName: a, binaryVersion: 1.0.0, strategy: OldestEmulationVersion}\n`,
      "c.yaml": of("apps/v2", "Deployment"),
      "d.yaml": of("apps/v1", "Deploiment"),
      "e.yaml": of("monitoring.coreos.com/v1", "ServiceMonitor"),
      "f.yaml": of("networking.k8s.oi/v1", "Ingress"),
    });
    expect(report.findings.map((finding) => `${line(finding)} ${finding.help}`)).toEqual([
      "error removed-api a.yaml:1 : extensions/v1beta1 Ingress was removed in Kubernetes 1.22 Use networking.k8s.io/v1 Ingress.",
      "error unknown-version c.yaml:1 : Kubernetes 1.36 has no apps/v2 Deployment Use apps/v1.",
      "error unknown-kind d.yaml:2 : apps has no kind Deploiment Did you mean Deployment?",
      expect.stringMatching(
        /^error missing-schema e.yaml:1 : there is no schema for monitoring.coreos.com\/v1 ServiceMonitor, so it was not validated add its CustomResourceDefinition .* schema-locations/,
      ),
      expect.stringMatching(
        /^error missing-schema f.yaml:1 : .* If the group should be networking.k8s.io, correct it. Otherwise add/,
      ),
      "error unknown-kind g.yaml:2 : policy/v1 Eviction is asked of another resource; there is no such resource to apply undefined",
      "warning deprecated-api b.yaml:1 : v1 Endpoints is deprecated since Kubernetes 1.33 Use discovery.k8s.io/v1 EndpointSlice.",
      expect.stringMatching(
        /^warning deprecated-api h.yaml:1 : .* is deprecated since Kubernetes .*; it is served only where an administrator has switched it on/,
      ),
    ]);
  });

  test("several Kubernetes versions: which of them refuse", async () => {
    const pod =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostnameOverride: h, containers: [{name: a, image: b, tty: 1}]}\n";
    const report = await validate({ "a.yaml": pod }, { kubernetesVersions: ["1.32", "1.36"] });
    expect(lines(report)).toEqual([
      "error unknown-field a.yaml:4 /spec/hostnameOverride: unknown field hostnameOverride (Kubernetes 1.32; not 1.36)",
      "error wrong-type a.yaml:4 /spec/containers/0/tty: expected boolean, found number",
    ]);
  });

  test("kinds of foreign groups may go without a schema, and are counted", async () => {
    const files = { "a.yaml": "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\n" };
    const allowed = await validate(files, { missingSchemas: { allow: ["example.com/Thing"] } });
    expect(allowed).toMatchObject({ findings: [], checked: { resources: 0 } });
    expect(allowed.skipped).toEqual([
      {
        kind: "resource",
        id: "example.com/v1 Thing",
        code: "missing-schema",
        message: "1 resource: has no schema, which missing-schemas allows",
      },
    ]);
    expect(lines(await validate(files, { missingSchemas: "warn" }))).toEqual([
      expect.stringMatching(/^warning missing-schema/),
    ]);
    expect((await validate(files, { skip: ["Thing"] })).skipped[0]).toMatchObject({ code: "skip" });
    expect(lines(await validate(files, { reject: ["example.com/v1/Thing"] }))[0]).toContain(
      "error rejected-kind",
    );
  });

  test("a name in skip or reject that is no kind is a warning, with the one that was meant", async () => {
    const files = { "deploy/a.yaml": thing("large") };
    const said = async (inputs: Partial<ValidateInputs>) =>
      (await validate(files, { missingSchemas: { allow: ["*"] }, ...inputs })).findings.map(
        ({ rule, severity, message, help = "" }) =>
          `${severity} ${rule} ${message} ${/mean (\S+)\?/.exec(help)?.[1]}`,
      );
    const known = [
      "Deployment",
      "apps/Deployment",
      "apps/v1/Deployment",
      "apps/*",
      "v1/Service",
      "Application",
    ];
    expect(await said({ reject: known, skip: ["CronJob", "*"] })).toEqual([]);
    const says = (input: string, name: string, what: string, meant?: string) =>
      `warning validate/unknown-kind ${input}: no kind here is called "${name}": nothing is ${what} by it ${meant}`;
    expect(
      (
        await said({ reject: ["Deploymnt", "app/Deployment", "Xyzzyplugh"], skip: ["Thingy", "Xyzzyplugh"] })
      ).sort(),
    ).toEqual(
      [
        says("reject", "Deploymnt", "rejected", "Deployment"),
        says("reject", "app/Deployment", "rejected", "apps/Deployment"),
        says("skip", "Thingy", "skipped", "Thing"),
        says("reject", "Xyzzyplugh", "rejected"),
      ].sort(),
    );
  });

  test("a schema from elsewhere validates, one that does not compile is broken", async () => {
    const files = (schema: object): Files => ({
      "deploy/a.yaml": thing("large"),
      "schemas/thing_v1.json": JSON.stringify(schema),
    });
    const inputs = {
      manifests: "deploy",
      schemaLocations: ["schemas/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"],
    };
    const size = { type: "object", properties: { spec: { properties: { size: { type: "integer" } } } } };
    expect(lines(await validate(files(size), inputs))).toEqual([
      expect.stringContaining("/spec/size: expected integer, found string"),
    ]);
    expect(lines(await validate(files({ type: "nonsense" }), inputs))).toEqual([
      expect.stringContaining("broken-schema"),
    ]);
    await expect(validate(files(size), { ...inputs, schemaLocations: ["../x.json"] })).rejects.toThrow(
      "../x.json is outside the workspace",
    );
  });

  test("not strict: unknown fields and duplicate keys pass", async () => {
    const files = { "a.yaml": config("a", "dta: {}\ndata: {a: '1', a: '2'}\n") };
    expect((await validate(files, { strict: false })).findings).toEqual([]);
  });
});

describe("custom resources", () => {
  test("are held against the definitions of the folder", async () => {
    const report = await validate({
      "crd.yaml": definition("integer"),
      "a.yaml": thing("1"),
      "b.yaml": thing("large"),
    });
    expect(lines(report)).toEqual(["error wrong-type b.yaml:5 /spec/size: expected integer, found string"]);
  });

  test("a definition that lies in the repository counts, though it is not validated itself", async () => {
    const machine = makeMachine();
    write(machine.folder, {
      "crds/thing.yaml": definition("integer"),
      "deploy/a.yaml": thing("large"),
      // A template says nothing before it is rendered.
      "other/templates/thing.yaml": definition("{{ .Values.type }}"),
    });
    execFileSync("git", ["init", "-q"], { cwd: machine.folder });
    const host = {
      ...machine,
      cacheDir: userCacheDir(process.env),
      now: () => new Date(0),
      isTerminal: false,
    };
    const inputs = { ...defaults, manifests: "deploy", tools: { allowBuild: true, from: "auto" as const } };
    const world = {
      host,
      progress: () => {},
      signal: new AbortController().signal,
      secretKey: Buffer.from("key"),
    };
    const { report } = await run(inputs, world);
    expect(lines(report)).toEqual([expect.stringContaining("/spec/size: expected integer, found string")]);
    const elsewhere = await run({ ...inputs, crds: ["other"] }, world);
    expect(lines(elsewhere.report)).toEqual([expect.stringContaining("missing-schema")]);
  });

  test("a broken definition, one without a schema, and one that contradicts another", async () => {
    const broken = definition("integer").replace("type: integer", "type: string, pattern: '('");
    expect(lines(await validate({ "crd.yaml": broken, "a.yaml": thing("x") }))).toEqual([
      "error broken-schema a.yaml:2 : the schema of example.com/v1 Thing is broken, so it was not validated",
    ]);
    const empty = definition("integer").replace(/ {6}schema:[\s\S]*$/, "");
    expect(lines(await validate({ "crd.yaml": empty, "a.yaml": thing("1") }))).toEqual([
      expect.stringContaining("missing-schema a.yaml:2"),
      "error missing-field crd.yaml:10 /spec/versions/0/schema: required field schema is missing",
      "error broken-definition crd.yaml:10 /spec/versions/0/schema/openAPIV3Schema: version v1 has no schema.openAPIV3Schema",
    ]);
    const two = await validate({
      "crd1.yaml": definition("integer"),
      "crd2.yaml": definition("string"),
      "a.yaml": thing("x"),
    });
    expect(lines(two)).toEqual([
      "warning conflicting-definition crd2.yaml:2 : defined differently in crd1.yaml and in crd2.yaml; the latter is used",
    ]);
  });

  test("a Gatekeeper template defines the kind of its constraints", async () => {
    const template = (apiVersion: string): string => `
apiVersion: templates.gatekeeper.sh/${apiVersion}
kind: ConstraintTemplate
metadata: {name: requiredlabels}
spec:
  crd:
    spec:
      names: {kind: RequiredLabels}
      validation: {openAPIV3Schema: {type: object, properties: {labels: {type: array, items: {type: string}}}}}
  targets: [{target: admission.k8s.gatekeeper.sh, rego: package a}]
`;
    const constraint = `
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: RequiredLabels
metadata: {name: owner}
spec: {mach: {}, match: {kinds: [{apiGroups: [""], kind: Pod}], name: "a*b"}, parameters: {labels: [owner, 5], more: 1}}
`;
    const said = async (apiVersion: string): Promise<string[]> =>
      lines(await validate({ "template.yaml": template(apiVersion), "a.yaml": constraint })).map((each) =>
        each.split(" ").slice(0, 4).join(" "),
      );
    const always = [
      "error unknown-field a.yaml:5 /spec/mach:",
      "error pattern a.yaml:5 /spec/match/name:",
      "error unknown-field a.yaml:5 /spec/match/kinds/0/kind:",
      "error wrong-type a.yaml:5 /spec/parameters/labels/1:",
    ];
    expect((await said("v1")).sort()).toEqual(
      [...always, "error unknown-field a.yaml:5 /spec/parameters/more:"].sort(),
    );
    expect((await said("v1beta1")).sort()).toEqual(always.sort());
  });

  test("versions that are deprecated or not served", async () => {
    const deprecated = definition("integer", "v1", "deprecated: true\n      deprecationWarning: use v2");
    expect(lines(await validate({ "crd.yaml": deprecated, "a.yaml": thing("1") }))).toEqual([
      "warning deprecated-api a.yaml:2 : use v2",
    ]);
    const unserved = definition("integer").replace("served: true", "served: false");
    expect(lines(await validate({ "crd.yaml": unserved, "a.yaml": thing("1") }))).toEqual([
      "error unserved-version a.yaml:2 : example.com/v1 Thing is defined, and not served",
    ]);
  });
});

describe("fields that are not yet what the API server will see", () => {
  test("are set aside and counted, and the rest of the resource is validated", async () => {
    const report = await validate({
      "secret.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: "ENC[AES256_GCM,data:x]"}\ntyp: Opaque\nsops: {mac: "ENC[AES256_GCM,data:y]", version: 3.9.0}\n`,
      "flux.yaml":
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  replicas: $\x7bREPLICAS:=2}\n  paused: $REPLICAS\n  selector: {matchLabels: {a: b}}\n  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}]}}\n",
    });
    expect(lines(report)).toEqual([
      "error wrong-type flux.yaml:6 /spec/paused: expected boolean, found string",
      "error unknown-field secret.yaml:5 /typ: unknown field typ",
    ]);
    expect(report.notes.filter((note) => note.includes("set aside"))).toEqual([
      "2 fields set aside: encrypted by SOPS",
      "1 field set aside: it looks like a substitution of Flux",
    ]);
  });

  test("a value of a Secret is not shown", async () => {
    const report = await validate({
      "a.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: "${canary}!"}\nstringData: {b: ["${canary}"]}\n`,
    });
    expect(report.findings.map(({ field, message, actual }) => `${field} ${message} ${actual}`)).toEqual([
      '/data/a must be base64 "«hidden 1»"',
      expect.stringMatching(/^\/stringData\/b expected string, found array /),
    ]);
  });
});

describe("an index of render-overlays", () => {
  const bad = config("a", "data: {a: 1}\n");

  test("new and existing findings are told apart, overlay by overlay", async () => {
    const report = await validate(
      index({
        dev: { head: bad, base: bad },
        prod: { head: bad, base: config("a") },
        same: { status: "unchanged" },
      }),
      { manifests: "index.json" },
    );
    expect(lines(report)).toEqual([
      "error wrong-type dev/source.yaml:3~ /data/a: expected string, found number [dev existing, prod new]",
    ]);
    expect(report).toMatchObject({ unchanged: 1, checked: { overlays: 2, resources: 2, unique: 1 } });
    const fixed = await validate(index({ dev: { head: config("a"), base: bad } }), {
      manifests: "index.json",
    });
    expect(fixed).toMatchObject({
      verdict: "passed",
      findings: [],
      fixed: [report.findings[0]!.fingerprint],
    });
  });

  test("an environment has its own definitions", async () => {
    const report = await validate(
      index({
        "dev/crds": { head: definition("string"), environment: "dev" },
        "dev/app": { head: thing("large"), environment: "dev" },
        "prod/crds": { head: definition("integer"), environment: "prod" },
        "prod/app": { head: thing("large"), environment: "prod" },
      }),
      { manifests: "index.json" },
    );
    expect(lines(report)).toEqual([
      "error wrong-type prod/app/source.yaml:3~ /spec/size: expected integer, found string [prod/app new]",
    ]);
  });

  test("an overlay's own definition comes before its environment's, and that before a file of the repository", async () => {
    const side = (head: string) => ({ head, environment: "dev" });
    const report = await validate(
      {
        ...index({
          a: side(`${definition("string")}---\n${thing("large")}`),
          b: side(thing("large")),
          c: side(definition("integer")),
          d: { head: thing("large") },
        }),
        "crds/thing.yaml": definition("boolean"),
      },
      { manifests: "index.json" },
    );
    const wrong = report.findings.filter(({ rule }) => rule === "kubeconform/wrong-type");
    expect(wrong.map(({ places, expected }) => `${places[0]!.overlay} ${expected}`)).toEqual(["b integer"]);
  });

  test("a definition that changes is held against resources that did not", async () => {
    const side = { head: thing("large"), base: thing("large") };
    const report = await validate(
      index({ crds: { head: definition("integer"), base: definition("string") }, app: side }),
      { manifests: "index.json" },
    );
    expect(lines(report)).toEqual([
      "error wrong-type app/source.yaml:3~ /spec/size: expected integer, found string [app new]",
    ]);
  });

  test("nothing changed passes with the count; what was not rendered leaves the run incomplete", async () => {
    const unchanged = await validate(index({ a: { status: "unchanged" }, b: { status: "unchanged" } }), {
      manifests: "index.json",
    });
    expect(unchanged).toMatchObject({ verdict: "passed", unchanged: 2 });
    const failed = await validate(
      index({ a: { status: "failed" }, b: { head: config("a"), base: config("a") } }),
      { manifests: "index.json" },
    );
    expect(failed).toMatchObject({
      verdict: "incomplete",
      failed: [{ id: "a", code: "patch-target", message: "no such target" }],
    });
  });

  test("two runs say the same bytes", async () => {
    const files = index({ a: { head: bad, base: bad }, b: { head: `${bad}---\n${thing("1")}` } });
    const [one, two] = [
      await validate(files, { manifests: "index.json" }),
      await validate(files, { manifests: "index.json" }),
    ];
    expect(JSON.stringify(one)).toBe(JSON.stringify(two));
  });

  test("hundreds of equal resources are one document to validate", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 300 }, (_, number) => [`o${number}`, { head: bad }]),
    );
    const report = await validate(index(many), { manifests: "index.json" });
    expect(report).toMatchObject({ checked: { overlays: 300, resources: 300, unique: 1 } });
    expect(report.findings).toHaveLength(1);
    expect(report.findings[0]!.places).toHaveLength(300);
  });

  test("an index of another version is refused", async () => {
    await expect(validate({ "index.json": '{"version": 9}' }, { manifests: "index.json" })).rejects.toThrow(
      join("index.json has version 9"),
    );
  });
});
