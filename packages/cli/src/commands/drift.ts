import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { publish } from "@gitops-actions/action";
import { defaults, readInputs, run, syncSection } from "@gitops-actions/drift-report";
import { flag, text } from "../arguments.ts";
import type { Command, Option } from "../command.ts";
import { readTyped } from "../inputs.ts";
import {
  overlayOption,
  reportOptions,
  severityOption,
  toolOptions,
  toolSourceOptions,
  typedTools,
} from "./options.ts";

const options = {
  environment: { type: "string", short: "e", value: "NAME", help: "the environment that the cluster is" },
  cluster: { type: "string", value: "NAME", help: "the cluster's name in the repository" },
  ...overlayOption,
  revision: {
    type: "string",
    value: "WHICH",
    help: "compare with the commit that is applied, or with what is checked out",
    words: ["applied", "head"],
    standard: "applied",
  },
  mode: {
    type: "string",
    value: "HOW",
    help: "server-dry-run asks the server, which needs the right to patch",
    words: ["read", "server-dry-run"],
    standard: "read",
  },
  orphans: { type: "boolean", help: "look for objects that nobody tracks, in the environment's namespaces" },
  head: {
    type: "string",
    value: "REF",
    help: "compare with this branch, tag or commit",
    standard: "the working tree",
    input: "ref",
    aliases: ["ref"],
    raw: true,
  },
  fetch: { type: "boolean", on: true, help: "fail instead of fetching a commit that is not here" },
  kubeconfig: { type: "string", value: "FILE", help: "kubeconfig to use (default: kubectl's own choice)" },
  context: { type: "string", value: "NAME", help: "context of the cluster" },
  "hub-context": {
    type: "string",
    value: "NAME",
    help: "context of the cluster with Argo CD's or Flux's objects",
  },
  owners: {
    type: "string",
    multiple: true,
    value: "MANAGER",
    help: "field manager that may write what it likes, such as keda-*",
    aliases: ["owner"],
  },
  "sync-limit": {
    type: "string",
    value: "MINUTES",
    help: "how long something may be suspended, failing or out of sync",
    standard: String(defaults.syncLimitMinutes),
  },
  "pending-grace": {
    type: "string",
    value: "MINUTES",
    help: "how long a controller has to apply what is new in Git",
    standard: String(defaults.pendingGraceMinutes),
  },
  "allow-empty": { type: "boolean", help: "accept a repository with nothing to compare" },
  "fail-on": {
    type: "string",
    value: "WHICH",
    help: "what fails",
    words: ["drift", "none"],
    standard: defaults.failOn,
  },
  ...toolOptions("kubectl"),
  ...toolSourceOptions,
  "time-limit": {
    type: "string",
    value: "SECONDS",
    help: "longest time that one answer of the cluster may take",
    standard: String(defaults.timeLimitSeconds),
  },
  ...severityOption,
  ...reportOptions,
} satisfies Record<string, Option>;

/** `gitops drift`: in what the cluster of the current context differs from the repository. */
export const drift: Command = {
  name: "drift",
  usage: "[PATH]",
  summary: "Say in what a cluster differs from a repository, and who did it. Changes nothing.",
  positionals: 1,
  options,
  async run(args, host, terminal, signal) {
    const typed = readTyped(readInputs, args, host);
    const head = text(args, "head");
    const inputs = {
      ...typed,
      path: args.positionals[0] ?? ".",
      ...(head !== undefined && { ref: head }),
      tools: typedTools(typed.tools, host),
    };
    const { progress } = terminal;
    const outcome = await run(inputs, { host, progress, signal, secretKey: randomBytes(32) });
    terminal.done();
    return publish(outcome.report, host, {
      policy: {
        failOnSeverity: inputs.failOnSeverity,
        failOn: inputs.failOn === "none" ? "none" : "all",
        allowEmpty: inputs.allowEmpty,
      },
      write: terminal.out,
      paint: terminal.paint,
      reportPath: join(resolve(host.cwd, text(args, "report") ?? host.tempDir), "report.json"),
      sections: [syncSection(outcome.statuses, host.now())],
      json: flag(args, "json"),
    });
  },
};
