// Secrets in configuration, found by the real gitleaks, and shown nowhere.
import { describe, expect, test } from "vitest";
import { makeMachine, write } from "../tools/engine/machine.ts";
import {
  check,
  checkIn,
  counts,
  type Files,
  failures,
  lines,
  makeRepository,
} from "../tools/policy/stage.ts";

// Made up, and put together here, so that scanners of this repository pass them by.
const token = ["ghp", "x8Kq2Lw9Zr4Tn6Vb1Mc3Pd5Hs7Jf0Ya2QeWu"].join("_");
const aws = ["AKIA", "Z7QK4PLM3NXW2RTB"].join("");
const stripe = ["sk", "live", "51NkQ8xLr2Vw7Tz4Bm9Yp3Hs"].join("_");
const secrets = [token, aws, stripe];

const configMap = (name: string, data: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata:\n${data}`;
const deployment = (env: string) =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: app, image: "web:1", env: [${env}]}]}}}\n`;

async function scan(files: Files, inputs = {}) {
  const report = await check(files, { packs: ["secrets"], ...inputs });
  const text = JSON.stringify(report);
  for (const secret of secrets) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(Buffer.from(secret).toString("base64").slice(2, -4));
  }
  return report;
}

describe("gitleaks", () => {
  test("finds secrets in ConfigMaps, variables and arguments, with resource and field", async () => {
    const report = await scan({
      "manifests/a.yaml": [
        configMap(
          "settings",
          `  token: ${token}\n  app.properties: |\n    a=1\n    aws.key=${aws}\n  plain: hello\n`,
        ),
        deployment(`{name: STRIPE_KEY, value: ${stripe}}, {name: MODE, value: production}`),
        `apiVersion: batch/v1\nkind: Job\nmetadata: {name: job}\nspec: {template: {spec: {containers: [{name: a, image: "a:1", args: ["--token", "${token}"]}]}}}\n`,
        `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: packed}\nbinaryData: {notes: ${Buffer.from(`token ${token}`).toString("base64")}}\n`,
      ].join("---\n"),
    });
    const leaks = lines(report).filter((line) => line.includes("gitleaks/"));
    expect(leaks.sort()).toEqual([
      "error gitleaks/aws-access-token ConfigMap/settings /data/app.properties: data[app.properties], line 2 of it, looks like a secret (aws access token)",
      "error gitleaks/github-pat ConfigMap/packed /binaryData/notes: binaryData[notes] looks like a secret (github pat)",
      "error gitleaks/github-pat ConfigMap/settings /data/token: data[token] looks like a secret (github pat)",
      "error gitleaks/github-pat Job/job /spec/template/spec/containers/0/args/1: spec[template][spec][containers][0][args][1] looks like a secret (github pat)",
      "error gitleaks/stripe-access-token Deployment/web /spec/template/spec/containers/0/env/0/value: the variable STRIPE_KEY of container app looks like a secret (stripe access token)",
    ]);
    expect(report.findings.map(({ location }) => location?.path)).toContain("manifests/a.yaml");
    // What it found the pattern does not say again.
    expect(lines(report).filter((line) => line.includes("credential-in-config"))).toEqual([]);
    expect(counts(report, "gitleaks/secrets")).toBe("4 evaluated, 4 matched, 0 passed, 0 warned, 4 failed");
    expect(report.tools.map(({ name }) => name)).toContain("gitleaks");
  });

  test("hides what it found in what other policies say", async () => {
    const report = await scan({
      "policy/a.rego": "package main\ndeny contains sprintf(`data: %v`, [input.data]) if input.data\n",
      "manifests/a.yaml": configMap("settings", `  harmless: ${token}\n`),
    });
    expect(report.findings.map(({ message }) => message)).toContain('data: {"harmless": "«hidden 1»"}');
  });

  test("is not silenced by the manifests, and reads what begins like an archive", async () => {
    const report = await scan({
      ".gitleaks.toml": "[allowlist]\nregexes = ['.*']\n",
      ".gitleaksignore": "manifests/a.yaml:github-pat:1\n",
      "manifests/a.yaml": configMap(
        "settings",
        `  a: "${token} # gitleaks:allow"\n  b: "PK\\x03\\x04 ${aws}"\n`,
      ),
    });
    expect(lines(report).map((line) => line.split(" ")[1])).toEqual(
      expect.arrayContaining(["gitleaks/github-pat", "gitleaks/aws-access-token"]),
    );
    expect(failures(report)).toEqual([]);
  });

  test("leaves Secrets and encrypted files to other rules, and ordinary settings alone", async () => {
    const report = await scan({
      "manifests/a.yaml": [
        `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {token: ${token}}\n`,
        configMap("settings", "  url: https://example.com/a?b=c\n  checksum: 3f1c\n  level: information\n"),
      ].join("---\n"),
    });
    expect(lines(report).filter((line) => line.includes("gitleaks/"))).toEqual([]);
    expect(lines(report).join()).toContain("plaintext-secret");
  });

  test("finds secrets in the files of values that overlays read, and tells new from old", async () => {
    const machine = makeMachine();
    const old = { "apps/a/values.yaml": `db:\n  token: ${token}\n`, "apps/a/Chart.yaml": "name: a\n" };
    const { index, folder } = makeRepository(
      machine,
      old,
      { ...old, "apps/a/values-prod.yaml": `# values\nstripe:\n  key: ${stripe}\n` },
      { "apps/a": { base: configMap("a", "  x: y\n"), head: configMap("a", "  x: z\n") } },
    );
    const text = JSON.parse(await (await import("node:fs/promises")).readFile(index, "utf8")) as {
      overlays: { kind: string; path: string; options: { values: string[] } }[];
    };
    for (const overlay of text.overlays) {
      overlay.kind = "helm";
      overlay.options.values = ["apps/a/values-prod.yaml"];
    }
    write(machine.tempDir, { "rendered/index.json": JSON.stringify(text) });
    const report = await checkIn(machine, { manifests: index, path: folder, packs: ["secrets"] });
    expect(JSON.stringify(report)).not.toContain(token);
    const found = report.findings.map(
      ({ rule, location, places }) => `${rule} ${location?.path}:${location?.line} ${places[0]?.state}`,
    );
    expect(found.sort()).toEqual([
      "gitleaks/github-pat apps/a/values.yaml:2 existing",
      "gitleaks/stripe-access-token apps/a/values-prod.yaml:3 new",
    ]);
  });
});

describe("without gitleaks", () => {
  const files = { "manifests/a.yaml": configMap("settings", `  token: ${token}\n`) };
  const nowhere = { from: "path", allowBuild: false, paths: {} } as const;

  test("the pattern stands in for it, and the report says so", async () => {
    const machine = makeMachine();
    write(machine.folder, files);
    const report = await scan(files, { engines: ["conftest"] });
    expect(lines(report)).toEqual([expect.stringContaining("credential-in-config ConfigMap/settings")]);
    expect(report.skipped).toContainEqual({
      kind: "engine",
      id: "gitleaks",
      code: "engine-not-asked",
      message:
        "gitleaks was not asked for (engines), so the pattern of credential-in-config stood in for the secret scanner",
    });
  });

  test("a run that asked for it by name is incomplete", async () => {
    const report = await scan(files, { engines: ["gitleaks"], tools: nowhere });
    expect(failures(report)).toEqual([expect.stringMatching(/^gitleaks not-found: .*gitleaks/s)]);
    expect(report.verdict).toBe("incomplete");
  });
});
