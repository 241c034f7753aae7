import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { parseAllDocuments } from "yaml";
import { run } from "../tools.ts";

/** One line of what a test expects: of one policy (and rule), for some resources. */
export interface ExpectedResult {
  policy: string;
  rule?: string;
  kind?: string;
  resources?: string[];
  result: "pass" | "fail" | "skip" | "warn" | "error";
  operation?: string;
}

/** A `kyverno-test.yaml`: https://kyverno.io/docs/kyverno-cli/reference/kyverno_test. Only the fields that decide are named. */
export interface KyvernoTest {
  policies?: string[];
  resources?: string[];
  exceptions?: string[];
  paramResources?: string[];
  variables?: string;
  values?: Record<string, unknown>;
  results?: ExpectedResult[];
  [field: string]: unknown;
}

/** One row that the CLI printed: what it expected, and whether that came true. */
export interface TestRow {
  policy: string;
  rule: string;
  resource: { kind: string; namespace: string; name: string };
  expected: ExpectedResult["result"] | undefined;
  operation?: string;
  /** `Ok`, or why it did not come true. */
  reason: string;
}

export interface JudgedTest {
  /** Folder, relative to the archive. */
  folder: string;
  test: KyvernoTest;
  rows: TestRow[];
  /** Why the CLI did not get as far as rows. */
  broken?: string;
}

/** Has the CLI itself run the tests of one folder. */
export async function runTests(
  kyverno: string,
  archive: string,
  folder: string,
  home: string,
): Promise<JudgedTest[]> {
  const text = readFileSync(join(folder, "kyverno-test.yaml"), "utf8");
  const tests = parseAllDocuments(text)
    .map((document) => document.toJS() as KyvernoTest | null)
    .filter((test) => test !== null);
  const { stdout, stderr } = await run(
    kyverno,
    ["test", ".", "--output-format", "json", "--remove-color"],
    folder,
    home,
  );
  const tables = tablesIn(stdout.toString("utf8"));
  const broken = /^Error: (failed .*)$/m.exec(stderr)?.[1];
  return tests.map((test, index) => ({
    folder: relative(archive, folder),
    test,
    rows: (tables[index] ?? []).map((row) => rowOf(row, test)),
    ...(tables[index] === undefined && { broken: broken ?? "the CLI printed no rows" }),
  }));
}

type Printed = Record<"POLICY" | "REASON" | "RESOURCE" | "RESULT" | "RULE", string>;

/** The tables of the folder's own tests: the CLI goes on into the folders below it. */
function tablesIn(text: string): Printed[][] {
  return text
    .split(/^Loading test {2}\( /m)
    .filter((part) => part.startsWith("kyverno-test.yaml )"))
    .flatMap((part) => [...part.matchAll(/^\[$.*?^\]$/gms)].map(([table]) => JSON.parse(table) as Printed[]));
}

function rowOf({ POLICY, REASON, RESOURCE, RULE }: Printed, test: KyvernoTest): TestRow {
  const [name = "", namespace = "", kind = ""] = RESOURCE.split("/").toReversed();
  const resource = { kind, namespace, name };
  const about = (test.results ?? []).filter(
    (each) =>
      each.policy.split("/").at(-1) === POLICY.split("/").at(-1) &&
      (!each.kind || kind === "" || each.kind === "*" || each.kind === kind) &&
      (each.resources === undefined || each.resources.some((given) => namesResource(given, resource))),
  );
  // The CLI names a rule that it made of another one, and `exception` where one applied; a result may name none.
  const found = about.find(({ rule }) => rule === RULE) ?? about.find(({ rule = "" }) => isRule(rule, RULE));
  return {
    ...{ policy: POLICY, rule: RULE, resource, expected: found?.result, reason: REASON },
    ...(found?.operation && { operation: found.operation }),
  };
}

function isRule(given: string, printed: string): boolean {
  return (
    given === "" ||
    printed === "" ||
    printed === "exception" ||
    printed.replace(/^autogen-(?:cronjob-)?/, "") === given
  );
}

/** `name`, `namespace/name`, or `apiVersion/kind/namespace/name`. */
function namesResource(given: string, { kind, namespace, name }: TestRow["resource"]): boolean {
  const [own, space, type] = given.split("/").toReversed();
  return own === name && (!space || space === namespace) && (!type || type === kind);
}

/** Folders that hold a test, sorted. */
export function testFolders(archive: string): string[] {
  return readdirSync(archive, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name === "kyverno-test.yaml")
    .map((entry) => entry.parentPath)
    .sort();
}

/** Files that a test's list names: files, and the YAML of folders. */
export function filesOf(folder: string, names: readonly string[] = []): string[] {
  return names
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .flatMap((path) =>
      statSync(path).isDirectory()
        ? readdirSync(path)
            .filter((name) => /\.ya?ml$/.test(name))
            .sort()
            .map((name) => join(path, name))
        : [path],
    );
}
