// Runs the tests: `npm test [-- PROJECT... FILTER... VITEST-OPTIONS]`, for example `npm test -- pure`,
// `npm test -- tools git`, `npm test -- -t "shallow clone"`. Ends with `N passed, N failed, N skipped`.
import { glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseCLI, type Reporter, startVitest, type TestModule } from "vitest/node";
import { formatSeconds } from "./duration.ts";
import { hasGo } from "./servers/build.ts";

/** One after another, so that what fails quickly is seen quickly. */
const projects = ["pure", "contract", "tools", "bundles", "servers", "dist", "e2e"];
/** Only when it is named: its tools take minutes to build. */
const onDemand = ["engines", "cluster"];
/** Their programs are only to be had from Go modules. */
const needGo = ["servers", "cluster"];

interface Skip {
  test: string;
  reason: string;
}

interface Tally {
  passed: number;
  failed: string[];
  skipped: Skip[];
}

const root = dirname(import.meta.dirname);

async function main(args: string[]): Promise<number> {
  const { filter, options } = parseCLI(["vitest", ...args]);
  const all = [...projects, ...onDemand];
  const named = all.filter((project) => filter.includes(project));
  const filters = filter.filter((word) => !all.includes(word));
  const total: Tally = { passed: 0, failed: [], skipped: [] };
  for (const project of named.length > 0 ? named : projects) {
    const began = performance.now();
    if (!(await hasFiles(project, filters))) continue;
    if (needGo.includes(project) && !hasGo(process.env)) {
      total.skipped.push({ test: project, reason: "there is no Go to build API servers with" });
      continue;
    }
    const tally = await runProject(project, filters, options);
    console.log(`${project}: ${count(tally)} in ${formatSeconds(performance.now() - began)}\n`);
    total.passed += tally.passed;
    total.failed.push(...tally.failed);
    total.skipped.push(...tally.skipped);
  }
  // A name pattern skips all that it does not match: such skips need no reason.
  const selected = options.testNamePattern !== undefined;
  return conclude(total, selected ? [] : await findUnexplained(total.skipped), selected);
}

/** Whether any test file of a project has one of the words in its path, the way Vitest filters. */
async function hasFiles(project: string, filters: readonly string[]): Promise<boolean> {
  for await (const file of glob(`test/${project}/**/*.test.ts`, { cwd: root })) {
    if (filters.length === 0 || filters.some((filter) => file.includes(filter.split(":")[0]!))) return true;
  }
  return false;
}

async function runProject(project: string, filters: string[], options: object): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: [], skipped: [] };
  const counter: Reporter = {
    onTestRunEnd(modules, errors) {
      for (const module of modules) addModule(tally, module);
      for (const error of errors) tally.failed.push(`outside of any test: ${error.message}`);
    },
  };
  const vitest = await startVitest(filters, {
    ...options,
    root,
    run: true,
    watch: false,
    project: [project],
    passWithNoTests: true,
    reporters: [["default", { summary: process.stdout.isTTY }], counter],
  });
  await vitest.close();
  return tally;
}

function addModule(tally: Tally, module: TestModule): void {
  // Errors of the file or of a suite (a failing import, beforeAll) fail tests that then never ran.
  for (const error of module.errors()) tally.failed.push(`${module.relativeModuleId}: ${error.message}`);
  for (const suite of module.children.allSuites()) {
    for (const error of suite.errors())
      tally.failed.push(`${module.relativeModuleId} > ${suite.fullName}: ${error.message}`);
  }
  for (const test of module.children.allTests()) {
    const result = test.result();
    const name = `${module.relativeModuleId} > ${test.fullName}`;
    if (result.state === "passed") tally.passed++;
    else if (result.state === "skipped") tally.skipped.push({ test: name, reason: result.note ?? "" });
    else tally.failed.push(name);
  }
}

/** Skips whose reason is not on the list: they would hide that something is not tested any more. */
async function findUnexplained(skips: readonly Skip[]): Promise<Skip[]> {
  const list = JSON.parse(await readFile(join(root, "test/allowed-skips.json"), "utf8")) as {
    reason: string;
  }[];
  return skips.filter((skip) => !list.some(({ reason }) => reason === skip.reason));
}

function conclude(total: Tally, unexplained: readonly Skip[], selected: boolean): number {
  if (!selected)
    for (const { test, reason } of total.skipped)
      console.log(`skipped: ${test} (${reason || "no reason given"})`);
  for (const { test } of unexplained) {
    console.log(
      `error: ${test} is skipped for a reason that is not in test/allowed-skips.json; skip with context.skip(reason).`,
    );
  }
  for (const name of total.failed) console.log(`failed: ${name}`);
  const none = total.passed + total.failed.length === 0;
  if (none) console.log("error: no test ran; are the names right?");
  console.log(count(total));
  return none || total.failed.length > 0 || unexplained.length > 0 ? 1 : 0;
}

function count({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`;
}

// Vitest sets process.exitCode for each run; what counts is the whole.
process.exit(await main(process.argv.slice(2)));
