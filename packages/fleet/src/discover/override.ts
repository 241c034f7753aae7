import { childOf, equalJson, isObject, type Json, joinPointer, valueAt } from "@gitops-actions/manifest";
import type { Overlay } from "../overlay.ts";

/** What a Flux or Argo CD object sets over what it deploys from a folder in Git. No overlay here is rendered with it. */
export interface Override {
  /** Folder or chart, as it is written; `{{path}}` and the like in an ApplicationSet. */
  from: string;
  parts: OverridePart[];
}

export interface OverridePart {
  /** `values`, `kustomize.patches`. */
  name: string;
  /** JSON Pointer in the object. */
  pointer: string;
  value: Json;
}

const kustomizationParts = [
  "components",
  "images",
  "namePrefix",
  "nameSuffix",
  "patches",
  "patchesJson6902",
  "patchesStrategicMerge",
  "postBuild",
  "commonMetadata",
  "targetNamespace",
];
const releaseParts = ["values", "valuesFrom", "postRenderers", "commonMetadata"];
const sourceParts: Readonly<Record<string, readonly string[]>> = {
  kustomize: [
    ...["commonAnnotations", "commonLabels", "components", "images", "namePrefix", "nameSuffix"],
    ...["namespace", "patches", "replicas"],
  ],
  helm: ["values", "valuesObject", "parameters", "fileParameters"],
  directory: ["jsonnet"],
};

/** Whether an object is one of those that can have overrides: a Kustomization or HelmRelease of Flux, an Application or ApplicationSet. */
export function isDeliverer(object: Json | undefined): boolean {
  const group = textAt(object, "/apiVersion").split("/")[0]!;
  const kinds = { flux: /^(?:Kustomization|HelmRelease)$/, argo: /^Application(?:Set)?$/ };
  const kind = textAt(object, "/kind");
  return (
    (/^(?:kustomize|helm)\.toolkit\.fluxcd\.io$/.test(group) && kinds.flux.test(kind)) ||
    (group === "argoproj.io" && kinds.argo.test(kind))
  );
}

/**
 * The folders in Git from which an object deploys, each with what the object sets over it; a source without any is left
 * out, and so are values files and a namespace with which one of the overlays is rendered anyway. `from` is used where the
 * object does not say its source itself, as a patch does not.
 */
export function overridesOf(object: Json, overlays: readonly Overlay[] = [], from?: string): Override[] {
  if (!isDeliverer(object)) return [];
  const found = textAt(object, "/apiVersion").startsWith("argoproj.io/")
    ? argo(object, overlays, from)
    : flux(object, overlays, from);
  return found.filter(({ parts }) => parts.length > 0);
}

/** The folder in Git that a Flux object deploys; for Argo CD see `overridesOf`. */
export function fluxSource(object: Json): string | undefined {
  if (textAt(object, "/kind") === "Kustomization") {
    return valueAt(object, "/spec/sourceRef") === undefined
      ? undefined
      : textAt(object, "/spec/path") || "./";
  }
  const isGit = textAt(object, "/spec/chart/spec/sourceRef/kind") === "GitRepository";
  return (isGit && textAt(object, "/spec/chart/spec/chart")) || undefined;
}

function flux(object: Json, overlays: readonly Overlay[], given: string | undefined): Override[] {
  const from = fluxSource(object) ?? given;
  if (from === undefined) return [];
  const isRelease = textAt(object, "/kind") === "HelmRelease";
  const own = overlays.filter(({ path }) => path === normal(from));
  const parts = partsAt(object, "/spec", isRelease ? releaseParts : kustomizationParts).filter(
    ({ name, value }) => name !== "targetNamespace" || !own.some(({ namespace }) => namespace === value),
  );
  const chosen = partsAt(object, "/spec/chart/spec", ["valuesFiles", "valuesFile"]);
  const left = chosen.filter(({ value }) => !isRendered(own, [value].flat(), ""));
  return [{ from, parts: [...parts, ...(isRelease ? left : [])] }];
}

function argo(object: Json, overlays: readonly Overlay[], given: string | undefined): Override[] {
  const isSet = textAt(object, "/kind") === "ApplicationSet";
  const at = isSet ? "/spec/template/spec" : "/spec";
  const several = valueAt(object, `${at}/sources`);
  const places = Array.isArray(several) ? several.map((_, i) => `${at}/sources/${i}`) : [`${at}/source`];
  const found = places.flatMap((place): Override[] => {
    const source = valueAt(object, place);
    // Of a chart from a registry, all is elsewhere: it is told as a remote source.
    if (!isObject(source) || source.chart !== undefined) return [];
    const from = typeof source.path === "string" ? source.path : given;
    if (from === undefined) return [];
    const own = overlays.filter(({ path }) => path === normal(from));
    const parts = Object.entries(sourceParts).flatMap(([tool, names]) =>
      partsAt(object, `${place}/${tool}`, names).map((part) => ({ ...part, name: `${tool}.${part.name}` })),
    );
    const isOwn = ({ name, value }: OverridePart): boolean =>
      name === "kustomize.namespace" && own.some(({ namespace }) => namespace === value);
    const files = partsAt(object, `${place}/helm`, ["valueFiles"])
      .filter(({ value }) => !isRendered(own, [value].flat(), normal(from)))
      .map((part) => ({ ...part, name: "helm.valueFiles" }));
    return [
      {
        from,
        parts: [...parts.filter((part) => !isOwn(part)), ...files, ...partsAt(object, place, ["plugin"])],
      },
    ];
  });
  const patch = isSet ? partsAt(object, "/spec", ["templatePatch"]) : [];
  return patch.length === 0 ? found : [...found, { from: found[0]?.from ?? "its sources", parts: patch }];
}

/** Whether one of the overlays is rendered with just these values files, `values.yaml` of the chart aside. */
function isRendered(overlays: readonly Overlay[], files: readonly Json[], folder: string): boolean {
  return overlays.some(({ kind, path, options }) => {
    const wanted = files
      .map((file) => placeOf(String(file), folder))
      .filter((file) => file !== `${path}/values.yaml`);
    return (
      kind === "helm" &&
      equalJson(
        wanted,
        options.values.filter((file) => file !== `${path}/values.yaml`),
      )
    );
  });
}

/** A values file from the root: `$values/x` and `/x` are written from there. */
function placeOf(file: string, folder: string): string {
  const fromRoot = /^(?:\$[^/]+)?\/(.*)$/.exec(file)?.[1];
  const all = (fromRoot ?? (folder === "" || folder === "." ? file : `${folder}/${file}`)).split("/");
  const kept: string[] = [];
  for (const part of all) {
    if (part === "..") kept.pop();
    else if (part !== "." && part !== "") kept.push(part);
  }
  return kept.join("/");
}

function normal(path: string): string {
  return placeOf(path, "") || ".";
}

function partsAt(object: Json, place: string, names: readonly string[]): OverridePart[] {
  return names.flatMap((name) => {
    const pointer = place + joinPointer([name]);
    const value = childOf(valueAt(object, place), name);
    return value === undefined || isEmpty(value) ? [] : [{ name, pointer, value }];
  });
}

function isEmpty(value: Json): boolean {
  return (
    value === null ||
    value === "" ||
    (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0)
  );
}

function textAt(object: Json | undefined, pointer: string): string {
  const found = valueAt(object, pointer);
  return typeof found === "string" ? found : "";
}
