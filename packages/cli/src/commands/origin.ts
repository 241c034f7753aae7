import { join, resolve } from "node:path";
import type { Host } from "@gitops-actions/action";
import {
  ensureTool,
  openRepository,
  openSandboxes,
  type RenderSettings,
  renderAll,
  renderLimits,
  renderProvenance,
  workingTree,
} from "@gitops-actions/engine";
import {
  type Closure,
  closureOf,
  createClosureContext,
  createOrigins,
  discover,
  loadConfig,
  type Overlay,
  type Tree,
  toPointer,
} from "@gitops-actions/fleet";
import {
  decodeText,
  formatIdentity,
  isSecretKind,
  parseManifests,
  type Resource,
  stripHash,
} from "@gitops-actions/manifest";
import { type Location, ToolError, UsageError } from "@gitops-actions/report";
import { type Arguments, flag, suggestion } from "../arguments.ts";
import type { Command, Terminal } from "../command.ts";
import { toolOptions, toolSettings, toolSourceOptions } from "./options.ts";

/** `gitops origin`: the line a person would edit to change a field of a rendered resource. */
export const origin: Command = {
  name: "origin",
  usage: "OVERLAY RESOURCE FIELD [PATH]",
  summary: "Show which line of which file makes a field of a rendered resource.",
  positionals: 4,
  options: {
    ...toolOptions("kustomize", "helm"),
    ...toolSourceOptions,
    json: { type: "boolean", help: "print JSON" },
    help: { type: "boolean", short: "h", help: "show this" },
  },
  async run(args, host, terminal, signal) {
    const [overlayName, resourceName, field, path = "."] = args.positionals;
    if (overlayName === undefined || resourceName === undefined || field === undefined) {
      throw new UsageError(
        "gitops origin needs an overlay, a resource and a field, such as: gitops origin apps/web/overlays/prod deployment/web spec.replicas",
      );
    }
    const repository = await openRepository(resolve(host.cwd, path), host);
    try {
      const tree = await workingTree(repository);
      const context = createClosureContext();
      terminal.progress("Reading the fleet");
      const { overlays } = await discover(tree, await loadConfig(tree), context);
      const overlay = findOverlay(overlays, overlayName);
      const closure = await closureOf(tree, overlay, context);
      const engine = await startEngine(tree, overlay, closure, args, host, terminal, signal);
      const resources = parseManifests(await engine.render(), overlay.id).resources;
      const resource = findResource(resources, resourceName);
      const pointer = toPointer(resource.value, field);
      const origins = createOrigins({ tree, overlay, closure, context, resources, render: engine.probe });
      const location = await origins.originOf(resource, pointer);
      terminal.done();
      return await print(location, { tree, resource, pointer }, flag(args, "json"), terminal);
    } finally {
      await repository.close();
    }
  },
};

function findOverlay(overlays: readonly Overlay[], name: string): Overlay {
  const wanted = name.replace(/^\.\//, "").replace(/(.)\/+$/, "$1");
  const found = overlays.filter(({ id, path }) => id === wanted || path === wanted);
  const [one] = found;
  if (one && (found.length === 1 || one.id === wanted)) return one;
  const ids = overlays.map(({ id }) => id);
  if (one)
    throw new UsageError(`overlay ${name}: there are several: ${found.map(({ id }) => id).join(", ")}`);
  const list =
    ids.length > 0 ? `. There are: ${ids.slice(0, 20).join(", ")}${ids.length > 20 ? ", ..." : ""}` : "";
  throw new UsageError(`overlay ${name}: there is none of that name${suggestion(wanted, ids)}${list}`);
}

/** `kind/name`, `kind/namespace/name` or `namespace/name`; kinds in any case, names with or without a generator's hash. */
function findResource(resources: readonly Resource[], text: string): Resource {
  const parts = text.split("/");
  const [first = "", second = "", third] = parts;
  const named = (name: string) => (resource: Resource) =>
    resource.id.name === name || stripHash(resource.id.name) === name;
  const ofKind = (kind: string) => (resource: Resource) =>
    resource.id.kind.toLowerCase() === kind.toLowerCase();
  const found =
    parts.length === 3
      ? resources.filter(
          (each) => ofKind(first)(each) && each.id.namespace === second && named(third ?? "")(each),
        )
      : parts.length === 2
        ? resources.filter(
            (each) => (ofKind(first)(each) || each.id.namespace === first) && named(second)(each),
          )
        : [];
  if (found.length === 1) return found[0]!;
  const written = resources.map(
    ({ id }) => `${id.kind.toLowerCase()}/${id.namespace ? `${id.namespace}/` : ""}${id.name}`,
  );
  if (found.length > 1) {
    throw new UsageError(
      `resource ${text}: there are several: ${found.map(({ id }) => formatIdentity(id)).join(", ")}`,
    );
  }
  const short = resources.map(({ id }) => `${id.kind.toLowerCase()}/${id.name}`);
  const near = suggestion(text.toLowerCase(), [...short, ...written]);
  throw new UsageError(
    `resource ${text}: the overlay renders none of that name (kind/name, kind/namespace/name or namespace/name)${near}. There are: ${written.slice(0, 20).join(", ")}${written.length > 20 ? ", ..." : ""}`,
  );
}

async function startEngine(
  tree: Tree,
  overlay: Overlay,
  closure: Closure,
  args: Arguments,
  host: Host,
  terminal: Terminal,
  signal: AbortSignal,
) {
  const needsHelm = overlay.kind === "kustomize" && closure.directories.length > 0;
  const wanted = toolSettings(args, "kustomize", "helm");
  const get = (name: "kustomize" | "helm") => ensureTool(name, wanted, host, terminal.progress, { signal });
  const settings: RenderSettings = {
    ...renderLimits,
    kustomizeBuildArgs: [],
    ...(overlay.kind === "kustomize" && { kustomize: await get("kustomize") }),
    ...((overlay.kind === "helm" || needsHelm) && { helm: await get("helm") }),
  };
  const sandboxes = openSandboxes(host);
  const folder = join(host.tempDir, "origin");
  let count = 0;
  return {
    async render(): Promise<string> {
      terminal.progress(`Rendering ${overlay.id}`);
      const directory = join(folder, "overlay");
      const laid = await sandboxes.materialise(tree, closure, directory);
      if (!laid.ok) throw new UsageError(`${overlay.id} cannot be rendered: ${laid.reasons[0]?.message}`);
      for await (const result of renderAll([{ overlay, directory, needsHelm }], settings, host, signal)) {
        if (result.status === "rendered") return new TextDecoder().decode(result.output);
        throw new UsageError(`${overlay.id} does not render: ${result.message}`);
      }
      throw new ToolError("render", `${overlay.id} gave no result`);
    },
    probe(probe: Parameters<Parameters<typeof createOrigins>[0]["render"]>[0]) {
      terminal.progress(`Tracing ${overlay.id}`);
      const directory = join(folder, `probe-${count++}`);
      return renderProvenance(
        { tree, overlay, closure, probe, directory, needsHelm },
        settings,
        sandboxes,
        host,
        signal,
      );
    },
  };
}

async function print(
  location: Location | undefined,
  { tree, resource, pointer }: { tree: Tree; resource: Resource; pointer: string },
  json: boolean,
  terminal: Terminal,
): Promise<number> {
  if (json) {
    terminal.out(`${JSON.stringify(location ?? null, null, 2)}\n`);
    return location ? 0 : 1;
  }
  if (!location) {
    terminal.err(
      `It is not known where ${pointer || "this resource"} of ${formatIdentity(resource.id)} comes from.\n`,
    );
    return 1;
  }
  const { path, line, column, precision, via } = location;
  const { paint } = terminal;
  terminal.out(`${paint("bold", `${path}:${line}${column ? `:${column}` : ""}`)} ${precision}\n`);
  const secret =
    isSecretKind(resource.id.kind) && !/^\/(?:apiVersion|kind|metadata|type|immutable)(?:\/|$)/.test(pointer);
  const text = secret ? undefined : decodeText(await tree.read(path))?.split(/\r\n|\n|\r/)[line - 1];
  if (text !== undefined) terminal.out(`  ${text.trim()}\n`);
  for (const each of via) terminal.out(paint("dim", `  via ${each}\n`));
  return 0;
}
