import { compareText } from "@gitops-actions/manifest";
import { parseAllDocuments } from "yaml";
import type { ClosureContext } from "../closure/context.ts";
import type { Noticed } from "../overlay.ts";
import type { Tree } from "../tree.ts";

type Value = unknown;

/**
 * What a Flux or Argo CD object takes from elsewhere, as something noticed: it is deployed, and no file here shows it.
 * `path` is where the object stands; `own` tells whether an address is this repository. Undefined for any other object.
 */
export function remoteSource(
  object: Value,
  path: string,
  own: (url: string) => boolean = () => false,
): Noticed | undefined {
  const [group, version] = split(textAt(object, "apiVersion"));
  const kind = textAt(object, "kind");
  if (version === "") return undefined;
  const found = group.endsWith(".fluxcd.io")
    ? flux(object, kind)
    : group === "argoproj.io"
      ? argo(object, kind)
      : [];
  const remote = found.filter((source) => source.url === undefined || !own(source.url));
  if (remote.length === 0) return undefined;
  const name = [textAt(object, "metadata", "namespace"), textAt(object, "metadata", "name")]
    .filter(Boolean)
    .join("/");
  const what = remote.map((source) => source.what).join(", ");
  return { path, code: "remote-source", message: `${kind} ${name} takes ${what}, which is not rendered` };
}

interface Source {
  what: string;
  /** Undefined where a name stands for the address. */
  url?: string;
}

function flux(object: Value, kind: string): Source[] {
  const url = withoutUser(textAt(object, "spec", "url") || textAt(object, "spec", "endpoint"));
  if (/^(?:GitRepository|OCIRepository|HelmRepository|Bucket)$/.test(kind)) {
    return url === "" ? [] : [{ what: `files from ${url}`, url }];
  }
  if (kind !== "HelmRelease") return [];
  const chart = textAt(object, "spec", "chart", "spec", "chart");
  const from = at(object, "spec", "chart", "spec", "sourceRef") ?? at(object, "spec", "chartRef");
  const source = `${textAt(from, "kind")} ${textAt(from, "name")}`.trim();
  // A chart from a GitRepository is a path, mostly in this very repository: there it is found as a chart.
  if (textAt(from, "kind") === "GitRepository") return [];
  return [{ what: `${chart === "" ? "its chart" : `the chart ${chart}`} from ${source}` }];
}

function argo(object: Value, kind: string): Source[] {
  const spec = kind === "ApplicationSet" ? at(object, "spec", "template", "spec") : at(object, "spec");
  if (kind !== "Application" && kind !== "ApplicationSet") return [];
  const several = at(spec, "sources");
  const sources = Array.isArray(several) ? several : [at(spec, "source")];
  return sources.flatMap((source): Source[] => {
    const url = withoutUser(textAt(source, "repoURL"));
    if (url === "" || url.includes("{{")) return [];
    const chart = textAt(source, "chart");
    return [{ what: `${chart === "" ? "files" : `the chart ${chart}`} from ${url}`, url }];
  });
}

function at(value: Value, ...keys: string[]): Value {
  return keys.reduce<Value>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? (inner as Record<string, Value>)[key] : undefined,
    value,
  );
}

function textAt(value: Value, ...keys: string[]): string {
  const found = at(value, ...keys);
  return typeof found === "string" ? found : "";
}

function split(apiVersion: string): [string, string] {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? ["", apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}

function withoutUser(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1");
}

/**
 * The remote sources that files of a tree name, sorted. Reads every given YAML file that is not known yet: give the
 * files of closures where the list is asked for, not on every run.
 */
export async function remoteSources(
  tree: Tree,
  paths: Iterable<string>,
  context: ClosureContext,
  own?: (url: string) => boolean,
): Promise<Noticed[]> {
  const entries = [...new Set(paths)].map((path) => tree.get(path)).filter((entry) => entry?.kind === "file");
  const found = await Promise.all(
    entries.map(async (entry) => {
      if (!entry || !/\.ya?ml$/.test(entry.path)) return [];
      const objects = await context.parsed("sources", tree, entry, sourceObjects, () => []);
      return objects.flatMap((object) => remoteSource(object, entry.path, own) ?? []);
    }),
  );
  return found.flat().sort((a, b) => compareText(a.path, b.path) || compareText(a.message, b.message));
}

function sourceObjects(text: string): Value[] {
  // Most manifests are none: the parser is spared them.
  if (!/\b(?:fluxcd\.io|argoproj\.io)\//.test(text)) return [];
  return parseAllDocuments(text, { uniqueKeys: false, logLevel: "error", prettyErrors: false }).flatMap(
    (document) => (document.errors.length > 0 ? [] : [document.toJS({ maxAliasCount: 100 }) as Value]),
  );
}
