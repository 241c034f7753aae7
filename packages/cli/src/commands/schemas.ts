import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { Host } from "@gitops-actions/action";
import { clusterLimits, ensureTool, openCluster, writeDefinitions } from "@gitops-actions/engine";
import { decodeText, type JsonObject, parseManifests } from "@gitops-actions/manifest";
import { ToolError, UsageError } from "@gitops-actions/report";
import { type Arguments, flag, text } from "../arguments.ts";
import type { Command, Option, Terminal } from "../command.ts";
import { toolOptions, toolSettings, toolSourceOptions } from "./options.ts";

/** Where definitions are kept: no overlay is found there, and validate-schema reads every one in the repository. */
const folder = ".gitops/schemas";

/** `gitops schemas add`: keeps the definitions a team uses in its repository, so that their resources are validated. */
export const schemas: Command = {
  name: "schemas",
  usage: "add [PATH]...",
  summary: `Keep CustomResourceDefinitions in ${folder}, so that their resources are validated.`,
  positionals: 20,
  options: {
    "from-cluster": { type: "boolean", help: "take every definition of the cluster that kubectl talks to" },
    kubeconfig: { type: "string", value: "FILE", help: "kubeconfig to use (default: kubectl's own choice)" },
    context: { type: "string", value: "NAME", help: "context of the cluster" },
    ...toolOptions("kubectl"),
    ...toolSourceOptions,
    into: { type: "string", value: "DIR", help: `folder to write to (default: ${folder})` },
    help: { type: "boolean", short: "h", help: "show this" },
  } satisfies Record<string, Option>,
  async run(args, host, terminal, signal) {
    const [what, ...paths] = args.positionals;
    if (what !== "add" || paths.length > 0 === flag(args, "from-cluster")) {
      throw new UsageError("gitops schemas add needs folders or files with definitions, or --from-cluster.");
    }
    const files = paths.flatMap((path) => readPath(resolve(host.cwd, path)));
    const found = flag(args, "from-cluster")
      ? await readCluster(args, host, terminal, signal)
      : files.flatMap(({ current }) => current);
    terminal.done();
    const old = files.flatMap((file) => file.old);
    if (old.length > 0) {
      const left = `apiextensions.k8s.io/v1beta1, which no API server has taken since Kubernetes 1.22, is not read: ${old.join(", ")}. Take v1 of it from a newer release, or from the cluster (gitops schemas add --from-cluster).`;
      if (found.length === 0) throw new UsageError(left);
      terminal.err(`${left}\n`);
    }
    if (found.length === 0)
      throw new UsageError(`There is no CustomResourceDefinition in ${paths.join(", ") || "the cluster"}.`);
    const into = resolve(host.cwd, text(args, "into") ?? folder);
    const names = writeDefinitions(into, found);
    for (const name of names) terminal.out(`${relative(host.cwd, join(into, name))}\n`);
    terminal.err(
      `${names.length} ${names.length === 1 ? "definition" : "definitions"} kept. Commit ${relative(host.cwd, into) || "."}.\n`,
    );
    return 0;
  },
};

/** Definitions of a file, and the names of those in the version before. */
interface Definitions {
  current: JsonObject[];
  old: string[];
}

function readPath(path: string): Definitions[] {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) throw new UsageError(`${path} does not exist.`);
  const files = stat.isDirectory()
    ? readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name))
    : [path];
  return files
    .filter((file) => /\.(?:ya?ml|json)$/i.test(file) && lstatSync(file).isFile())
    .sort()
    .map(definitionsIn);
}

function definitionsIn(file: string): Definitions {
  const { resources } = parseManifests(decodeText(readFileSync(file)) ?? "", file);
  const all = resources.filter(({ id }) => id.kind === "CustomResourceDefinition");
  const of = (version: string) => all.filter(({ id }) => id.version === version);
  return { current: of("v1").map(({ value }) => value), old: of("v1beta1").map(({ id }) => id.name) };
}

async function readCluster(
  args: Arguments,
  host: Host,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<JsonObject[]> {
  const settings = toolSettings(args, "kubectl");
  const kubectl = await ensureTool("kubectl", settings, host, terminal.progress, { signal });
  const [kubeconfig, context] = [text(args, "kubeconfig"), text(args, "context")];
  const place = {
    ...(kubeconfig && { kubeconfig: resolve(host.cwd, kubeconfig) }),
    ...(context && { context }),
  };
  const cluster = await openCluster(kubectl, { ...clusterLimits, ...place }, host, "cluster", signal);
  try {
    terminal.progress("Reading definitions");
    const listed = await cluster.list({
      group: "apiextensions.k8s.io",
      version: "v1",
      kind: "CustomResourceDefinition",
    });
    if ("objects" in listed) return listed.objects;
    throw new ToolError("cluster", `The cluster's definitions cannot be read: ${listed.unread.message}`);
  } finally {
    await cluster.close();
  }
}
