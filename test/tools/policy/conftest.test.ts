import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { exitStatus, type Report } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { makeMachine } from "../engine/machine.ts";
import { canary, check, checkIn, counts, type Files, failures, lines, makeRepository } from "./stage.ts";

type Overlays = Parameters<typeof makeRepository>[3];

const deployment = (name: string, image = "web:1", more = "") => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: shop}
spec:
  template:
    spec:
      containers: [{name: app, image: "${image}"}]
${more}`;
const service = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {}\n";
const secret = `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: ${canary}}\n`;

const latest = `package main
# METADATA
# title: No latest
# related_resources:
#   - ref: https://example.com/latest
deny_latest contains {"msg": msg, "field": sprintf("spec.template.spec.containers[%d].image", [i])} if {
  input.kind == "Deployment"
  some i, container in input.spec.template.spec.containers
  endswith(container.image, ":latest")
  msg := sprintf("%s uses latest", [container.name])
}
warn_service contains "a service" if input.kind == "Service"
`;

describe("Rego with conftest", () => {
  test("says what fails, what is warned of, what passes, by resource and field", async () => {
    const report = await check({
      "policy/latest.rego": latest,
      "manifests/a.yaml": `${deployment("good")}---\n${deployment("bad", "web:latest")}---\n${service}`,
    });
    expect(lines(report)).toEqual([
      "error conftest/main/deny_latest Deployment/bad /spec/template/spec/containers/0/image: app uses latest",
      "warning conftest/main/warn_service Service/web : a service",
    ]);
    expect(report.findings[0]!.help).toBe("See https://example.com/latest");
    expect(counts(report, "conftest/main/deny_latest")).toBe(
      "3 evaluated, 3 matched, 2 passed, 0 warned, 1 failed",
    );
    expect(counts(report, "conftest/main/warn_service")).toBe(
      "3 evaluated, 3 matched, 2 passed, 1 warned, 0 failed",
    );
    expect(report.verdict).toBe("findings");
    expect(report.tools.map(({ name }) => name)).toEqual(["conftest"]);
  });

  test("fail-on-warn makes an error of a warning, and severities are the author's", async () => {
    const files = {
      "policy/a.rego":
        'package main\nwarn contains "w" if true\ndeny contains {"msg": "d", "severity": "low"} if true\n',
      "manifests/a.yaml": service,
    };
    expect(lines(await check(files)).map((each) => each.split(" ")[0])).toEqual(["warning", "notice"]);
    expect(lines(await check(files, { failOnWarn: true })).map((each) => each.split(" ")[0])).toEqual([
      "error",
      "notice",
    ]);
  });

  test("asks the packages that were named, and no pattern in vain", async () => {
    const files = {
      "policy/a.rego": 'package main\ndeny contains "main" if true\n',
      "policy/b.rego": 'package k8s.images\ndeny contains "images" if true\n',
      "manifests/a.yaml": service,
    };
    expect((await check(files)).findings.map(({ message }) => message)).toEqual(["images", "main"]);
    expect((await check(files, { namespace: ["k8s.*"] })).findings.map(({ message }) => message)).toEqual([
      "images",
    ]);
    expect(failures(await check(files, { namespace: ["nothing"] }))).toEqual([
      expect.stringContaining("nothing namespace: conftest: no policy has the package nothing"),
    ]);
  });

  test("counts the policy's own exceptions apart", async () => {
    const report = await check({
      "policy/a.rego": `package main
deny_root contains "root" if input.kind == "Deployment"
exception contains rules if { input.metadata.name == "excused"; rules := ["root"] }
`,
      "manifests/a.yaml": `${deployment("excused")}---\n${deployment("not-excused")}`,
    });
    expect(lines(report)).toEqual(["error conftest/main/deny_root Deployment/not-excused : root"]);
    expect(counts(report, "conftest/main/deny_root")).toBe(
      "2 evaluated, 2 matched, 0 passed, 0 warned, 1 failed",
    );
    expect(report.notes.join()).toContain("once an exception of the policies themselves applied: conftest/");
  });

  test("reads data beside the policies and in the folders that are named", async () => {
    const policy =
      'package main\nimport data.allowed\ndeny contains "not allowed" if not input.metadata.name in allowed\n';
    const manifests = { "manifests/a.yaml": service };
    const beside = { "policy/a.rego": policy, "policy/data.yaml": "allowed: [web]\n", ...manifests };
    expect((await check(beside)).verdict).toBe("passed");
    const apart = { "policy/a.rego": policy, "values/names.yaml": "allowed: [api]\n", ...manifests };
    expect(lines(await check(apart, { data: ["values"] }))).toHaveLength(1);
    const report = await check(apart);
    expect(failures(report)[0]).toContain(
      "policy/a.rego no-data: conftest: it reads data.allowed, which nothing gives",
    );
    expect(report.verdict).toBe("incomplete");
  });

  test("gives all resources of an environment together to a policy that reads contents, and never two environments", async () => {
    const machine = makeMachine();
    const policy = `package main
deny contains msg if {
  some file in input
  file.contents.kind == "Deployment"
  not has_service
  msg := sprintf("%s in %s has no service", [file.contents.metadata.name, file.path])
}
has_service if { some file in input; file.contents.kind == "Service" }
`;
    const { index, folder } = makeRepository(
      machine,
      { "policy/a.rego": policy },
      { "policy/a.rego": policy },
      {
        dev: { head: `${deployment("web")}---\n${service}`, environment: "dev" },
        prod: { head: deployment("web"), environment: "prod" },
      },
    );
    const report = await checkIn({ ...machine, cwd: folder }, { manifests: index });
    expect(lines(report)).toEqual([
      "error conftest/main/deny Deployment/web : web in Deployment shop/web has no service [prod new]",
    ]);
  });

  test("reads Rego v0, and says so", async () => {
    const report = await check({
      "policy/a.rego": 'package main\ndeny[msg] { input.kind == "Service"; msg := "old" }\n',
      "manifests/a.yaml": service,
    });
    expect(lines(report)).toEqual(["error conftest/main/deny Service/web : old"]);
    expect(report.notes.join()).toContain("Rego v0");
  });

  test("quotes no secret", async () => {
    const report = await check({
      "policy/a.rego":
        'package main\ndeny contains msg if { input.kind == "Secret"; msg := sprintf("password %s", [input.stringData.password]) }\n',
      "manifests/a.yaml": secret,
    });
    expect(lines(report)).toEqual(["error conftest/main/deny Secret/s : password «hidden 1»"]);
  });
});

describe("what conftest passes over in silence", () => {
  const manifests = { "manifests/a.yaml": `${deployment("web")}---\n${service}` };
  const rego = (text: string) => check({ "policy/a.rego": text, ...manifests });

  test.each([
    ["broken Rego", "package main\ndeny contains msg if { input.kind ==\n", "policy/a.rego:", "compile"],
    ["a rule that is no set", 'package main\ndeny := "always"\n', "policy/a.rego:2", "not-a-set"],
    [
      "a rule that makes an object",
      'package main\ndeny[k] := "always" if { k := input.kind }\n',
      "policy/a.rego:2",
      "not-a-set",
    ],
    [
      "data that nothing gives, however it is read",
      'package main\ndeny contains "banned" if { data["banned"][_] == input.kind }\n',
      "policy/a.rego",
      "no-data",
    ],
    [
      "an unknown function",
      "package main\ndeny contains msg if { msg := nope(1) }\n",
      "policy/a.rego:2",
      "compile",
    ],
    [
      "a request",
      'package main\ndeny contains "x" if { http.send({"url": "http://127.0.0.1:1", "method": "GET"}) }\n',
      "policy/a.rego:2",
      "compile",
    ],
    [
      "the environment",
      "package main\ndeny contains msg if { msg := opa.runtime().env.PATH }\n",
      "policy/a.rego:2",
      "compile",
    ],
    [
      "a built-in function that fails",
      'package main\ndeny contains "x" if { to_number(input.kind) > 1 }\n',
      "policy/a.rego:2",
      "builtin",
    ],
    [
      "a recursive rule",
      "package main\ndeny contains msg if { some msg in deny }\n",
      "policy/a.rego:2",
      "compile",
    ],
    [
      "two values for one name",
      'package main\nx := 1 if input.kind\nx := 2 if input.metadata\ndeny contains "x" if x == 3\n',
      "policy/a.rego",
      "evaluation",
    ],
  ])("is failed, with its place: %s", async (_, text, id, code) => {
    const report = await rego(text);
    expect(
      report.failed.map((each) => [each.id.startsWith(id), each.code]),
      failures(report).join("\n"),
    ).toContainEqual([true, code]);
    expect(report.verdict).toBe("incomplete");
  });

  test("policies for admission webhooks and misnamed rules are listed", async () => {
    const report = await check({
      "policy/a.rego": 'package main\ndenyAll contains "x" if true\ndeny contains "y" if false\n',
      "policy/b.rego": 'package k8s\nviolation[{"msg": "x"}] { input.review.object }\n',
      ...manifests,
    });
    expect(report.skipped.map(({ id, code }) => `${id} ${code}`)).toEqual([
      "policy/a.rego:2 not-asked",
      "policy/b.rego admission-rego",
    ]);
    expect(report.verdict).toBe("passed");
  });

  test("values that a policy reads and that are not among those given are listed", async () => {
    const report = await check({
      "policy/a.rego": 'package main\ndeny contains "banned" if { data.conf.banned[_] == input.kind }\n',
      "policy/conf/values.yaml": "bannd: [Deployment]\n",
      ...manifests,
    });
    expect(report.skipped).toEqual([
      expect.objectContaining({
        id: "policy/a.rego",
        code: "no-data",
        message: expect.stringContaining("data.conf.banned, which the values do not have"),
      }),
    ]);
  });

  test("a rule in a file that is only named as tests are is asked; one beside tests is listed", async () => {
    const rule = 'package main\ndeny contains "hit" if input.kind == "Deployment"\n';
    const named = await check({ "policy/load_test.rego": rule, ...manifests });
    expect(lines(named)).toEqual(["error conftest/main/deny Deployment/web : hit"]);
    const beside = await check({
      "policy/load_test.rego": `${rule}test_hit if { deny with input as {} }\n`,
      "policy/a.rego": 'package main\ndeny contains "never" if false\n',
      ...manifests,
    });
    expect(beside.skipped.map(({ id, code }) => `${id} ${code}`)).toEqual([
      "policy/load_test.rego not-asked",
    ]);
  });

  test("a policy about all resources together is told by how it reads them", async () => {
    const report = await check({
      "policy/a.rego":
        'package main\ndeny contains msg if { d := input[_]["contents"]; d.kind == "Deployment"; msg := d.metadata.name }\n',
      ...manifests,
    });
    expect(report.findings.map(({ message }) => message)).toEqual(["web"]);
  });

  test("a policy that does not end is stopped", async () => {
    const text =
      "package main\ndeny contains x if { some x in numbers.range(1, 20000); some y in numbers.range(1, 20000); x * y == -1 }\n";
    const report = await check({ "policy/a.rego": text, ...manifests }, { timeLimitSeconds: 2 });
    expect(failures(report)).toEqual([
      expect.stringContaining("deadline: conftest: conftest did not finish within 2 s"),
    ]);
  });

  test("ten thousand violations are all there", async () => {
    const text =
      'package main\ndeny contains msg if { some x in numbers.range(1, 10000); msg := sprintf("violation %d", [x]) }\n';
    const report = await check({ "policy/a.rego": text, "manifests/a.yaml": service });
    expect(report.summary.error).toBe(10_000);
  });

  test("no policy at all is no pass, unless that is accepted", async () => {
    const report = await check(manifests);
    expect(report.verdict).toBe("nothing-found");
  });
});

describe("trust", () => {
  const strict = 'package main\ndeny contains "strict" if input.kind == "Service"\n';
  const lax = 'package main\ndeny contains "lax" if input.kind == "Nothing"\n';
  const overlays = { prod: { base: deployment("web"), head: `${deployment("web")}---\n${service}` } };

  test("a pull request is judged by the policies of the base branch, and shown what its own would say", async () => {
    const machine = makeMachine();
    const { index, folder } = makeRepository(
      machine,
      { "policy/a.rego": strict },
      { "policy/a.rego": lax },
      overlays,
    );
    const report = await checkIn({ ...machine, cwd: folder }, { manifests: index });
    expect(lines(report)).toEqual(["error conftest/main/deny Service/web : strict [prod new]"]);
    expect(report.notes.join("\n")).toMatch(
      /this change alters policies.*\nwith your policies: 0 findings more, 1 fewer/,
    );
  });

  test("the base branch's policies are fetched into the shallow checkout that actions/checkout makes", async () => {
    const machine = makeMachine();
    const base = { "policy/a.rego": strict };
    const { index, folder } = makeRepository(machine, base, { "policy/a.rego": "package main\n" }, overlays);
    const shallow = join(machine.folder, "shallow");
    execFileSync("git", ["clone", "--quiet", "--depth=1", `file://${folder}`, shallow]);
    const report = await checkIn({ ...machine, cwd: shallow }, { manifests: index });
    expect(lines(report)[0]).toBe("error conftest/main/deny Service/web : strict [prod new]");
    expect(report.findings.slice(1).map(({ rule }) => rule)).toEqual(["policy/removed"]);
    const refused = checkIn({ ...machine, cwd: shallow }, { manifests: index, fetch: false });
    await expect(refused).rejects.toThrow(/not fetched|is not in|fetch/);
  });

  test("policies that the base branch does not have yet count, and are marked", async () => {
    const machine = makeMachine();
    const { index, folder } = makeRepository(machine, {}, { "policy/a.rego": strict }, overlays);
    const report = await checkIn({ ...machine, cwd: folder }, { manifests: index, policy: ["policy"] });
    expect(report.findings).toHaveLength(1);
    expect(report.notes.join("\n")).toContain("not yet reviewed");
  });

  test("a pull request cannot except itself", async () => {
    const machine = makeMachine();
    const exceptions =
      "exceptions:\n  - {rule: conftest/main/deny, owner: me, reason: none, expires: 2030-01-01}\n";
    const head = { "policy/a.rego": strict, ".gitops/exceptions.yaml": exceptions };
    const { index, folder } = makeRepository(machine, { "policy/a.rego": strict }, head, overlays);
    const report = await checkIn({ ...machine, cwd: folder }, { manifests: index });
    expect(report.waived).toEqual([]);
    expect(report.summary.error).toBe(1);
  });

  describe("what a change would bring and take away", () => {
    const kept = { "policy/a.rego": strict };
    const quiet = { prod: { base: deployment("web"), head: deployment("web") } };
    const judge = async (base: Files, head: Files, overlays: Overlays = quiet) => {
      const machine = makeMachine();
      const { index, folder } = makeRepository(machine, base, head, overlays);
      return await checkIn({ ...machine, cwd: folder }, { manifests: index });
    };
    const found = (report: Report) =>
      report.findings.map(
        ({ severity, rule, location }) =>
          `${severity} ${rule}${location ? ` ${location.path}:${location.line}` : ""}`,
      );

    test.each([
      ["broken Rego", "package main\ndeny contains msg if {\n  input.kind ==\n}\n", "policy/b.rego:4"],
      ["a rule that is no set", 'package main\n\ndeny if input.kind == "Service"\n', "policy/b.rego:3"],
      ["an unknown function", "package main\ndeny contains msg if { msg := nope(1) }\n", "policy/b.rego:2"],
      ["values that nobody gives", 'package main\ndeny contains "x" if data.none.such\n', "policy/b.rego:1"],
    ])("a policy of the change that main could not evaluate is an error of it: %s", async (_, text, at) => {
      for (const overlays of [quiet, {}]) {
        const report = await judge(kept, { ...kept, "policy/b.rego": text }, overlays);
        expect(found(report)).toContain(`error conftest/policy-error ${at}`);
        expect(report.summary.new).toBe(report.findings.length);
        expect([report.verdict, failures(report)]).toEqual(["findings", []]);
        expect(exitStatus(report, { failOn: "new", failOnSeverity: "error", allowEmpty: true })).toBe(1);
      }
    });

    test("what main could not evaluate before is no finding of the change", async () => {
      const broken = "package main\ndeny contains msg if { msg := nope(1) }\n";
      const report = await judge({ "policy/b.rego": broken }, { "policy/b.rego": `# more\n\n${broken}` });
      expect(found(report)).toEqual([]);
      expect(report.verdict).toBe("incomplete");
    });

    test("a sound policy is no finding, and exceptions do not excuse a defect", async () => {
      const sound = { ...kept, "policy/b.rego": 'package other\ndeny contains "b" if input.kind == "B"\n' };
      for (const overlays of [quiet, {}]) expect(found(await judge(kept, sound, overlays))).toEqual([]);
      const exceptions =
        'exceptions:\n  - {rule: "conftest/*", owner: me, reason: none, expires: 2030-01-01}\n';
      const base = { ...kept, ".gitops/exceptions.yaml": exceptions };
      const report = await judge(base, { ...base, "policy/b.rego": "package other\ndeny if true\n" });
      expect(found(report)).toContain("error conftest/policy-error policy/b.rego:2");
      expect(report.waived).toEqual([]);
    });

    test("exceptions that are added are named, and those that are there or go are not", async () => {
      const exception = (owner: string) =>
        `exceptions:\n  - {rule: "conftest/main/*", resource: {kind: Service, name: web}, owner: ${owner}, reason: none, expires: 2030-01-01}\n`;
      const added = async (base: Files, head: Files) =>
        (await judge({ ...kept, ...base }, { ...kept, ...head })).findings
          .filter(({ rule }) => rule === "policy/exception-added")
          .map(({ severity, message }) => `${severity}: ${message}`);
      const [me, you] = ["me", "you"].map((owner) => ({ ".gitops/exceptions.yaml": exception(owner) }));
      expect(await added({}, me!)).toEqual([
        "warning: this change adds 1 exception from policies: conftest/main/* for Service web (me, until 2030-01-01)",
      ]);
      expect(await added(me!, you!)).toHaveLength(1);
      expect(await added(me!, {})).toEqual([]);
      const moved = { ".gitops/exceptions.yaml": `# moved\n${exception("me")}` };
      expect(await added(me!, moved)).toEqual([]);
      const rego = { "policy/a.rego": `${strict}exception contains [""] if input.kind == "Service"\n` };
      expect(await added({}, rego)).toEqual([
        "warning: this change adds 1 exception from policies: exception of the package main in policy/a.rego",
      ]);
      expect(await added(rego, rego)).toEqual([]);
    });

    test("policies that are removed are named, ten at most, in one warning", async () => {
      const removed = async (base: Files, head: Files) =>
        (await judge(base, head)).findings.map(({ severity, rule, message }) => [severity, rule, message]);
      const rules = (count: number) =>
        Array.from({ length: count }, (_, index) => `deny_${index + 10} contains "x" if input.no\n`).join("");
      expect(await removed(kept, {})).toEqual([
        ["warning", "policy/removed", "this change removes 1 policy: conftest main/deny"],
      ]);
      expect(await removed({ ...kept, "policy/b.rego": strict }, kept)).toEqual([
        ["warning", "policy/removed", "this change removes 1 policy: conftest main/deny (in 1 of 2 files)"],
      ]);
      expect(await removed(kept, { "policy/elsewhere.rego": strict })).toEqual([]);
      const [only] = await removed({ "policy/a.rego": `package main\n${rules(12)}` }, {});
      expect(only![2]).toMatch(
        /^this change removes 12 policies: conftest main\/deny_10, .*deny_19 and 2 more$/,
      );
    });
  });

  test("what the base had is existing, overlay by overlay", async () => {
    const machine = makeMachine();
    const policy = { "policy/a.rego": strict };
    const { index, folder } = makeRepository(machine, policy, policy, {
      dev: { base: service, head: service, environment: "dev" },
      prod: { base: deployment("web"), head: service, environment: "prod" },
    });
    const report = await checkIn({ ...machine, cwd: folder }, { manifests: index });
    expect(lines(report)).toEqual(["error conftest/main/deny Service/web : strict [dev existing, prod new]"]);
  });
});
