import type { SchemaSet, Unread } from "@gitops-actions/engine";
import { isObject, type JsonObject, type Resource } from "@gitops-actions/manifest";
import { type Addition, findExtras } from "./additions.ts";
import { type Attribution, attribute } from "./attribution.ts";
import { compareObjects, type Difference } from "./comparison.ts";
import type { Deliverer } from "./delivery.ts";
import { ignoredOf, leftAlone, transience } from "./ignore.ts";
import { declaredOwner, type Scaled } from "./owners.ts";
import { type Definitions, shapeOf } from "./shape.ts";

/** A field that differs, with who wrote it last. */
export interface Drifted extends Difference {
  by: Attribution | undefined;
}

/** What is to be said of one object of Git. */
export type Judgement =
  | { class: "missing" }
  | { class: "transient"; what: string }
  | { class: "left-alone"; why: string }
  | { class: "not-checked"; code: string; message: string }
  | Compared;

export interface Compared {
  class: "compared";
  live: JsonObject;
  changed: Drifted[];
  /** Fields that differ because somebody is expected to write them: an autoscaler, an injector. */
  owned: (Drifted & { owner: string })[];
  unmanaged: Addition[];
  removedFromGit: Addition[];
  /** Differences that an ignore rule covers. */
  ignored: number;
  compared: number;
  unknown: string[];
}

/** What holds for all objects of a run. */
export interface Surroundings {
  schemas: SchemaSet;
  definitions: Definitions;
  scaled: Scaled;
  /** Patterns of managers that may write what they like. */
  owners: readonly RegExp[];
}

/** Judges one object of Git against what the cluster has of it. */
export function judge(
  resource: Resource,
  found: { object: JsonObject | undefined } | { unread: Unread },
  deliverers: readonly Deliverer[],
  surroundings: Surroundings,
): Judgement {
  const what = transience(resource.value);
  if (what === "generateName") return { class: "transient", what };
  const why = leftAlone(resource.value);
  if (why) return { class: "left-alone", why };
  if (isObject(resource.value.sops))
    return {
      class: "not-checked",
      code: "encrypted",
      message: "encrypted with SOPS: its values are not known here",
    };
  if ("unread" in found) return { class: "not-checked", ...found.unread };
  if (!found.object) return what ? { class: "transient", what } : { class: "missing" };
  const ignored = ignoredOf(
    resource.id,
    deliverers.flatMap(({ ignores }) => ignores),
  );
  if (ignored.unread.length > 0) {
    const message = `an ignore rule of its Application is more than a path: ${ignored.unread[0]}`;
    return { class: "not-checked", code: "jq-ignore-rule", message };
  }
  return compare(resource, found.object, ignored.covers, surroundings);
}

function compare(
  resource: Resource,
  live: JsonObject,
  isIgnored: (pointer: string, manager: string | undefined) => boolean,
  { schemas, definitions, scaled, owners }: Surroundings,
): Compared {
  const shape = shapeOf(resource.id, schemas, definitions);
  const { differences, compared, unknown } = compareObjects(resource.value, live, shape);
  const extras = findExtras(resource.value, live, shape);
  const result: Compared = {
    class: "compared",
    live,
    changed: [],
    owned: [],
    unmanaged: [],
    removedFromGit: [],
    ignored: 0,
    compared,
    unknown,
  };
  const { kind, namespace, name } = resource.id;
  const scaler = scaled.get(`${kind}/${namespace}/${name}`);
  for (const difference of differences) {
    const by = difference.live === undefined ? undefined : attribute(live, difference.livePointer);
    const owner =
      difference.pointer === "/spec/replicas" && scaler ? scaler : by && declaredOwner(by.manager, owners);
    if (isIgnored(difference.livePointer, by?.manager)) result.ignored++;
    else if (owner) result.owned.push({ ...difference, by, owner });
    else result.changed.push({ ...difference, by });
  }
  for (const list of ["unmanaged", "removedFromGit"] as const) {
    for (const addition of extras[list]) {
      if (isIgnored(addition.livePointer, addition.manager.name)) result.ignored++;
      else if (!declaredOwner(addition.manager.name, owners)) result[list].push(addition);
    }
  }
  return result;
}
