import {
  isObject,
  type Json,
  type JsonObject,
  joinPointer,
  splitPointer,
  valueAt,
} from "@gitops-actions/manifest";
import { itemName } from "./items.ts";
import { lastAppliedName, readLastApplied, removedSince } from "./lastapplied.ts";
import { type Manager, matchesItem, ownershipOf, readManagers } from "./managed.ts";
import { isMark, isRequest } from "./marks.ts";
import { normaliseDesired } from "./normalise.ts";
import { isApplier, isSystem } from "./owners.ts";
import type { Shape } from "./shape.ts";

/** A field of the live object that Git does not set. Holds Secret values. */
export interface Addition {
  /** JSON Pointer into the live object. */
  livePointer: string;
  live: Json;
  manager: Manager;
}

export interface Extras {
  /** Written by somebody else than the controllers and the server. */
  unmanaged: Addition[];
  /** Applied from Git once, and no longer there: the next sync takes them away. */
  removedFromGit: Addition[];
  /**
   * What cannot be told: `all` additions where the server keeps no record of managers, or whoever made the object owns
   * the server's defaults; those `removed` from Git where a client-side applier left no note of what it applied.
   */
  untold: "nothing" | "removed" | "all";
}

/**
 * The fields that only the cluster has, by who wrote them. What the applier itself owns is told apart only where it
 * applied (server-side): a client-side applier owns the server's defaults too.
 */
export function findExtras(desired: JsonObject, live: JsonObject, shape: Shape): Extras {
  const wanted = normaliseDesired(desired);
  const all = readManagers(live);
  const managers = all.filter(({ subresource }) => subresource === "");
  const applier = mainApplier(managers, wanted, live, shape);
  const extras: Omit<Extras, "untold"> = { unmanaged: [], removedFromGit: [] };
  let isMade = false;
  for (const manager of managers) {
    const isMain = manager === applier || isApplier(manager.name);
    if (isSystem(manager.name) || (isMain && manager.operation === "Update")) continue;
    const found = additionsOf(manager, wanted, live, shape, isMain);
    if (isMain) extras.removedFromGit.push(...found);
    else if (found.length > 0 && isCreator(manager, applier, wanted, live, shape)) isMade = true;
    else extras.unmanaged.push(...found.filter((each) => !isOwnFinalizer(each, all)));
  }
  const applied = readLastApplied(live);
  if (applied) extras.removedFromGit.push(...removedByNote(applied, wanted, live, shape));
  const seen = new Set<string>();
  const once = ({ livePointer }: Addition): boolean =>
    !seen.has(livePointer) && seen.add(livePointer) !== undefined;
  return {
    unmanaged: extras.unmanaged.filter(once),
    removedFromGit: extras.removedFromGit.filter(once),
    untold:
      managers.length === 0 || isMade
        ? "all"
        : applier?.operation === "Apply" || applied
          ? "nothing"
          : "removed",
  };
}

/** What a client-side applier's own note shows to be gone from Git. */
function removedByNote(applied: JsonObject, wanted: JsonObject, live: JsonObject, shape: Shape): Addition[] {
  return removedSince(applied, wanted, live, shape).flatMap((livePointer) => {
    const tokens = splitPointer(livePointer);
    const value = valueAt(live, livePointer);
    if (value === undefined || isMark(tokens) || tokens[0] === "status" || isRequest(tokens)) return [];
    const [by] = ownersAt(live, tokens);
    return by ? [{ livePointer, live: value, manager: by }] : [];
  });
}

function ownersAt(live: JsonObject, tokens: readonly string[]): Manager[] {
  return readManagers(live).filter(({ fields }) => ownershipOf(fields, live, tokens) !== undefined);
}

/** The manager that brought Git's object here; undefined when nobody owns anything of it. */
export function applierOf(desired: JsonObject, live: JsonObject, shape: Shape): Manager | undefined {
  const managers = readManagers(live).filter(({ subresource }) => subresource === "");
  return mainApplier(managers, normaliseDesired(desired), live, shape);
}

/**
 * The manager that brought Git's object here: one that is known for it, else one that applied on the server, else whoever
 * owns most of what Git sets. Somebody who overwrote all of it by hand must not be taken for it.
 */
function mainApplier(
  managers: readonly Manager[],
  desired: JsonObject,
  live: JsonObject,
  shape: Shape,
): Manager | undefined {
  const known = managers.filter(({ name }) => isApplier(name));
  const applied = managers.filter(({ operation }) => operation === "Apply");
  const candidates = known.length > 0 ? known : applied.length > 0 ? applied : managers;
  // A known one stays the applier when nothing of what it brought is its own any more.
  let best = known[0];
  let most = 0;
  for (const manager of candidates) {
    const owned = countOwned({ set: manager.fields, desired, live, shape, tokens: [] });
    if (owned > most) [best, most] = [manager, owned];
  }
  return best;
}

/**
 * Whether a manager made the object and has not written to it since: before Git's object was applied over it, it set what
 * Git sets, and got the server's defaults as its own.
 */
function isCreator(
  manager: Manager,
  applier: Manager | undefined,
  desired: JsonObject,
  live: JsonObject,
  shape: Shape,
): boolean {
  const made = valueAt(live, "/metadata/creationTimestamp");
  if (manager.operation !== "Update" || manager.time !== made) return false;
  // Whoever wrote within the second in which the applier itself made the object only changed it.
  if (applier?.time !== undefined && applier.time === made) return false;
  const owned = ({ fields }: Manager): number =>
    countOwned({ set: fields, desired, live, shape, tokens: [] });
  return owned(manager) > 0 && owned(manager) * 2 >= (applier ? owned(applier) : 0);
}

interface Place {
  set: JsonObject;
  desired: Json | undefined;
  live: Json | undefined;
  shape: Shape;
  tokens: readonly (string | number)[];
}

/** The places that a set names below one place, each with its part of Git's object. */
function* childrenOf({ set, desired, live, shape, tokens }: Place): Generator<Place> {
  for (const [name, child] of Object.entries(set)) {
    if (!isObject(child)) continue;
    if (name.startsWith("f:") && isObject(live)) {
      const field = name.slice(2);
      yield {
        set: child,
        desired: isObject(desired) && Object.hasOwn(desired, field) ? desired[field] : undefined,
        live: Object.hasOwn(live, field) ? live[field] : undefined,
        shape: shape.field(field),
        tokens: [...tokens, field],
      };
    } else if (Array.isArray(live)) {
      const index = live.findIndex((item) => matchesItem(name, item));
      if (index < 0) continue;
      yield {
        set: child,
        desired: Array.isArray(desired) ? partner(desired, live[index]!, name) : undefined,
        live: live[index],
        shape: shape.item(),
        tokens: [...tokens, index],
      };
    }
  }
}

function partner(desired: readonly Json[], item: Json, name: string): Json | undefined {
  if (name.startsWith("v:")) return desired.find((each) => each === item);
  const keys = Object.keys(JSON.parse(name.slice(2)) as JsonObject);
  const key = itemName(item, keys);
  return desired.find((each) => itemName(each, keys) === key);
}

function countOwned(place: Place): number {
  if (place.desired === undefined) return 0;
  let count = Object.keys(place.set).length === 0 ? 1 : 0;
  for (const child of childrenOf(place)) count += countOwned(child);
  return count;
}

function additionsOf(
  manager: Manager,
  desired: JsonObject,
  live: JsonObject,
  shape: Shape,
  isMain: boolean,
): Addition[] {
  const found: Addition[] = [];
  const visit = (place: Place): void => {
    for (const child of childrenOf(place)) {
      if (child.live === undefined || child.live === null) continue;
      const isItem = typeof child.tokens.at(-1) === "number";
      const isLeaf = Object.keys(child.set).length === 0;
      const isWhole = isLeaf || isItem || ("." in child.set && !child.shape.isMap);
      if (child.desired === undefined && isWhole) {
        if (!isIgnored(child) && !(isMain && isAppliersOwn(child, place)))
          found.push({ livePointer: joinPointer(child.tokens), live: child.live, manager });
      } else visit(child);
    }
  };
  visit({ set: manager.fields, desired, live, shape, tokens: [] });
  return found;
}

/** Status is the cluster's own to write, and the copy that kubectl keeps of what it applied is no field of anybody's. */
function isIgnored({ tokens }: Place): boolean {
  return tokens[0] === "status" || tokens.at(-1) === lastAppliedName || isRequest(tokens);
}

/**
 * What an applier writes besides what Git says: its marks, and what the Go types give that Flux reads objects into
 * before it applies them (fluxcd/pkg, ssa/normalize): zero values, empty structs, the default protocol of ports.
 */
function isAppliersOwn({ set, live, shape, tokens }: Place, parent: Place): boolean {
  if (isMark(tokens)) return true;
  const name = tokens.at(-1);
  // Whatever Git says of the rules of an aggregated ClusterRole, the control plane gathers them.
  if (tokens.length === 1 && name === "rules" && isObject(parent.desired) && parent.desired.aggregationRule)
    return true;
  if (name === "protocol" && live === "TCP") return true;
  // The zero of a Service's target port, of which the server makes the port itself.
  if (name === "targetPort" && isObject(parent.live) && live === parent.live.port) return true;
  // The same of a FlowSchema's precedence, of which it makes a thousand.
  if (name === "matchingPrecedence" && Number(live) === 1000) return true;
  // A Go pointer that is always written: `null` was applied, and an empty text is what the server makes of it.
  if (live === "") return true;
  if (typeof name === "string" && live !== undefined && parent.shape.drops(name, live)) return true;
  // Nothing of a struct is its own: it applied `{}`, and what is there now the server has put in.
  return Object.keys(set).length === 0 && isObject(live) && !shape.isMap && !shape.isAtomic;
}

/** A controller holds the objects of its kind by a finalizer; that it is their controller shows in who writes status. */
function isOwnFinalizer({ livePointer, manager }: Addition, all: readonly Manager[]): boolean {
  if (!/^\/metadata\/finalizers(?:\/|$)/.test(livePointer) || manager.name.startsWith("kubectl"))
    return false;
  return all.some(({ name, subresource }) => name === manager.name && subresource === "status");
}
