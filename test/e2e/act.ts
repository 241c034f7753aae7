import { execFile } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findTool } from "../setup/tools.ts";

/** What act printed of one run, sorted by what it means. */
export interface Run {
  /** Result by job id: success, failure. A called workflow's jobs are listed under their own id. */
  jobs: Record<string, string>;
  /** Result by step id, of the steps that have one. */
  steps: Record<string, string>;
  /** Outputs by step id and name. */
  outputs: Record<string, Record<string, string>>;
  /** Job summary, by step id. */
  summary: Record<string, string>;
  /** Workflow commands and messages as plain text: what a person reads in the log. */
  log: string;
}

export interface RunOptions {
  /** The repository whose workflow runs; it is copied, never changed. */
  repository: string;
  workflow: string;
  event: string;
  payload: object;
  /** What `org/gitops-actions@v1` is: an unpacked release. */
  release: string;
  /** Empty folder for homes, caches and uploads of this run. */
  work: string;
  /** The job's token; default: one that nothing accepts. */
  token?: string;
  /** More environment of every job, such as GITHUB_API_URL. */
  env?: Record<string, string>;
  secrets?: Record<string, string>;
  variables?: Record<string, string>;
  /** Actions of others that are not fetched: the folder that stands in, by `owner/name@ref`. */
  standIns?: Record<string, string>;
}

interface Line {
  msg: string;
  job?: string;
  jobID?: string;
  jobResult?: string;
  stepID?: string[];
  stage?: string;
  stepResult?: string;
  command?: string;
  name?: string;
  arg?: string;
  content?: string;
}

/** Runs one workflow of a repository in act, without Docker, in an environment that holds nothing of this one. */
export async function runWorkflow(options: RunOptions): Promise<Run> {
  const { work, token = "ghs_exampleexampleexampleexampleexample" } = options;
  const each = (flag: string, values: Record<string, string> = {}) =>
    Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  const file = join(work, "event.json");
  mkdirSync(join(work, "uploads"), { recursive: true });
  writeFileSync(file, JSON.stringify(options.payload));
  const args = [
    options.event,
    ...["--workflows", options.workflow, "--eventpath", file, "--json"],
    ...[
      "--platform",
      "ubuntu-latest=-self-hosted",
      "--action-cache-path",
      join(work, "act"),
      "--no-cache-server",
    ],
    ...["--local-repository", `org/gitops-actions@v1=${options.release}`],
    ...["--local-repository", `${uploadArtifact}=${makeUpload(work)}`],
    ...each("--local-repository", options.standIns),
    ...each("--secret", { GITHUB_TOKEN: token, ...options.secrets }),
    ...each("--var", options.variables),
    ...each("--env", { UPLOADS: join(work, "uploads"), ...options.env }),
  ];
  const env = { PATH: await makePath(work), HOME: work, TMPDIR: work };
  const run = promisify(execFile)(await findTool("act"), args, {
    cwd: options.repository,
    env,
    maxBuffer: 1 << 26,
  });
  // A failed job is an exit status, and one of the things to look at.
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  return readRun(stdout);
}

/** Sorts act's lines of JSON. */
function readRun(stdout: string): Run {
  const run: Run = { jobs: {}, steps: {}, outputs: {}, summary: {}, log: "" };
  for (const text of stdout.split("\n").filter((line) => line.startsWith("{"))) {
    const line = JSON.parse(text) as Line;
    const step = line.stepID?.join("/") ?? "";
    run.log += `${line.msg.trimEnd()}\n`;
    if (line.jobID && line.jobResult) run.jobs[line.jobID] = line.jobResult;
    if (line.stage === "Main" && line.stepResult) run.steps[step] = line.stepResult;
    if (line.command === "set-output")
      run.outputs[step] = { ...run.outputs[step], [line.name!]: line.arg ?? "" };
    if (line.command === "summary") run.summary[step] = line.content ?? "";
  }
  return run;
}

/** As pr-validation.yml pins it. */
const uploadArtifact = "actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f";

/** A stand-in for actions/upload-artifact, which cannot be fetched here: it copies a folder to $UPLOADS/<name>/. */
function makeUpload(work: string): string {
  const folder = join(work, "upload-artifact");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "action.yml"),
    `name: upload
description: copies a folder
inputs:
  name: { required: true, description: name }
  path: { required: true, description: path }
  retention-days: { description: days }
runs:
  using: composite
  steps:
    - shell: bash
      env: { NAME: "\${{ inputs.name }}", FILE: "\${{ inputs.path }}" }
      run: mkdir -p "$UPLOADS/$NAME" && cp -R "$FILE"/. "$UPLOADS/$NAME/"
`,
  );
  return folder;
}

/** A PATH with the Node that actions run with, the tools, and the system's own programs. */
async function makePath(work: string): Promise<string> {
  const folder = join(work, "bin");
  mkdirSync(folder, { recursive: true });
  for (const tool of ["kustomize", "helm", "kubeconform", "conftest"] as const)
    symlinkSync(await findTool(tool), join(folder, tool));
  return [dirname(process.execPath), folder, "/usr/local/bin", "/usr/bin", "/bin"].join(":");
}
