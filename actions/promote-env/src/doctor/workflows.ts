import { isObject, type JsonObject, parseSource, writeJson } from "@gitops-actions/manifest";
import { at, type Diagnosis } from "./diagnosis.ts";

/** A job of a workflow, by the name its check has. */
export interface JobCheck {
  /** Undefined where an expression or a matrix makes it. */
  name: string | undefined;
  /** The beginning of its name, where the rest follows from a matrix. */
  prefix: string;
  path: string;
  line: number;
  /** Uses one of our actions or workflows. */
  ours: boolean;
  /** Runs for every pull request: not narrowed by paths. */
  always: boolean;
  /** Runs for pull requests, and in the merge queue. */
  events: string[];
}

/** Jobs inside our reusable workflows: GitHub names their checks `<job that calls> / <job inside>`. */
export const ourJobs: Readonly<Record<string, readonly string[]>> = {
  "pr-validation.yml": ["Render, validate and check policies"],
  "drift-report.yml": ["drift"],
  "promote.yml": ["Promote"],
};

/** Reads what a workflow file says, as far as it is judged. */
export function readWorkflow(path: string, text: string): { jobs: JobCheck[]; diagnoses: Diagnosis[] } {
  const { documents, problems } = parseSource(text, path);
  const value = documents[0]?.value;
  const [problem] = problems;
  if (problem || !isObject(value))
    return {
      jobs: [],
      diagnoses: [
        {
          check: "workflow",
          on: path,
          state: "unknown",
          message: `it cannot be read: ${problem?.message ?? "no workflow"}`,
        },
      ],
    };
  const lineOf = (pattern: RegExp) =>
    Math.max(1, text.split("\n").findIndex((line) => pattern.test(line)) + 1);
  const events = eventsOf(value);
  const jobs = isObject(value.jobs)
    ? Object.entries(value.jobs).filter((each): each is [string, JsonObject] => isObject(each[1]))
    : [];
  return {
    jobs: jobs.flatMap(([id, job]) =>
      checksOf(id, job, events, path, lineOf(new RegExp(`^\\s+["']?${id.replace(/\W/g, ".")}["']?:`))),
    ),
    diagnoses: [...pins(path, text), ...permissions(path, value, jobs), ...trust(path, events, jobs, lineOf)],
  };
}

interface Events {
  names: string[];
  narrowed: boolean;
}

function eventsOf(workflow: JsonObject): Events {
  // YAML 1.1 reads the key `on` as true.
  const on = workflow.on ?? workflow.true;
  if (typeof on === "string") return { names: [on], narrowed: false };
  if (Array.isArray(on)) return { names: on.filter((each) => typeof each === "string"), narrowed: false };
  if (!isObject(on)) return { names: [], narrowed: false };
  const pull = on.pull_request ?? on.pull_request_target;
  return {
    names: Object.keys(on),
    narrowed: isObject(pull) && (pull.paths !== undefined || pull["paths-ignore"] !== undefined),
  };
}

function checksOf(id: string, job: JsonObject, events: Events, path: string, line: number): JobCheck[] {
  const base = typeof job.name === "string" ? job.name : id;
  const matrix = isObject(job.strategy) && job.strategy.matrix !== undefined;
  const uses = typeof job.uses === "string" ? job.uses : undefined;
  const steps = Array.isArray(job.steps) ? job.steps.filter(isObject) : [];
  const own = /(?:^|\/)gitops-actions\//;
  const ours =
    (uses !== undefined && own.test(uses)) ||
    steps.some((step) => typeof step.uses === "string" && own.test(step.uses));
  const common = { path, line, ours, always: !events.narrowed && job.if === undefined, events: events.names };
  const known = base.includes("${{") || matrix ? undefined : base;
  const prefix = base.split("${{")[0]!;
  if (uses === undefined) return [{ ...common, name: known, prefix }];
  const inside = ours ? ourJobs[/([\w.-]+)@/.exec(uses)?.[1] ?? ""] : undefined;
  if (!inside) return [{ ...common, name: undefined, prefix }];
  return inside.map((name) => ({
    ...common,
    name: known === undefined ? undefined : `${known} / ${name}`,
    prefix,
  }));
}

function pins(path: string, text: string): Diagnosis[] {
  return text.split("\n").flatMap((line, index): Diagnosis[] => {
    const uses = /^\s*(?:-\s+)?uses:\s*["']?([^\s"'#]+)/.exec(line)?.[1];
    if (uses === undefined || uses.startsWith("./") || /@[0-9a-f]{40}$/.test(uses)) return [];
    if (uses.startsWith("docker://") ? /@sha256:/.test(uses) : false) return [];
    return [
      {
        check: "pinned-actions",
        on: `${path}:${index + 1}`,
        state: "wrong",
        severity: "notice",
        message: `${uses} is named by a tag or branch, which its owner can move`,
        help: "Name the full commit id, with the version in a comment.",
        location: at(path, index + 1),
      },
    ];
  });
}

function permissions(path: string, workflow: JsonObject, jobs: readonly [string, JsonObject][]): Diagnosis[] {
  const silent = jobs.filter(([, job]) => job.permissions === undefined).map(([id]) => id);
  if (workflow.permissions === "write-all")
    return [
      {
        check: "workflow-permissions",
        on: path,
        state: "wrong",
        severity: "error",
        message: "its jobs may write everything",
        help: "Name the permissions each job needs.",
        location: at(path, 1),
      },
    ];
  if (workflow.permissions !== undefined || silent.length === 0) return [];
  return [
    {
      check: "workflow-permissions",
      on: path,
      state: "wrong",
      severity: "warning",
      message: `${silent.join(", ")} names no permissions: what its token may do is decided by the repository's settings`,
      help: "Write `permissions: {}` at the top, and what each job needs at the job.",
      location: at(path, 1),
    },
  ];
}

/** Code of a fork must not run with a token that may write. */
function trust(
  path: string,
  events: Events,
  jobs: readonly [string, JsonObject][],
  lineOf: (pattern: RegExp) => number,
): Diagnosis[] {
  if (!events.names.includes("pull_request_target")) return [];
  const foreign = jobs.some(([, job]) =>
    writeJson(job.steps ?? []).match(
      /github\.event\.pull_request\.head\.(?:sha|ref)|github\.head_ref|refs\/pull\//,
    ),
  );
  if (!foreign) return [];
  return [
    {
      check: "foreign-code",
      on: path,
      state: "wrong",
      severity: "error",
      message:
        "pull_request_target checks out what a pull request brings: a fork's code gets this repository's token",
      help: "Use pull_request.",
      location: at(path, lineOf(/pull_request_target/)),
    },
  ];
}

/** Whether what our workflows check is required, and what is required can be there. */
export function judgeChecks(
  branch: string,
  required: readonly string[] | undefined,
  jobs: readonly JobCheck[],
  seen: readonly string[] | undefined,
  queue: boolean,
): Diagnosis[] {
  const check = "required-checks";
  if (!required)
    return [{ check, on: branch, state: "unknown", message: "which checks are required could not be read" }];
  const found: Diagnosis[] = [];
  const onPulls = jobs.filter(({ events }) => events.includes("pull_request"));
  for (const job of onPulls.filter(({ ours }) => ours)) {
    const name = job.name ?? `${job.prefix}...`;
    const isRequired = required.some((each) =>
      job.name === undefined ? job.prefix !== "" && each.startsWith(job.prefix) : each === job.name,
    );
    if (!isRequired)
      found.push({
        check,
        on: `${branch}/${name}`,
        state: "wrong",
        severity: "error",
        message: `${name} (${job.path}) is not required on ${branch}: a pull request can be merged although it fails`,
        help: "Add it to the required status checks of the ruleset, under exactly this name.",
        location: at(job.path, job.line),
      });
    else if (!job.always)
      found.push({
        check: "check-that-may-not-run",
        on: `${branch}/${name}`,
        state: "wrong",
        severity: "warning",
        message: `${name} is required, and does not run for every pull request (paths or if): those wait for it for ever`,
        help: "Let it run always; it is quick where nothing has changed.",
        location: at(job.path, job.line),
      });
    if (isRequired && queue && !job.events.includes("merge_group"))
      found.push({
        check: "merge-queue",
        on: `${branch}/${name}`,
        state: "wrong",
        severity: "error",
        message: `${branch} has a merge queue, and ${name} does not run in it: nothing is ever merged`,
        help: "Add `merge_group:` to the workflow's events.",
        location: at(job.path, job.line),
      });
  }
  const made = (name: string) =>
    onPulls.some((job) =>
      job.name === undefined ? job.prefix !== "" && name.startsWith(job.prefix) : job.name === name,
    );
  for (const name of required.filter((each) => !made(each))) {
    if (seen?.includes(name)) continue;
    found.push(
      seen && seen.length > 0
        ? {
            check: "check-that-never-comes",
            on: `${branch}/${name}`,
            state: "wrong",
            severity: "error",
            message: `${name} is required on ${branch}, and neither a workflow nor the last pull requests have a check of that name`,
            help: "Correct the name, or take it off the required checks.",
          }
        : {
            check: "check-that-never-comes",
            on: `${branch}/${name}`,
            state: "unknown",
            message: `no workflow here makes ${name}; whether another service does could not be seen`,
          },
    );
  }
  if (found.length === 0)
    found.push({
      check,
      on: branch,
      state: "fine",
      message:
        required.length > 0
          ? `required: ${required.join(", ")}`
          : "no workflow of ours runs on pull requests, and nothing is required",
    });
  return found;
}
