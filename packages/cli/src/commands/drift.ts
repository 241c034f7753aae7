import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { publish } from "@gitops-actions/action";
import { type DriftInputs, defaults, parseOwner, run, syncSection } from "@gitops-actions/drift-report";
import { type Arguments, type Command, flag, list, type Option, text } from "../command.ts";
import { choice, reportOptions, severityOption, toolSettings, toolSourceOptions } from "./options.ts";

const options = {
  environment: { type: "string", short: "e", value: "NAME", help: "the environment that the cluster is" },
  cluster: { type: "string", value: "NAME", help: "the cluster's name in the repository" },
  overlay: {
    type: "string",
    multiple: true,
    value: "GLOB",
    help: "only these overlays; ! excludes; may be repeated",
  },
  revision: {
    type: "string",
    value: "WHICH",
    help: "compare with the commit that is applied, or head (default: applied)",
  },
  mode: {
    type: "string",
    value: "HOW",
    help: "read, or server-dry-run, which needs the right to patch (default: read)",
  },
  orphans: { type: "boolean", help: "look for objects that nobody tracks, in the environment's namespaces" },
  head: {
    type: "string",
    value: "REF",
    help: "compare with this branch, tag or commit (default: the working tree)",
  },
  "no-fetch": { type: "boolean", help: "fail instead of fetching a commit that is not here" },
  kubeconfig: { type: "string", value: "FILE", help: "kubeconfig to use (default: kubectl's own choice)" },
  context: { type: "string", value: "NAME", help: "context of the cluster" },
  "hub-context": {
    type: "string",
    value: "NAME",
    help: "context of the cluster with Argo CD's or Flux's objects",
  },
  owner: {
    type: "string",
    multiple: true,
    value: "MANAGER",
    help: "field manager that may write what it likes, such as keda-*",
  },
  "kubectl-version": { type: "string", value: "VERSION", help: "version of kubectl" },
  "kubectl-path": { type: "string", value: "FILE", help: "kubectl to use as it is" },
  ...toolSourceOptions,
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
    const inputs = driftInputs(args);
    const { progress } = terminal;
    const outcome = await run(inputs, { host, progress, signal, secretKey: randomBytes(32) });
    terminal.done();
    return publish(outcome.report, host, {
      policy: { failOnSeverity: inputs.failOnSeverity, failOn: "all", allowEmpty: false },
      write: terminal.out,
      paint: terminal.paint,
      reportPath: join(resolve(host.cwd, text(args, "report") ?? host.tempDir), "report.json"),
      sections: [syncSection(outcome.statuses, host.now())],
      json: flag(args, "json"),
    });
  },
};

function driftInputs(args: Arguments): DriftInputs {
  const given = <Key extends string>(key: Key, name: string) => {
    const value = text(args, name);
    return value === undefined ? {} : ({ [key]: value } as Record<Key, string>);
  };
  const { versions, paths, ...settings } = toolSettings(args);
  const version = text(args, "kubectl-version");
  const path = text(args, "kubectl-path");
  return {
    ...defaults,
    path: args.positionals[0] ?? ".",
    kustomization: list(args, "overlay"),
    environment: text(args, "environment") ?? "",
    cluster: text(args, "cluster") ?? "",
    revision: choice(args, "revision", ["applied", "head"], defaults.revision),
    mode: choice(args, "mode", ["read", "server-dry-run"], defaults.mode),
    orphans: flag(args, "orphans"),
    fetch: !flag(args, "no-fetch"),
    ...given("ref", "head"),
    ...given("kubeconfig", "kubeconfig"),
    ...given("context", "context"),
    ...given("hubContext", "hub-context"),
    owners: list(args, "owner").map(parseOwner),
    failOnSeverity: choice(args, "fail-on-severity", ["error", "warning", "notice"], defaults.failOnSeverity),
    tools: {
      ...settings,
      versions: { ...versions, ...(version && { kubectl: version }) },
      paths: { ...paths, ...(path && { kubectl: path }) },
    },
  };
}
