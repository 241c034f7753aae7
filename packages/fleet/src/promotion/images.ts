import { isObject, type Json, type JsonObject } from "@gitops-actions/manifest";
import {
  addImmovable,
  addReference,
  addSlot,
  type Collector,
  refuseAt,
  scalarAt,
  type Tokens,
} from "./collector.ts";
import { findSource } from "./controllers.ts";
import { holdsVariable, parseReference } from "./reference.ts";
import { scanText } from "./scan.ts";
import type { Role } from "./slot.ts";

/**
 * The images of any object or values file: `image: name:tag`, `image: { repository, tag, digest }`, and variables whose
 * name says that they hold an image. Whatever else in it reads like a version is named as not moved.
 */
export function findImages(collector: Collector, at: Tokens, value: Json, key = ""): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) findImages(collector, [...at, index], item, key);
  } else if (isObject(value)) findInMap(collector, at, value, key);
  else if (typeof value === "string") findInScalar(collector, at, value, key);
}

function findInMap(collector: Collector, at: Tokens, value: JsonObject, key: string): void {
  const roles = imageRoles(value, key);
  if (roles) {
    const text = (role: string) => {
      const found = value[role];
      return typeof found === "string" ? found : "";
    };
    const name = [text("registry"), text(roles.name ?? "")].filter(Boolean).join("/");
    addSlot(collector, { kind: "image-values", subject: name || String(key), at, roles });
  }
  // Charts that make Applications have their sources in values files.
  if ("targetRevision" in value && "repoURL" in value) findSource(collector, at, value);
  const variable =
    typeof value.name === "string" &&
    /(?:^|_)IMAGE(?:_|$)/.test(value.name) &&
    typeof value.value === "string";
  for (const [name, child] of Object.entries(value)) {
    findImages(collector, [...at, name], child, variable && name === "value" ? "image" : name);
  }
}

const nameKeys = ["repository", "name", "image"];

/** How an image is spread over the fields of a mapping; undefined for a mapping that is none. */
function imageRoles(value: JsonObject, key: string): Partial<Record<Role, string>> | undefined {
  const scalar = (name: string) =>
    Object.hasOwn(value, name) && (typeof value[name] !== "object" || value[name] === null);
  const image = /image/i.test(key);
  const repository = scalar("repository");
  if (!image && !(repository && (scalar("tag") || scalar("digest")))) return undefined;
  const roles: Partial<Record<Role, string>> = {};
  const name = nameKeys.find(
    (each) => scalar(each) && (each !== "name" || scalar("tag") || scalar("digest")),
  );
  if (name && (scalar("tag") || scalar("digest") || name === "repository")) roles.name = name;
  if (scalar("tag")) roles.tag = "tag";
  else if (image && scalar("version")) roles.tag = "version";
  const digest = ["digest", "sha", "sha256"].find(scalar);
  if (digest) roles.digest = digest;
  return Object.keys(roles).length > 0 ? roles : undefined;
}

function findInScalar(collector: Collector, at: Tokens, value: string, key: string): void {
  const argument = /(?:^|\s)--?[\w.-]*image[\w.-]*[= ]([^\s"']+)/.exec(value)?.[1];
  if (value.includes("\n")) findInText(collector, at, value);
  else if (/^(?:image|.*Image|.*_image|.*-image|image.*Ref)$/.test(key)) findReference(collector, at, value);
  else if (argument && parseReference(argument)?.tag !== undefined)
    refuseAt(collector, at, "in-text", "it stands inside an argument");
}

function findReference(collector: Collector, at: Tokens, value: string): void {
  const version = parseReference(value);
  const pinned = (version?.tag ?? version?.digest) !== undefined;
  const container = at.some((token) => token === "containers" || token === "initContainers");
  if (value === "") return;
  if (holdsVariable(value)) refuseAt(collector, at, "variable", "something else fills it in");
  else if (!version) refuseAt(collector, at, "pattern", "it is a pattern or no image reference");
  else if (pinned || container || /[/.]/.test(value))
    addReference(collector, "image", version.name ?? value, at, version);
  else refuseAt(collector, at, "unpinned", "it names no tag and no digest");
}

/** What a text of several lines holds: a manifest in a ConfigMap, a patch written in place. */
function findInText(collector: Collector, at: Tokens, value: string): void {
  const scalar = scalarAt(collector, at);
  if (!scalar) return;
  // The lines of a block scalar are the lines of its value: the header is the first.
  const block = /^[|>]/.test(scalar.part.raw);
  for (const { line, text } of scanText(block ? scalar.part.raw : value)) {
    addImmovable(
      collector,
      scalar.part.line + (block || scalar.part.raw.includes("\n") ? line - 1 : 0),
      text,
      "in-text",
      "it stands inside a text, not in a field of its own",
    );
  }
}
