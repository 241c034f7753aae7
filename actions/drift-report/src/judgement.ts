import type { DryRun, SchemaSet, Unread } from "@gitops-actions/engine";
import { isObject, type JsonObject, type Resource } from "@gitops-actions/manifest";
import { type Addition, type Extras, findExtras } from "./additions.ts";
import { type Attribution, attribute, attributeRemoval, ownersOf } from "./attribution.ts";
import { compareObjects, type Difference } from "./comparison.ts";
import { readAnswer, type ServerAnswer } from "./dryrun.ts";
import { leftAlone, transience, welcomesAdditions } from "./exemption.ts";
import { type Coverage, coverageOf, type ResolvedRule } from "./ignore/coverage.ts";
import type { IgnoreRule } from "./ignore/rule.ts";
import { declaredOwner, type Scaled } from "./owners.ts";
import { type Definitions, type Shape, shapeOf } from "./shape.ts";

/** A field that differs, with who wrote it last. */
export interface Drifted extends Difference {
  by: Attribution | undefined;
}

/** What is to be said of one object of Git. */
export type Judgement =
  | { class: "missing" }
  | { class: "transient"; what: string }
  | { class: "left-alone"; why: string; rule?: IgnoreRule }
  | { class: "not-checked"; code: string; message: string }
  | Compared;

export interface Compared {
  class: "compared";
  live: JsonObject;
  /** What it is held against: Git's object, or in a dry run what the server would make of it. */
  desired: JsonObject;
  changed: Drifted[];
  /** Fields that differ because somebody is expected to write them: an autoscaler, an injector. */
  owned: (Drifted & { owner: string })[];
  /** Fields that Git does not set, of programs that are expected to write. */
  ownedAdditions: (Addition & { owner: string })[];
  unmanaged: Addition[];
  removedFromGit: Addition[];
  /** For each difference that an ignore rule covers, the rule. */
  ignored: { pointer: string; rule: IgnoreRule }[];
  /** Fields of others to which Git has given leave (`ssa: Merge`). */
  welcome: number;
  /** What of its additions cannot be told; see `Extras`. */
  untold: Extras["untold"];
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

/** Judges one object of Git against what the cluster has of it, by the rules that select it. */
export function judge(
  resource: Resource,
  found: { object: JsonObject | undefined } | { unread: Unread },
  rules: readonly ResolvedRule[] | { unread: string },
  surroundings: Surroundings,
  answer?: DryRun,
): Judgement {
  const what = transience(resource.value);
  if (what === "generateName") return { class: "transient", what };
  const why = leftAlone(resource.value);
  if (why) return { class: "left-alone", why };
  const shape = shapeOf(resource.id, surroundings.schemas, surroundings.definitions);
  const live = "object" in found ? found.object : undefined;
  const coverage =
    "unread" in rules ? undefined : coverageOf(rules, { desired: resource.value, live, shape });
  if (coverage?.whole)
    return { class: "left-alone", why: `ignored by ${coverage.whole.by}`, rule: coverage.whole };
  if (isObject(resource.value.sops))
    return {
      class: "not-checked",
      code: "encrypted",
      message: "encrypted with SOPS: its values are not known here",
    };
  if ("unread" in found) return { class: "not-checked", ...found.unread };
  if (!live) return what ? { class: "transient", what } : { class: "missing" };
  if (!coverage || "unread" in rules)
    return {
      class: "not-checked",
      code: "jq-ignore-rule",
      message: "unread" in rules ? rules.unread : "",
    };
  if (answer && "unread" in answer) return { class: "not-checked", ...answer.unread };
  const made = answer && "object" in answer ? readAnswer(answer.object, live, shape) : undefined;
  const judged = compare(resource, live, shape, coverage, surroundings, made);
  // Where the server refuses what Git says, only reading tells what differs; nothing does not mean that all is well.
  return answer && "refused" in answer && judged.changed.length === 0
    ? { class: "not-checked", code: "refused", message: `the server would not take it: ${answer.refused}` }
    : judged;
}

function compare(
  resource: Resource,
  live: JsonObject,
  shape: Shape,
  coverage: Coverage,
  { scaled, owners }: Surroundings,
  answer: ServerAnswer | undefined,
): Compared {
  const own = compareObjects(resource.value, live, shape);
  const { compared, unknown } = own;
  const differences = answer?.changed ?? own.differences;
  const found = findExtras(resource.value, live, shape);
  const extras = answer ? { ...found, removedFromGit: answer.removed } : found;
  const result: Compared = {
    class: "compared",
    live,
    desired: answer?.made ?? resource.value,
    changed: [],
    owned: [],
    ownedAdditions: [],
    unmanaged: [],
    removedFromGit: [],
    ignored: [],
    welcome: 0,
    untold: answer && extras.untold === "removed" ? "nothing" : extras.untold,
    compared,
    unknown,
  };
  const { kind, namespace, name } = resource.id;
  const scaler = scaled.get(`${kind}/${namespace}/${name}`);
  for (const difference of differences) {
    const { pointer, livePointer } = difference;
    const isThere = difference.live !== undefined;
    const by = (isThere ? attribute : attributeRemoval)(live, livePointer);
    const owner = pointer === "/spec/replicas" && scaler ? scaler : by && declaredOwner(by.manager, owners);
    const rule = coverage.ofDifference(difference, isThere ? ownersOf(live, livePointer) : []);
    if (rule) result.ignored.push({ pointer, rule });
    else if (owner) result.owned.push({ ...difference, by, owner });
    else result.changed.push({ ...difference, by });
  }
  const isOpen = welcomesAdditions(resource.value);
  for (const list of ["unmanaged", "removedFromGit"] as const) {
    for (const addition of extras[list]) {
      const { livePointer, manager } = addition;
      const rule = coverage.ofAddition(livePointer, manager.name);
      if (rule) result.ignored.push({ pointer: livePointer, rule });
      else if (list === "unmanaged" && isOpen) result.welcome++;
      else {
        const owner = declaredOwner(manager.name, owners);
        if (owner) result.ownedAdditions.push({ ...addition, owner });
        else result[list].push(addition);
      }
    }
  }
  return result;
}
