import { isObject, type Json, type JsonObject } from "@gitops-actions/manifest";
import {
  addReference,
  addSlot,
  type Collector,
  childAt,
  refuseAt,
  scalarAt,
  type Tokens,
  textAt,
} from "./collector.ts";
import { eachItem, findImageEntries } from "./kustomization.ts";
import { followsBranch, holdsVariable, parseReference } from "./reference.ts";

/** The versions that objects of Flux and Argo CD name, besides the images that any object may hold. */
export function findInController(collector: Collector, at: Tokens, object: JsonObject): void {
  const group = textAt(object, "apiVersion").split("/")[0] ?? "";
  const kind = textAt(object, "kind");
  if (group.endsWith("fluxcd.io")) findInFlux(collector, at, object, kind);
  else if (group === "argoproj.io") findInArgo(collector, at, object);
  else if (group === "helm.cattle.io" && kind === "HelmChart") {
    addSlot(collector, {
      kind: "helm-release",
      subject: textAt(object, "spec", "chart"),
      at: [...at, "spec"],
      roles: { version: "version" },
    });
  } else if (kind === "HelmChartInflationGenerator") {
    addSlot(collector, {
      kind: "kustomize-chart",
      subject: textAt(object, "name") || textAt(object, "chartName"),
      at,
      roles: { version: "version" },
    });
  }
}

function findInFlux(collector: Collector, at: Tokens, object: JsonObject, kind: string): void {
  const spec = [...at, "spec"];
  if (kind === "HelmRelease") {
    const subject = textAt(object, "spec", "chart", "spec", "chart");
    findVersion(collector, "helm-release", subject, [...spec, "chart", "spec"]);
  } else if (kind === "HelmChart") {
    findVersion(collector, "helm-release", textAt(object, "spec", "chart"), spec);
  } else if (kind === "GitRepository" || kind === "OCIRepository") {
    const subject = textAt(object, "spec", "url") || textAt(object, "metadata", "name");
    findSourceRef(collector, subject, [...spec, "ref"]);
  } else if (kind === "Kustomization") findImageEntries(collector, [...spec, "images"]);
}

function findVersion(collector: Collector, kind: "helm-release", subject: string, at: Tokens): void {
  addSlot(collector, { kind, subject, at, roles: { version: "version" } });
}

function findSourceRef(collector: Collector, subject: string, at: Tokens): void {
  const ref = childAt(collector.root, at);
  if (!isObject(ref)) return;
  if ("branch" in ref && !("commit" in ref))
    refuseAt(collector, [...at, "branch"], "follows-branch", "it follows a branch");
  const name = textAt(ref, "name");
  if (followsBranch(name)) refuseAt(collector, [...at, "name"], "follows-branch", "it follows a branch");
  // One of these says what is taken; `commit` and `digest` win over the others, and move with the tag.
  const version =
    ["semver", "tag", "name"].find((key) => key in ref && key !== "name") ?? (name ? "name" : "semver");
  addSlot(collector, {
    kind: "flux-source",
    subject,
    at,
    roles: { version, digest: "commit" in ref ? "commit" : "digest" },
  });
}

function findInArgo(collector: Collector, at: Tokens, object: JsonObject): void {
  const walk = (tokens: Tokens, value: Json): void => {
    if (typeof value !== "object" || value === null) return;
    if (isObject(value) && ("repoURL" in value || "targetRevision" in value))
      findSource(collector, tokens, value);
    for (const [key, child] of Object.entries(value)) walk([...tokens, key], child);
  };
  walk([...at, "spec"], childAt(object, ["spec"]) ?? null);
}

/** A source of an Application, or of an ApplicationSet's template: its revision, images and image parameters. */
export function findSource(collector: Collector, at: Tokens, source: JsonObject): void {
  const url = textAt(source, "repoURL");
  const chart = textAt(source, "chart");
  const key = "targetRevision" in source ? "targetRevision" : "revision";
  const revision = scalarAt(collector, [...at, key])?.text;
  if (revision !== undefined && chart === "" && !holdsVariable(revision) && followsBranch(revision)) {
    refuseAt(
      collector,
      [...at, key],
      "follows-branch",
      `it follows ${revision === "" ? "the default branch" : revision}`,
    );
  }
  const subject = chart === "" ? url : `${url} ${chart}`;
  addSlot(collector, { kind: "argo-source", subject, at, roles: { version: key } });
  eachItem(collector, [...at, "kustomize", "images"], (tokens, item) => {
    const found = typeof item === "string" ? /^(?:(.*?)=)?(.*)$/.exec(item) : null;
    const version = parseReference(found?.[2] ?? "");
    if (!found || !version || (version.tag ?? version.digest) === undefined) return;
    const around = found[1] === undefined ? undefined : { before: `${found[1]}=`, after: "" };
    addReference(collector, "kustomize-image", found[1] ?? version.name ?? "", tokens, version, around);
  });
  for (const list of ["parameters", "fileParameters"]) {
    eachItem(collector, [...at, "helm", list], (tokens, item) => {
      const name = textAt(item, "name");
      const found = /^(.*image.*|)\.?(tag|repository|digest|version)$/i.exec(name);
      if (!found || !/image/i.test(name)) return;
      const role = found[2] === "repository" ? "name" : found[2] === "digest" ? "digest" : "tag";
      addSlot(collector, { kind: "image-values", subject: name, at: tokens, roles: { [role]: "value" } });
    });
  }
}
