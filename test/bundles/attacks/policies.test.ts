// Classes A, D, E and F against policy-check: whoever may change manifests or policies in a pull request can neither
// steer the runner, nor exhaust it, nor learn a secret, nor change what the pull request is judged by.
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentPlatform } from "@gitops-actions/engine";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { describe, expect, test } from "vitest";
import { entryFolder } from "../../../packages/engine/src/tools/cache.ts";
import { wantedTool } from "../../../packages/engine/src/tools/pin.ts";
import type { RunOptions } from "../../runner/index.ts";
import { findTool } from "../../setup/tools.ts";
import {
  bundle,
  type Content,
  canary,
  type Files,
  listen,
  manifest,
  pathWithGitAlone,
  play,
  pullRequest,
  type Shown,
  setStage,
  show,
  strike,
} from "../stage.ts";

interface Case {
  /** Of main: policies that count. */
  main?: Files;
  /** Of the pull request, besides a change of the healthy overlay. */
  head?: Record<string, Content | undefined>;
  inputs?: Record<string, string>;
  options?: Partial<RunOptions>;
}

/** Renders a pull request and has the bundle of policy-check judge it; `seen` gets all that is published. */
async function judge({ main, head, inputs, options }: Case, look: (shown: Shown) => void | Promise<void>) {
  const rendered = await play({ ...(main && { main }), ...(head && { head }) });
  const { stage, run } = rendered;
  const shown = await show(stage, {
    bundle: bundle("policy-check"),
    eventName: "pull_request",
    event: pullRequest(stage, "0".repeat(40)),
    ...options,
    inputs: {
      manifests: run.outputs.index!,
      "conftest-path": await findTool("conftest"),
      engines: "conftest",
      // What the base has as well counts here.
      "fail-on": "all",
      ...inputs,
    },
  });
  await look(shown);
  await run.cleanUp();
  await strike(shown);
}

const rego = (rules: string) => ({ "policy/a.rego": `package main\n${rules}\n` });
const say = (text: string) => JSON.stringify(text);
const failures = ({ report }: Shown) =>
  report!.failed.map(({ id, code, message }) => `${id} ${code}: ${message}`);
const messages = ({ report }: Shown) => report!.findings.map(({ message }) => message);

const orders = [
  "::set-output name=report::/etc",
  "::stop-commands::known",
  "::add-mask::e",
  "::error file=README.md,line=1::forged",
  "::set-env name=PATH::/tmp",
  "##[set-output name=report]/etc",
  "x ##[error]forged",
  "\u0085::error::forged",
  "\u2028::error::forged",
  "%0A::error::forged",
  "\r::error::forged",
];

/** Fails when the log shows anything but what we say, or an output is not ours. */
function expectUnmoved({ run }: Shown): void {
  for (const { command, data, properties } of run.commands)
    if (command !== "add-mask")
      expect(properties.title, data).toMatch(/^(conftest|exceptions|policy-check)[/:]|^policy-check/);
  expect(run.outputs.report).toMatch(/\/report\.json$/);
  expect(Object.keys(run.outputs).sort()).toEqual(["has-findings", "junit", "report", "sarif", "verdict"]);
}

describe("A. commands", () => {
  test("orders to the runner in messages, ids, fields, severities and addresses of a policy are only text", async () => {
    const rules = orders.map(
      (text, index) =>
        `deny_${index} contains {"msg": ${say(`first\n${text}\nlast`)}, "id": ${say(`i${index} ${text}`)}, "field": ${say(`data[${text}]`)}, "url": ${say(`https://a.example/${text}`)}, "severity": ${say(text)}} if input.metadata.name == "good"`,
    );
    await judge({ main: rego(rules.join("\n")) }, (shown) => {
      expect(shown.run.exitCode, shown.run.stdout).toBe(1);
      expect(messages(shown).filter((message) => message.startsWith("first"))).toHaveLength(orders.length);
      expectUnmoved(shown);
    });
  });

  test("orders in the names of policy files and in what conftest says of them are only text", async () => {
    const files = Object.fromEntries(
      orders.map((text, index) => [
        `policy/${index}\n${text.replaceAll("/", "_")}.rego`,
        `package p${index}\ndeny contains {\n${text}`,
      ]),
    );
    await judge({ main: files }, (shown) => {
      expect(shown.run.exitCode).toBe(1);
      expect(failures(shown).join()).toMatch(/compile/);
      expectUnmoved(shown);
    });
  });

  test("what a policy prints is not shown", async () => {
    await judge({ main: rego(`deny contains "x" if print(${say(orders.join("\n"))})`) }, (shown) => {
      expect(shown.run.stdout + shown.run.stderr).not.toContain("forged");
      expectUnmoved(shown);
    });
  });

  test("Markdown in messages shows as text in the summary", async () => {
    const marks = [
      "```\n# forged heading",
      "@octo-org/admins",
      "</details></details><h1>forged</h1>",
      "![x](https://beacon.example/x.png)",
      "[click](https://beacon.example)",
      "<!-- gitops-actions:policy-check -->",
      "| a | b |\n|---|---|\n| forged | row |",
      "\u202egnp.exe",
    ];
    const rules = marks.map(
      (text, index) => `deny_${index} contains ${say(text)} if input.metadata.name == "good"`,
    );
    await judge({ main: rego(rules.join("\n")) }, ({ run: { summary } }) => {
      expect(summary).toContain("forged");
      const html = micromark(summary, {
        ...{ extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true },
      });
      expect(html).not.toMatch(/<(img|script|h1)\b/i);
      expect(html).not.toMatch(/<a href="https:\/\/beacon/);
      const text = html.replace(/<(code|pre)\b[^>]*>[\s\S]*?<\/\1>/g, "");
      expect(text.replace(/&#8203;/g, "\u200b")).not.toMatch(/@octo-org/);
      expect(summary).not.toContain("<!-- gitops-actions");
      expect(summary).not.toContain("\u202e");
    });
  });

  test.each([
    ["policy", "--output=/tmp/x"],
    ["policy", "-C"],
    ["data", "--update"],
    ["namespace", "--policy"],
    ["values-file", "-"],
    ["exceptions", "--x"],
    ["path", "-C"],
    ["engines", "conftest\n::error::x"],
    ["packs", "../../etc"],
    ["conftest-version", "0.70.1\n::error::x"],
    ["time-limit", "1; touch x"],
  ])("input %s: %s is refused or found to name nothing", async (input, value) => {
    await judge({ main: rego('deny contains "x" if false'), inputs: { [input]: value } }, (shown) => {
      expect(shown.run.exitCode, shown.run.stdout).not.toBe(0);
      expect([1, 2]).toContain(shown.run.exitCode);
    });
  });

  test("policies with dashes, blanks and shell syntax in their names are policies", async () => {
    const names = ["-x", "--help", "a b", "$(touch x)", "a;b", "x'\"y"];
    const files = Object.fromEntries(
      names.map((name, index) => [
        `policy/${name}.rego`,
        `package p${index}\ndeny contains "said ${index}" if input.metadata.name == "good"\n`,
      ]),
    );
    await judge({ main: files }, (shown) => {
      expect(failures(shown)).toEqual([]);
      expect(messages(shown).sort()).toEqual(names.map((_, index) => `said ${index}`));
    });
  });
});

describe("D. resources", () => {
  const other = { "policy/b/b.rego": 'package other\ndeny contains "b" if input.metadata.name == "good"\n' };

  test("a policy that does not end is stopped, and the run is incomplete", async () => {
    const rules =
      "deny contains x if { some x in numbers.range(1, 100000); some y in numbers.range(1, 100000); x + y == 0 }";
    await judge({ main: rego(rules), inputs: { "time-limit": "3" } }, (shown) => {
      expect(shown.run.exitCode, shown.run.stdout).toBe(1);
      expect(failures(shown).join("\n")).toMatch(/deadline: conftest: conftest did not finish within 3 s/);
      expect(shown.report?.verdict).toBe("incomplete");
      expect(shown.run.milliseconds).toBeLessThan(30_000);
    });
  });

  test("a policy that eats memory is stopped", async () => {
    const rules =
      'deny contains x if { some x in [sprintf("%d", [n]) | some n in numbers.range(1, 50000000)] }';
    await judge({ main: { ...rego(rules), ...other }, inputs: { "memory-limit": "256" } }, (shown) => {
      expect(shown.run.exitCode, shown.run.stdout).toBe(1);
      expect(failures(shown).join("\n")).toMatch(/memory: conftest: conftest used more than 256 MiB/);
    });
  });

  test("a message of megabytes and ten thousand messages leave a summary that GitHub keeps", async () => {
    const rules = `big := concat("", [x | some n in numbers.range(1, 20000); x := sprintf("%050d ", [n])])
deny contains big if input.metadata.name == "good"
warn contains sprintf("warning %d", [n]) if { input.metadata.name == "good"; some n in numbers.range(1, 10000) }`;
    await judge({ main: rego(rules) }, (shown) => {
      expect(shown.run.exitCode).toBe(1);
      expect(shown.report?.findings.length).toBeGreaterThanOrEqual(10_001);
      expect(shown.run.summary).not.toBe("");
      for (const { data } of shown.run.annotations) expect(data.length).toBeLessThanOrEqual(4096);
      expect(shown.run.annotations.length).toBeLessThanOrEqual(30);
    });
  });

  test("aliases of aliases in values and in a policy's YAML end in a message", async () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[..."bcdefghij"].map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghij"[i]}`)}]\n`).join("")}`;
    const main = {
      ...rego('deny contains "x" if data.bomb'),
      "policy/bomb.yaml": bomb,
      "policies/kyverno/p.yaml": `apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n${bomb.replace(/^/gm, "  ")}`,
    };
    await judge({ main, inputs: { "memory-limit": "512", "time-limit": "20" } }, (shown) => {
      expect([1, 2, 3], shown.run.stdout).toContain(shown.run.exitCode);
      expect(shown.run.stdout).toMatch(/alias|bomb|memory/i);
    });
  });
});

describe("E. secrets", () => {
  const password = canary("password");
  const secret = `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: ${password}\n`;
  const head = { "apps/good/settings.yaml": `${manifest("good")}---\n${secret}` };
  const forms = [password, Buffer.from(password).toString("base64"), Buffer.from(password).toString("hex")];

  const quoting = {
    "as it is, in base64 and in parts of a message": `deny contains {"msg": sprintf("%v %v", [input.stringData, base64.encode(input.stringData.password)]), "field": "stringData.password"} if input.kind == "Secret"`,
    "as id, field and address": `deny contains {"msg": "m", "id": input.stringData.password, "field": sprintf("data[%s]", [input.stringData.password]), "url": input.stringData.password} if input.kind == "Secret"`,
    "as the message of a built-in function that fails": `deny contains "x" if { input.kind == "Secret"; to_number(input.stringData.password) > 1 }`,
    "as two values for one name": `v := input.stringData.password if input.kind == "Secret"\nv := "other" if input.kind == "Secret"\ndeny contains v`,
    "as what it prints": `deny contains "x" if { input.kind == "Secret"; print(input.stringData.password) }`,
  };
  test.each(Object.entries(quoting))(
    "of a Secret that a policy quotes %s are published nowhere",
    async (_, rules) => {
      await judge({ main: rego(rules), head }, (shown) => {
        expect(shown.run.exitCode, shown.run.stdout).toBe(1);
        for (const form of forms) expect(shown.published).not.toContain(form);
        expect(shown.published).not.toContain(password.slice(8));
      });
    },
  );

  test.each([
    [
      "http.send",
      (url: string) => `deny contains r.status if r := http.send({"method": "GET", "url": "${url}/?k=v"})`,
    ],
    ["net.lookup_ip_addr", () => 'deny contains a if some a in net.lookup_ip_addr("localhost")'],
    ["opa.runtime", () => "deny contains json.marshal(opa.runtime().env)"],
  ])("the built-in %s does not exist: nobody is asked and nothing is told", async (name, rules) => {
    const server = await listen();
    await judge({ main: rego(rules(server.url)) }, (shown) => {
      expect(shown.run.exitCode).toBe(1);
      expect(failures(shown).join("\n")).toContain(`undefined function ${name}`);
      expect(server.seen).toEqual([]);
    });
    await server.close();
  });

  test("with allow-network a policy sees no token in its environment", async () => {
    const rules = 'deny contains json.marshal(opa.runtime().env) if input.metadata.name == "good"';
    await judge({ main: rego(rules), inputs: { "allow-network": "true" } }, (shown) => {
      expect(messages(shown).join()).toContain("PATH");
      expect(messages(shown).join()).not.toMatch(/TOKEN|INPUT_|ACTIONS_|AWS_/);
    });
  });
});

describe("F. trust", () => {
  const strict = rego('deny contains "no debug" if input.data.level == "debug"');

  test("a pull request changes neither its policies, nor their values, nor its exceptions, nor gitops.yaml", async () => {
    const main = {
      ...rego('deny contains "no debug" if { input.data.level in data.levels }'),
      "policy/levels.yaml": "levels: [debug]\n",
    };
    const head = {
      "policy/a.rego": undefined,
      "policy/levels.yaml": "levels: []\n",
      "policy/free.rego": 'package main\ndeny contains "x" if false\nexception contains [""]\n',
      ".gitops/exceptions.yaml":
        'exceptions: [{rule: "*", owner: mallory, reason: none, expires: 2099-01-01}]\n',
      "gitops.yaml": "overlays: {ignore: ['apps/**']}\n",
    };
    for (const each of [
      head,
      { "policy/a.rego": head["policy/a.rego"] },
      { "policy/levels.yaml": head["policy/levels.yaml"] },
      { "policy/free.rego": head["policy/free.rego"] },
      { ".gitops/exceptions.yaml": head[".gitops/exceptions.yaml"] },
    ]) {
      const { "gitops.yaml": _, ...files } = each as typeof head;
      await judge({ main, head: files }, (shown) => {
        expect(messages(shown), Object.keys(files).join()).toContain("no debug");
        expect(shown.run.exitCode).toBe(1);
        expect(shown.report?.waived).toEqual([]);
        expect(shown.report?.notes.join("\n")).toContain(
          "this change alters policies, exceptions or their values",
        );
        expect(shown.report?.notes.join("\n")).toContain("with your policies");
      });
    }
  });

  test.each([
    ["policy", "outside/p.rego"],
    ["policy", "linked"],
    ["data", "linked"],
    ["values-file", "outside/p.rego"],
    ["exceptions", "outside/p.rego"],
    ["policy", "../outside"],
    ["data", "/etc"],
    ["exceptions", "../../outside/secret.yaml"],
    ["values-file", "/etc/passwd"],
  ])("input %s: %s, a link or a path that leads out, is not read", async (input, value) => {
    const stage = setStage();
    const head = { linked: { link: join(stage.root, "outside") }, "outside/p.rego": { link: stage.outside } };
    await judge({ main: { ...strict, ...head }, inputs: { [input]: value } }, (shown) => {
      expect(shown.run.exitCode, shown.run.stdout).not.toBe(0);
      for (const secret of Object.values(stage.canaries)) expect(shown.published).not.toContain(secret);
      expect(shown.published).not.toContain("root:");
    });
    stage.remove();
  });

  test("what overlays make of a policy cannot be laxer without being told, though its file is as it was", async () => {
    const policy = (name: string) =>
      `apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: ${name}}\nspec:\n  validationFailureAction: Enforce\n  rules: [{name: r, match: {any: [{resources: {kinds: [Pod]}}]}, validate: {message: m, deny: {}}}]\n`;
    const main = {
      "policies/p.yaml": policy("p"),
      "policies/q.yaml": policy("q"),
      "policies/kustomization.yaml": "resources: [p.yaml, q.yaml]\n",
    };
    const patch = "- {op: replace, path: /spec/validationFailureAction, value: Audit}";
    const head = {
      "policies/kustomization.yaml": `resources: [p.yaml]\npatches: [{target: {kind: ClusterPolicy}, patch: "${patch}"}]\n`,
    };
    await judge({ main, head }, (shown) => {
      expect(messages(shown).sort()).toEqual([
        "this change has kyverno p (r) refuse nothing any more, where it refused before, as rendered in policies",
        "this change removes 1 policy: kyverno q (no longer rendered in policies)",
      ]);
      expect(shown.report?.notes).toContainEqual(expect.stringContaining("this change alters policies"));
    });
  });

  test("a linked policy, and one below a linked folder, are not followed out of the repository, and named", async () => {
    const stage = setStage();
    const head = {
      "policy/evil.rego": { link: stage.outside },
      "policy/deep": { link: join(stage.root, "outside") },
    };
    await judge({ main: { ...strict, ...head } }, (shown) => {
      expect(messages(shown)).toEqual(["no debug"]);
      expect(shown.published).not.toContain(stage.canaries["file outside"]);
      expect(shown.report?.skipped.map(({ id, code }) => `${id} ${code}`)).toEqual(
        expect.arrayContaining(["policy/deep link", "policy/evil.rego link"]),
      );
    });
    stage.remove();
  });

  test("an engine in the cache that is not what was stored there is never started", async () => {
    const root = mkdtempSync(join(tmpdir(), "runner-"));
    const stolen = join(root, "stolen");
    const wanted = wantedTool("conftest", currentPlatform());
    for (const kind of ["release", "go"] as const) {
      const folder = entryFolder(join(root, "toolcache/gitops-actions"), wanted, kind);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "conftest"), `#!/bin/sh\ntouch ${stolen}\n`);
      chmodSync(join(folder, "conftest"), 0o755);
      const entry = { name: "conftest", version: wanted.version, origin: kind, from: "https://github.com" };
      const sha256 = createHash("sha256").update("what was stored").digest("hex");
      writeFileSync(join(folder, "entry.json"), JSON.stringify({ ...entry, sha256 }));
    }
    const stage = setStage();
    const env = { PATH: pathWithGitAlone(stage) };
    const inputs = { "conftest-path": "", "tools-mirror": "http://127.0.0.1:9/{asset}" };
    await judge({ main: strict, inputs, options: { root, env } }, (shown) => {
      expect(shown.run.exitCode, shown.run.stdout).toBe(1);
      expect(shown.report?.verdict).toBe("incomplete");
      expect(shown.run.stdout).toContain("is not the program that was stored there");
      expect(existsSync(stolen)).toBe(false);
    });
    stage.remove();
  });

  test("an engine that cannot be had makes the run incomplete, never a pass", async () => {
    const stage = setStage();
    const inputs = { "conftest-path": "", "tools-from": "path" };
    await judge({ main: strict, inputs, options: { env: { PATH: pathWithGitAlone(stage) } } }, (shown) => {
      expect(shown.run.exitCode, shown.run.stdout).toBe(1);
      expect(failures(shown).join()).toMatch(/1 policy was not evaluated/);
    });
    stage.remove();
  });
});

test("each output is read: a report, SARIF and JUnit are there", async () => {
  await judge({ main: rego('deny contains "x" if input.metadata.name == "good"') }, ({ run }) => {
    for (const name of ["report", "sarif", "junit"])
      expect(readFileSync(run.outputs[name]!, "utf8")).toContain("conftest/main/deny");
  });
});
