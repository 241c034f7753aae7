import { isObject, type Json, type JsonObject, valueAt } from "@gitops-actions/manifest";
import { applicationRules } from "./ignore/argo.ts";
import { kustomizationRules } from "./ignore/flux.ts";
import type { IgnoreRule } from "./ignore/rule.ts";

/** A live Argo CD Application, Flux Kustomization or HelmRelease, and what of the repository it brings into the cluster. */
export interface Deliverer {
  kind: "Application" | "Kustomization" | "HelmRelease";
  namespace: string;
  name: string;
  /** Folder of the repository, as overlays name theirs. */
  path: string;
  /** Address of that repository; undefined where its source is not known. */
  source: string | undefined;
  /** Full id of the commit it says it has applied; undefined when it has not said so. */
  applied: string | undefined;
  /** Namespace of objects that name none. */
  defaultNamespace: string | undefined;
  /** Options that change what is applied and that a render does not know of. */
  options: string[];
  /** What it says it has applied, by group, kind, namespace and name. */
  inventory: { group: string; version: string; kind: string; namespace: string; name: string }[];
  ignores: IgnoreRule[];
}

/** Reads the deliverers among live objects; others are passed over. */
export function readDeliverers(objects: readonly JsonObject[]): Deliverer[] {
  const found: Deliverer[] = [];
  const addresses = readAddresses(objects);
  for (const object of objects) {
    const apiVersion = String(object.apiVersion);
    if (object.kind === "Kustomization" && apiVersion.startsWith("kustomize.toolkit.fluxcd.io/"))
      found.push(readKustomization(object, addresses));
    if (object.kind === "Application" && apiVersion.startsWith("argoproj.io/"))
      found.push(...readApplication(object));
    if (object.kind === "HelmRelease" && apiVersion.startsWith("helm.toolkit.fluxcd.io/"))
      found.push(...readRelease(object, addresses));
  }
  return found;
}

/** The addresses of Flux's Git sources, by `namespace/name`. */
type Addresses = ReadonlyMap<string, string>;

function readAddresses(objects: readonly JsonObject[]): Addresses {
  const addresses = new Map<string, string>();
  for (const object of objects) {
    const { namespace, name } = identity(object);
    const url = valueAt(object, "/spec/url");
    if (object.kind === "GitRepository" && typeof url === "string")
      addresses.set(`${namespace}/${name}`, url);
  }
  return addresses;
}

/** The address of a source that an object of a namespace refers to. */
function addressOf(sourceRef: Json | undefined, namespace: string, addresses: Addresses): string | undefined {
  const reference = fields(sourceRef);
  return reference.kind === "GitRepository"
    ? addresses.get(`${String(reference.namespace ?? namespace)}/${String(reference.name)}`)
    : undefined;
}

/** What Flux changes after it has built; commonMetadata and decryption only add, or concern what is never compared. */
const fluxOptions = [
  "components",
  "images",
  "namePrefix",
  "nameSuffix",
  "patches",
  "postBuild",
  "targetNamespace",
];

function readKustomization(object: JsonObject, addresses: Addresses): Deliverer {
  const spec = fields(object.spec);
  return {
    kind: "Kustomization",
    ...identity(object),
    path: normalisePath(spec.path),
    source: addressOf(spec.sourceRef, identity(object).namespace, addresses),
    applied: commitOf(valueAt(object, "/status/lastAppliedRevision")),
    defaultNamespace: undefined,
    options: fluxOptions.filter((name) => isSet(spec[name])),
    inventory: list(valueAt(object, "/status/inventory/entries")).flatMap(readEntry),
    ignores: kustomizationRules(spec, nameOf({ kind: "Kustomization", ...identity(object) })),
  };
}

/** Options of a HelmRelease that change what is applied. */
const releaseOptions = ["chartRef", "commonMetadata", "postRenderers", "values", "valuesFrom"];

/** A release of a chart that lies in the repository; of others there are no overlays. */
function readRelease(object: JsonObject, addresses: Addresses): Deliverer[] {
  const spec = fields(object.spec);
  const chart = fields(fields(spec.chart).spec);
  if (fields(chart.sourceRef).kind !== "GitRepository" || typeof chart.chart !== "string") return [];
  const { namespace, name } = identity(object);
  const target = typeof spec.targetNamespace === "string" ? spec.targetNamespace : undefined;
  return [
    {
      kind: "HelmRelease",
      namespace,
      name,
      path: normalisePath(chart.chart),
      source: addressOf(chart.sourceRef, namespace, addresses),
      // It names the chart's version, which is no commit.
      applied: undefined,
      defaultNamespace: target ?? namespace,
      options: [
        ...releaseOptions.filter((option) => isSet(spec[option])),
        ...(isSet(chart.valuesFiles) ? ["chart.valuesFiles"] : []),
      ],
      inventory: [],
      // Its ignore rules go by labels: see ignore/flux.ts.
      ignores: [],
    },
  ];
}

/** `namespace_name_group_Kind`; in names of RBAC `__` stands for `:` (cli-utils, object/objmetadata.go). */
function readEntry(entry: Json): Deliverer["inventory"] {
  const { id, v } = fields(entry);
  const match = /^([^_]*)_(.+)_([^_]*)_([^_]+)$/.exec(String(id));
  if (!match) return [];
  const [, namespace, name, group, kind] = match as unknown as [string, string, string, string, string];
  return [{ group, version: String(v), kind, namespace, name: name.replaceAll("__", ":") }];
}

function readApplication(object: JsonObject): Deliverer[] {
  const spec = fields(object.spec);
  const sources = Array.isArray(spec.sources) ? list(spec.sources) : [spec.source ?? null];
  const revisions = list(valueAt(object, "/status/sync/revisions"));
  const destination = fields(spec.destination).namespace;
  return sources.map(fields).flatMap((source, index) => {
    if (typeof source.path !== "string") return [];
    const revision = revisions[index] ?? valueAt(object, "/status/sync/revision");
    return [
      {
        kind: "Application" as const,
        ...identity(object),
        path: normalisePath(source.path),
        source: typeof source.repoURL === "string" ? source.repoURL : undefined,
        applied: appliedOf(object, index, revision),
        defaultNamespace: typeof destination === "string" ? destination : undefined,
        options: argoOptions(source),
        inventory: list(valueAt(object, "/status/resources")).map(fields).map(readStatusResource),
        ignores: applicationRules(spec, nameOf({ kind: "Application", ...identity(object) })),
      },
    ];
  });
}

function argoOptions(source: JsonObject): string[] {
  const helm = fields(source.helm);
  const kustomize = fields(source.kustomize);
  return [
    ...Object.keys(kustomize)
      .filter((name) => name !== "version" && isSet(kustomize[name]))
      .map((name) => `kustomize.${name}`),
    ...["parameters", "fileParameters", "values", "valuesObject", "kubeVersion", "apiVersions", "namespace"]
      .filter((name) => isSet(helm[name]))
      .map((name) => `helm.${name}`),
    ...(isSet(source.plugin) ? ["plugin"] : []),
    ...(isSet(fields(source.directory).jsonnet) ? ["directory.jsonnet"] : []),
  ].sort();
}

function readStatusResource(resource: JsonObject): Deliverer["inventory"][number] {
  const text = (name: string): string => String(resource[name] ?? "");
  return {
    group: text("group"),
    version: text("version"),
    kind: text("kind"),
    namespace: text("namespace"),
    name: text("name"),
  };
}

/**
 * The commit that an Application has applied. One that is in sync is so with the revision it was compared with; one that
 * is not names there what it should have: what it has, its last operation says.
 */
export function appliedOf(object: JsonObject, index: number, compared: Json | undefined): string | undefined {
  if (valueAt(object, "/status/sync/status") === "Synced") return commitOf(compared);
  const result = fields(valueAt(object, "/status/operationState/syncResult"));
  return commitOf(list(result.revisions)[index]) ?? commitOf(result.revision) ?? commitOf(compared);
}

/** The commit in `main@sha1:<id>` (Flux) or `<id>` (Argo CD). */
export function commitOf(revision: Json | undefined): string | undefined {
  return typeof revision === "string"
    ? /(?:^|[:@/])([0-9a-f]{40}|[0-9a-f]{64})$/.exec(revision)?.[1]
    : undefined;
}

function normalisePath(path: Json | undefined): string {
  const clean = String(path ?? ".")
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
  return clean === "" ? "." : clean;
}

function identity(object: JsonObject): { namespace: string; name: string } {
  const { namespace, name } = fields(object.metadata);
  return { namespace: String(namespace ?? ""), name: String(name ?? "") };
}

/** `Kind namespace/name`, as a person would ask for it. */
export function nameOf({ kind, namespace, name }: Pick<Deliverer, "kind" | "namespace" | "name">): string {
  return `${kind} ${namespace}/${name}`;
}

function isSet(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === "" || value === false) return false;
  return typeof value === "object" ? Object.keys(value).length > 0 : true;
}

function fields(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}
