import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { PolicyInputs } from "@gitops-actions/policy-check";
import type { Report } from "@gitops-actions/report";
import { run } from "../tools.ts";
import { addCopies, checkStaged, type Staged } from "./stage.ts";

/** One way in which an example is meant to be run. */
interface Example {
  folder: string;
  /** Files, relative to the folder. */
  inputs: string[];
  policy: string;
  data?: string;
  namespaces?: string[];
  combine?: boolean;
  /** Why policy-check cannot look at the inputs as conftest does. */
  other?: string;
}

/** One row: what conftest says of an example, and whether we say it too. */
export interface ExampleVerdict {
  example: string;
  /** Statements of conftest: level and text. */
  statements: number;
  what: "same" | "listed" | "differs";
  why: string;
}

const noResource = "its input is no Kubernetes resource";
const noYaml = "its input is neither YAML nor JSON";

/** Of conftest's repository, examples/: as their READMEs and acceptance tests run them. */
const examples: readonly Example[] = [
  { folder: "kubernetes", inputs: ["deployment.yaml"], policy: "policy" },
  { folder: "kubernetes", inputs: ["service.yaml"], policy: "policy" },
  { folder: "kubernetes", inputs: ["deployment+service.yaml"], policy: "policy" },
  {
    folder: "kubernetes",
    inputs: ["deployment.yaml", "service.yaml"],
    policy: "policy",
    namespaces: ["main"],
  },
  { folder: "kubernetes", inputs: ["combine/combine.yaml"], policy: "combine", combine: true },
  { folder: "kubernetes", inputs: ["combine/deployment.yaml"], policy: "combine", combine: true },
  {
    ...{ folder: "kubernetes", policy: "combine", combine: true },
    inputs: ["combine/deployment.yaml", "combine/service.yaml"],
  },
  { folder: "data", inputs: ["service.yaml"], policy: "policy", data: "exclusions" },
  { folder: "exceptions", inputs: ["deployments.yaml"], policy: "policy" },
  { folder: "configfile", inputs: ["deployment.yaml"], policy: "test", namespaces: ["conftest"] },
  { folder: "kustomize", inputs: ["deployment.yaml", "service.yaml", "configMap.yaml"], policy: "policy" },
  { folder: "strict-rules", inputs: ["../kubernetes/deployment.yaml"], policy: "policy" },
  { folder: "combine", inputs: ["team.yaml", "user1.yaml", "user2.yaml"], policy: "policy", combine: true },
  { folder: "combine", inputs: ["team.yaml", "users.yaml"], policy: "policy", combine: true },
  { folder: "awssam", inputs: ["lambda.yaml"], policy: "policy", other: noResource },
  { folder: "compose", inputs: ["docker-compose.yml"], policy: "policy", other: noResource },
  { folder: "compose", inputs: ["docker-compose-valid.yml"], policy: "policy", other: noResource },
  { folder: "serverless", inputs: ["serverless.yaml"], policy: "policy", other: noResource },
  { folder: "cyclonedx", inputs: ["cyclonedx.json"], policy: "policy", other: noResource },
  { folder: "cyclonedx", inputs: ["cyclonedx.xml"], policy: "policy", other: noYaml },
  { folder: "dotenv", inputs: ["sample.env"], policy: "policy", other: noYaml },
  { folder: "ini", inputs: ["grafana.ini"], policy: "policy", other: noYaml },
  { folder: "properties", inputs: ["sample.properties"], policy: "policy", other: noYaml },
  { folder: "spdx", inputs: ["sbom.spdx"], policy: "policy", other: noYaml },
  { folder: "traefik", inputs: ["traefik.toml"], policy: "policy", other: noYaml },
  { folder: "xml", inputs: ["pom.xml"], policy: "policy", other: noYaml },
  // Policies that reach out: conftest says so only when it is told to be strict.
  { folder: "builtin-errors", inputs: ["../kubernetes/service.yaml"], policy: "invalid-dns.rego" },
  { folder: "capabilities", inputs: ["../kubernetes/service.yaml"], policy: "malicious.rego" },
  { folder: "report", inputs: ["../kubernetes/deployment.yaml"], policy: "policy" },
];

/** Has conftest and policy-check look at every example. */
export async function judgeExamples(
  archive: string,
  conftest: string,
  home: string,
): Promise<ExampleVerdict[]> {
  const verdicts: ExampleVerdict[] = [];
  for (const example of examples) {
    const folder = join(archive, "examples", example.folder);
    const theirs = await theirStatements(example, folder, conftest, home);
    const ours = await ourReport(example, folder);
    const name = `${example.folder}: ${example.inputs.map((path) => basename(path)).join(", ")}`;
    verdicts.push({ example: name, statements: theirs.length, ...compare(example, theirs, ours) });
  }
  return verdicts;
}

interface Raw {
  namespace: string;
  failures?: { msg: string }[];
  warnings?: { msg: string }[];
  exceptions?: { msg: string }[];
}

async function theirStatements(
  { inputs, policy, data, namespaces, combine }: Example,
  folder: string,
  conftest: string,
  home: string,
): Promise<string[]> {
  const args = [
    ...["test", "--output", "json", "--no-color", "--policy", policy],
    ...(data ? ["--data", data] : []),
    ...(namespaces ? namespaces.flatMap((name) => ["--namespace", name]) : ["--all-namespaces"]),
    ...(combine ? ["--combine"] : []),
    ...inputs,
  ];
  const { stdout, stderr } = await run(conftest, args, folder, home);
  const text = stdout.toString("utf8");
  if (text.trim() === "") return [`error ${stderr.slice(0, 200)}`];
  return (JSON.parse(text) as Raw[])
    .flatMap(({ failures = [], warnings = [], exceptions = [] }) => [
      ...failures.map(({ msg }) => `error ${msg}`),
      ...warnings.map(({ msg }) => `warning ${msg}`),
      ...exceptions.map(() => "excepted"),
    ])
    .sort();
}

async function ourReport(
  { inputs, policy, data, namespaces, combine }: Example,
  folder: string,
): Promise<Report> {
  const files: Staged = new Map();
  addCopies(
    files,
    "manifests",
    inputs.map((input) => join(folder, input)),
  );
  addTree(files, "policy", join(folder, policy));
  if (data) addTree(files, "values", join(folder, data));
  const more: Partial<PolicyInputs> = { policy: ["policy"], allowEmpty: true };
  return await checkStaged(files, {
    ...more,
    ...(data && { data: ["values"] }),
    ...(namespaces && { namespace: namespaces }),
    ...(combine !== undefined && { combine }),
  });
}

function addTree(files: Staged, place: string, path: string): void {
  if (!statSync(path).isDirectory()) return void files.set(`${place}/${basename(path)}`, { copy: path });
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    // Only what is read with the policies: examples keep inputs beside them.
    if (entry.isFile() && (place !== "policy" || file.endsWith(".rego")))
      files.set(`${place}/${file.slice(path.length + 1)}`, readFileSync(file, "utf8"));
  }
}

function compare(
  { other }: Example,
  theirs: readonly string[],
  report: Report,
): Pick<ExampleVerdict, "what" | "why"> {
  const excepted = report.notes.flatMap((note) => {
    const count = /^(once|(\d+) times) an exception/.exec(note);
    return count ? [count[2] ?? "1"] : [];
  });
  const ours = [
    ...report.findings.map(({ severity, message }) => `${severity} ${message}`),
    ...Array.from({ length: Number(excepted[0] ?? 0) }, () => "excepted"),
  ].sort();
  const problem = [...report.failed, ...report.skipped][0];
  if (other) {
    if (report.verdict === "passed") return { what: "differs", why: `passed, although ${other}` };
    return { what: "listed", why: `${other}: ${problem ? problem.code : report.verdict}` };
  }
  if (JSON.stringify(ours) === JSON.stringify(theirs)) {
    const said = problem && report.verdict !== "passed" ? `, and ${problem.code}` : "";
    return { what: "same", why: `${theirs.length} statements${said}` };
  }
  if (problem) return { what: "listed", why: `${problem.code}: ${problem.message}` };
  return { what: "differs", why: `theirs ${JSON.stringify(theirs)}, ours ${JSON.stringify(ours)}` };
}
