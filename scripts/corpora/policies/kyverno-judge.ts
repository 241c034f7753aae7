import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "@gitops-actions/report";
import { parseAllDocuments } from "yaml";
import { filesOf, type JudgedTest, type TestRow } from "./kyverno-test.ts";
import { addCopies, checkStaged, type Staged } from "./stage.ts";

/** What became of one row. same: our verdict is the CLI's. listed: we say that it was not evaluated. differs: neither. */
export interface Verdict {
  test: string;
  row: TestRow;
  what: "same" | "listed" | "differs";
  why: string;
}

interface Policy {
  kind: string;
  name: string;
  engine: "kyverno" | "vap";
  text: string;
}

/** Has policy-check judge what a test gives, and compares row by row. */
export async function judgeTest(judged: JudgedTest, archive: string): Promise<Verdict[]> {
  const { test, rows } = judged;
  const folder = join(archive, judged.folder);
  const files: Staged = new Map();
  const policyFiles = filesOf(folder, test.policies);
  addCopies(files, "policies", policyFiles);
  addCopies(files, "policies/exceptions", filesOf(folder, test.exceptions));
  addCopies(files, "policies/parameters", filesOf(folder, test.paramResources));
  addCopies(files, "manifests", filesOf(folder, test.resources));
  const policies = policyFiles.flatMap(policiesIn);
  files.set("policies/bindings.yaml", bindingsFor(policies, policyFiles));
  const values = valuesOf(test, folder);
  if (values) files.set("values.yaml", values);
  const report = await checkStaged(files, {
    ...{ policy: ["policies"], allowEmpty: true },
    ...(values && { valuesFile: "values.yaml" }),
  });
  return rows.map((row) => ({ test: judged.folder, row, ...compareRow(row, rows, test, policies, report) }));
}

function policiesIn(path: string): Policy[] {
  return parseAllDocuments(readFileSync(path, "utf8")).flatMap((document) => {
    const value = document.toJS() as { kind?: string; metadata?: { name?: string } } | null;
    if (!value?.kind || !value.metadata?.name) return [];
    const engine = value.kind === "ValidatingAdmissionPolicy" ? "vap" : "kyverno";
    return [{ kind: value.kind, name: value.metadata.name, engine, text: String(document) }];
  });
}

/** `kyverno test` asks policies that nothing binds; an API server does not, and so neither do we. Each gets a binding. */
function bindingsFor(policies: readonly Policy[], files: readonly string[]): string {
  const texts = files.map((path) => readFileSync(path, "utf8")).join("\n");
  return policies
    .filter(
      ({ engine, name }) =>
        engine === "vap" && !new RegExp(`policyName:\\s*"?${name}"?\\s*$`, "m").test(texts),
    )
    .map(
      ({ name }) =>
        `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {name: ${name}}\nspec: {policyName: ${name}, validationActions: [Deny]}\n`,
    )
    .join("---\n");
}

function valuesOf({ variables, values }: JudgedTest["test"], folder: string): string | undefined {
  if (variables) return readFileSync(join(folder, variables), "utf8");
  if (!values) return undefined;
  return JSON.stringify({
    apiVersion: "cli.kyverno.io/v1alpha1",
    kind: "Values",
    metadata: { name: "v" },
    ...values,
  });
}

/** What a rendered manifest does not have, and a test may give. */
const given = {
  userinfo: "a user's request",
  clusterResources: "objects of a cluster",
  targetResources: "objects of a cluster",
  context: "answers of a cluster, made up",
  apiCallResponses: "answers of a cluster, made up",
  globalContextEntries: "answers of a cluster, made up",
  jsonPayloads: "JSON that is no resource",
  httpPayloads: "an HTTP request",
  envoyPayloads: "an Envoy request",
} as const;

/** What a policy is about that no manifest is. */
function unrendered(row: TestRow, { text }: Policy, test: JudgedTest["test"]): string | undefined {
  const payload = (["jsonPayloads", "httpPayloads", "envoyPayloads"] as const).find((field) => test[field]);
  if (payload) return given[payload];
  if (row.operation || /\b(?:DELETE|CONNECT)\b/.test(text)) return "an operation that is no creation";
  if (/kinds:\s*\n\s*- "?\w+\/\w+/.test(text)) return "a subresource";
  return undefined;
}

const evaluatedKinds = /^(?:Cluster)?Policy$|^(?:Namespaced)?ValidatingPolicy$|^ValidatingAdmissionPolicy$/;

function compareRow(
  row: TestRow,
  rows: readonly TestRow[],
  test: JudgedTest["test"],
  policies: readonly Policy[],
  report: Report,
): Pick<Verdict, "what" | "why"> {
  const name = row.policy.split("/").at(-1)!;
  const policy = policies.find((each) => each.name === name);
  if (!policy) return { what: "differs", why: "the test names no such policy" };
  const ours = ourVerdict(row, policy, rows, report);
  const theirs = theirVerdict(row);
  if (ours === theirs) return { what: "same", why: theirs };
  if (!evaluatedKinds.test(policy.kind) && isListed(policy, report))
    return { what: "listed", why: `${policy.kind}: changes, generates, deletes or verifies` };
  if (isListed(policy, report)) {
    const reason = Object.entries(given).find(([field]) => test[field] !== undefined)?.[1];
    return { what: "listed", why: reason ? `it needs ${reason}` : saidOf(policy, report) };
  }
  if (!evaluatedKinds.test(policy.kind)) return { what: "differs", why: `${policy.kind} is not listed` };
  // Nothing of the kind is rendered: the policy is shown as one that matches nothing, which is no pass.
  const kind = unrendered(row, policy, test);
  if (kind && ["not evaluated", "matches nothing"].includes(ours))
    return { what: "listed", why: `it is about ${kind}` };
  return { what: "differs", why: `expected ${theirs}, got ${ours}` };
}

/** Rows that the CLI calls excluded were not evaluated, whatever the test expects of them. */
function theirVerdict({ expected, reason }: TestRow): string {
  return reason === "Excluded" ? "skip" : (expected ?? "nothing");
}

function ourVerdict(row: TestRow, policy: Policy, rows: readonly TestRow[], report: Report): string {
  const { engine, name } = policy;
  const rule = row.rule.replace(/^autogen-(?:cronjob-)?/, "");
  const isRule = (id: string): boolean => {
    const [own = "", ...rest] = id.split("/");
    if (own !== engine) return false;
    // Of policies without rules each validation is one.
    const named = rest.filter((part) => !/^\d+$/.test(part) || part === rule);
    return named.includes(name) && (named.at(-1) === name || named.at(-1) === rule);
  };
  const found = report.findings.find(
    (finding) => isRule(finding.rule) && finding.resource && isResource(finding.resource, row.resource),
  );
  if (found) return found.severity === "warning" && row.expected === "warn" ? "warn" : "fail";
  const failed = report.failed.some(
    ({ id, message }) =>
      isRule(`${engine}/${id}`) && ` ${message}`.split(/[\s,:/]/).includes(row.resource.name),
  );
  if (failed) return "error";
  const count = report.engines?.find(
    (each) => each.name === engine && (each.policy ?? "").split("/").at(-1) === name,
  );
  if (!count || count.notEvaluated.length > 0) return "not evaluated";
  const own = rows.filter(({ policy: each }) => each.split("/").at(-1) === name);
  const passing = namesWhere(
    own,
    (verdicts) => verdicts.includes("pass") && !verdicts.some((each) => each !== "pass" && each !== "skip"),
  );
  const silent = namesWhere(own, (verdicts) => verdicts.every((each) => each === "skip"));
  const isSilent = count.passed <= count.evaluated - silent.size;
  const key = keyOf(row);
  if (silent.has(key)) return isSilent ? "skip" : "pass";
  if (theirVerdict(row) === "skip") return "skip";
  if (count.matched === 0) return "matches nothing";
  return count.passed >= passing.size ? "pass" : `${count.passed} of ${passing.size} passed`;
}

function namesWhere(rows: readonly TestRow[], is: (verdicts: string[]) => boolean): Set<string> {
  const groups = Map.groupBy(rows, keyOf);
  return new Set([...groups].filter(([, some]) => is(some.map(theirVerdict))).map(([key]) => key));
}

function keyOf({ resource: { kind, namespace, name } }: TestRow): string {
  return `${kind}/${namespace}/${name}`;
}

function isResource(
  { kind, namespace, name }: { kind: string; namespace: string; name: string },
  row: TestRow["resource"],
): boolean {
  return (
    name === row.name &&
    (row.kind === "" || kind === row.kind) &&
    (namespace === row.namespace || (namespace === "" && row.namespace === "default"))
  );
}

/** Whether the report says of a policy that it, or part of it, was not evaluated. */
function isListed(policy: Policy, report: Report): boolean {
  return saidOf(policy, report) !== "";
}

function saidOf({ engine, name, text }: Policy, report: Report): string {
  const line = [...report.skipped, ...report.failed].find(
    ({ id, message }) =>
      id === name ||
      id.split("/").includes(name) ||
      new RegExp(`(?:^|[\\s/])${name}(?=$|[\\s,.:])`).test(message),
  );
  if (line) return `${line.code}: ${line.message}`;
  const file = [...report.skipped, ...report.failed].find(
    ({ id }) => /^policies\/\d+-/.test(id) && text.includes(name),
  );
  if (file) return `${file.code}: ${file.message}`;
  const count = report.engines?.find(
    (each) => each.name === engine && (each.policy ?? "").split("/").at(-1) === name,
  );
  return count?.notEvaluated.join() ?? "";
}
