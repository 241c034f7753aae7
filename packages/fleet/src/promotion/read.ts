import { isObject, type Json, parseSource } from "@gitops-actions/manifest";
import { kustomizationNames } from "../closure/kustomization.ts";
import { isTemplated } from "../discover/manifest.ts";
import { addImmovable, addSlot, type Collector, refuseAt, type Tokens, textAt } from "./collector.ts";
import { findInController } from "./controllers.ts";
import { findImages } from "./images.ts";
import { eachItem, findInKustomization } from "./kustomization.ts";
import { scanText } from "./scan.ts";
import type { FileVersions } from "./slot.ts";

/** Whether a file can hold versions, by its name. */
export function mayHoldVersions(path: string): boolean {
  return /\.(?:ya?ml|json)$/i.test(path) || /(?:^|\/)Kustomization$/.test(path);
}

/** The versions that one file holds, in the order in which they stand, and what in it looks like one and is not moved. */
export function readVersions(path: string, text: string): FileVersions {
  const found: FileVersions = { slots: [], immovable: [] };
  if (/(?:^|\/)templates\/(?:.*\/)?[^/]+$/.test(path) || isTemplated(text)) {
    return refuseAll(path, text, found, "template", "a template, whose values say what stands here");
  }
  const source = parseSource(text, path);
  if (source.problems.some(({ code }) => code !== "duplicate-key")) {
    return refuseAll(path, text, found, "unreadable", "the file cannot be read as YAML");
  }
  for (const [document, { value }] of source.documents.entries()) {
    if (value === undefined) continue;
    readDocument({ path, document, root: value, source, found, taken: new Set(), owner: "" });
  }
  found.slots.sort((a, b) => a.document - b.document || startOf(a) - startOf(b));
  found.immovable.sort((a, b) => a.line - b.line);
  return found;
}

function readDocument(collector: Collector): void {
  const { root, path } = collector;
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (kustomizationNames.some((each) => each === name)) {
    findInKustomization(collector, []);
    // Patches written in place hold what looks like images; they are texts.
    findImages(collector, [], root);
  } else if (name === "Chart.yaml" || name === "requirements.yaml") readChart(collector);
  else readObject(collector, [], root);
}

function readChart(collector: Collector): void {
  for (const key of ["version", "appVersion"])
    refuseAt(collector, [key], "own-version", "the chart's own version");
  eachItem(collector, ["dependencies"], (tokens, item) => {
    addSlot(collector, {
      kind: "chart-dependency",
      subject: textAt(item, "name"),
      at: tokens,
      roles: { version: "version" },
    });
  });
}

function readObject(collector: Collector, at: Tokens, value: Json): void {
  const kind = textAt(value, "kind");
  if (!isObject(value) || textAt(value, "apiVersion") === "" || kind === "") {
    findImages(collector, at, value);
  } else if (kind.endsWith("List") && Array.isArray(value.items)) {
    for (const [index, item] of value.items.entries()) readObject(collector, [...at, "items", index], item);
  } else if (kind !== "CustomResourceDefinition") {
    // (A schema describes fields, it does not set them.)
    const owner = [kind, textAt(value, "metadata", "name")].filter(Boolean).join("/");
    const owned = { ...collector, owner };
    if (textAt(value, "apiVersion").startsWith("kustomize.config.k8s.io/")) findInKustomization(owned, at);
    findInController(owned, at, value);
    findImages(owned, at, value);
  }
}

function startOf(slot: FileVersions["slots"][number]): number {
  return Math.min(...Object.values(slot.parts).map((part) => part.range[0]));
}

function refuseAll(
  path: string,
  text: string,
  found: FileVersions,
  code: "template" | "unreadable",
  reason: string,
): FileVersions {
  for (const sighting of scanText(text))
    addImmovable({ path, found }, sighting.line, sighting.text, code, reason);
  return found;
}
