import { isObject, type Json, joinPointer } from "@gitops-actions/manifest";
import {
  addReference,
  addSlot,
  type Collector,
  childAt,
  scalarAt,
  type Tokens,
  textAt,
} from "./collector.ts";

/** The versions a kustomization names: images, charts to inflate, and the refs of remote bases. */
export function findInKustomization(collector: Collector, at: Tokens): void {
  findImageEntries(collector, [...at, "images"]);
  for (const list of ["helmCharts", "helmChartInflationGenerator"]) findCharts(collector, [...at, list]);
  for (const list of [
    "resources",
    "bases",
    "components",
    "crds",
    "generators",
    "transformers",
    "configurations",
  ]) {
    eachItem(collector, [...at, list], (tokens) => findRemoteBase(collector, tokens));
  }
}

/** kustomize's `images`: a list of `{ name, newName, newTag, digest }`; Flux's Kustomization has the same. */
export function findImageEntries(collector: Collector, at: Tokens): void {
  eachItem(collector, at, (tokens, entry) => {
    if (!isObject(entry)) return;
    const subject = textAt(entry, "name");
    // It says which image is meant, and is no version of it.
    collector.taken.add(joinPointer([...tokens, "name"]));
    addSlot(collector, {
      kind: "kustomize-image",
      subject,
      at: tokens,
      roles: { name: "newName", tag: "newTag", digest: "digest" },
    });
  });
}

function findCharts(collector: Collector, at: Tokens): void {
  eachItem(collector, at, (tokens, entry) => {
    if (!isObject(entry)) return;
    const subject = textAt(entry, "name") || textAt(entry, "chartName");
    const version = "chartVersion" in entry ? "chartVersion" : "version";
    addSlot(collector, { kind: "kustomize-chart", subject, at: tokens, roles: { version } });
  });
}

/** The ref of a remote base: `?ref=` or, as kustomize still reads it, `?version=`. */
export function findRemoteBase(collector: Collector, at: Tokens): void {
  const text = scalarAt(collector, at)?.text;
  const found = text === undefined ? null : /^(.*[?&](?:ref|version)=)([^&#\s]+)(.*)$/s.exec(text);
  if (!found) return;
  const [, before = "", version = "", after = ""] = found;
  const subject = before.replace(/[?&](?:ref|version)=$/, "").replace(/^[a-z+]+:\/\/(?:[^/@]*@)?/i, "");
  addReference(collector, "remote-base", subject, at, { version }, { before, after });
}

/** Calls with the tokens and the value of every item of a list. */
export function eachItem(collector: Collector, at: Tokens, call: (tokens: Tokens, item: Json) => void): void {
  const list = childAt(collector.root, at);
  if (Array.isArray(list)) for (const [index, item] of list.entries()) call([...at, index], item);
}
