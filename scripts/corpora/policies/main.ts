import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { ensureTool, userCacheDir } from "@gitops-actions/engine";
import { markdownTable } from "markdown-table";
import { inParallel } from "../tools.ts";
import { type ExampleVerdict, judgeExamples } from "./conftest-judge.ts";
import { judgeTest, type Verdict } from "./kyverno-judge.ts";
import { type JudgedTest, runTests, testFolders } from "./kyverno-test.ts";

/**
 * Holds policy-check against the expectations of the engines themselves: Kyverno's own CLI tests and conftest's examples,
 * of `source`/kyverno-cli.tar.xz and conftest-examples.tar.xz. Returns the exit status: 1 when anything differs.
 */
export async function judgePolicies(source: string, write: boolean): Promise<number> {
  const temporary = mkdtempSync(join(tmpdir(), "corpora-policies-"));
  try {
    for (const name of ["kyverno-cli", "conftest-examples"])
      execFileSync("tar", ["-xJf", join(source, `${name}.tar.xz`), "-C", temporary]);
    const [kyverno, conftest] = [await toolPath("kyverno", temporary), await toolPath("conftest", temporary)];
    const archive = join(temporary, "kyverno-cli");
    const home = join(temporary, "home");
    const folders = testFolders(archive);
    const judged = await inParallel(folders, availableParallelism(), async (folder) => {
      const tests = await runTests(kyverno, archive, folder, home);
      const verdicts: Verdict[][] = [];
      for (const test of tests) verdicts.push(isPassed(test) ? await judgeTest(test, archive) : []);
      return { tests, verdicts: verdicts.flat() };
    });
    const tests = judged.flatMap((each) => each.tests);
    const verdicts = judged.flatMap((each) => each.verdicts);
    const examples = await judgeExamples(join(temporary, "conftest-examples"), conftest, home);
    const text = describe(tests, verdicts, examples);
    console.log(text);
    if (write) writeFileSync(join(import.meta.dirname, "../../../docs/policy-corpora.md"), text);
    return [...verdicts, ...examples].some(({ what }) => what === "differs") ? 1 : 0;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function toolPath(name: "kyverno" | "conftest", tempDir: string): Promise<string> {
  const machine = {
    ...{ env: process.env, cwd: process.cwd(), tempDir },
    ...{ cacheDir: userCacheDir(process.env), cores: availableParallelism() },
  };
  const progress = (message: string): void => console.error(message);
  return (await ensureTool(name, { allowBuild: true }, machine, progress)).path;
}

/** Whether the CLI itself passes a test; of others nothing is expected. */
function isPassed({ rows, broken }: JudgedTest): boolean {
  return broken === undefined && rows.every(({ reason }) => reason === "Ok" || reason === "Excluded");
}

function describe(
  tests: readonly JudgedTest[],
  verdicts: readonly Verdict[],
  examples: readonly ExampleVerdict[],
): string {
  const failing = tests.filter((test) => !isPassed(test));
  const count = (what: Verdict["what"]): number => verdicts.filter((each) => each.what === what).length;
  return `# What the engines themselves expect

Made by \`npm run corpora -- policies DIR\`, which holds policy-check against the tests that Kyverno and conftest come with.
The judge starts the engines itself, reads the tests with a reader of its own and compares row by row.

## Kyverno's own CLI tests

\`kyverno test\` runs ${tests.length} tests of Kyverno's repository; ${tests.length - failing.length} pass with the version that is pinned here, and give
${verdicts.length} rows of a policy, a rule and a resource. What we say of each row:

${table([
  ["row", "rows", "meaning"],
  ["the same", String(count("same")), "pass, fail, skip, warn or error, as the CLI says"],
  ["not evaluated, and said so", String(count("listed")), "listed in the report with a reason, never a pass"],
  ["differs", String(count("differs")), ""],
])}

By the verdict that the CLI gives, of the rows that are the same:

${table([["verdict", "rows"], ...tally(verdicts.filter(({ what }) => what === "same").map(({ why }) => why))])}

Why rows are not evaluated. Rendered manifests are new objects, nobody in particular asks for them, and there is no cluster:

${table([["why", "rows"], ...tally(verdicts.filter(({ what }) => what === "listed").map(({ why }) => shorten(why)))])}
${differences(verdicts)}
Tests that the pinned CLI does not pass itself: ${failing.map(({ folder }) => `\`${folder.replace("test/cli/", "")}\``).join(", ")}.
Some are meant to fail, others need a registry or a cluster.

## conftest's examples

${table([
  ["example", "statements of conftest", "ours", "why"],
  ...examples.map(({ example, statements, what, why }) => [
    example,
    String(statements),
    { same: "the same", listed: "not evaluated, and said so", differs: "differs" }[what],
    what === "same" ? "" : shorten(why),
  ]),
])}
`;
}

function table(rows: string[][]): string {
  return markdownTable(rows, { alignDelimiters: false });
}

function tally(words: readonly string[]): string[][] {
  const counts = [...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length] as const);
  return counts.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([word, n]) => [word, String(n)]);
}

/** The reason without the resources and rules that it is about. */
function shorten(why: string): string {
  const line = why.replace(/\s+/g, " ").replaceAll("|", "\\|");
  const known = [
    [/^needs-cluster/, "it asks a cluster or a registry"],
    [/^labels of namespace/, "labels of a namespace unknown"],
    [/^not-validating/, "a rule that mutates, generates or verifies images"],
    [/^other-operation/, "it is about an operation that is no creation"],
    [/^other-policy/, "a policy that changes, generates or deletes"],
    [/^needs-request/, "it depends on who asks"],
    [/^invalid/, "an API server refuses the policy"],
  ] as const;
  return known.find(([pattern]) => pattern.test(line))?.[1] ?? line.slice(0, 160);
}

function differences(verdicts: readonly Verdict[]): string {
  const differing = verdicts.filter(({ what }) => what === "differs");
  if (differing.length === 0) return "";
  const lines = differing.map(
    ({ test, row, why }) =>
      `- ${test}: ${row.policy} ${row.rule} ${row.resource.kind}/${row.resource.name}: ${why}`,
  );
  return `\nDiffering:\n\n${lines.join("\n")}\n`;
}
