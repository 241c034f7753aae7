import { type JsonObject, splitPointer } from "@gitops-actions/manifest";
import { type Manager, ownershipOf, readManagers } from "./managed.ts";

/** Who wrote a field last, as far as the API server records it. A manager is a program, not a person. */
export interface Attribution {
  manager: string;
  operation: Manager["operation"];
  subresource: string;
  /** Time of that manager's last write to this object: the field's own change is not later. */
  time: string | undefined;
}

/**
 * Who owns a field of the live object; undefined when nothing is recorded: removals and deletions leave no trace.
 * Where several own it, the one that wrote last.
 */
export function attribute(live: JsonObject, livePointer: string): Attribution | undefined {
  const tokens = splitPointer(livePointer);
  const owners = readManagers(live).flatMap((manager) => {
    const how = ownershipOf(manager.fields, live, tokens);
    return how === undefined ? [] : [{ manager, how }];
  });
  const exact = owners.filter(({ how }) => how === "exact");
  const [last] = (exact.length > 0 ? exact : owners).sort((a, b) =>
    compareTimes(b.manager.time, a.manager.time),
  );
  if (!last) return undefined;
  const { name, operation, subresource, time } = last.manager;
  return { manager: name, operation, subresource, time };
}

/**
 * Who wrote as a whole (an atomic list or struct) what a field was part of that is not there any more; undefined when
 * it was a part by itself, for then nothing is recorded.
 */
export function attributeRemoval(live: JsonObject, livePointer: string): Attribution | undefined {
  const tokens = splitPointer(livePointer);
  const isWhole = readManagers(live).some(({ fields }) => ownershipOf(fields, live, tokens) === "above");
  return isWhole ? attribute(live, livePointer) : undefined;
}

/** All managers that own a field itself: several may, where they agree on its value. */
export function ownersOf(live: JsonObject, livePointer: string): string[] {
  const tokens = splitPointer(livePointer);
  return readManagers(live).flatMap(({ name, fields }) =>
    ownershipOf(fields, live, tokens) === undefined ? [] : [name],
  );
}

function compareTimes(a: string | undefined, b: string | undefined): number {
  return (a ?? "") < (b ?? "") ? -1 : (a ?? "") > (b ?? "") ? 1 : 0;
}

/** `kubectl-edit (Update) at 2026-11-20T09:14:00Z`. */
export function formatAttribution(who: Attribution | undefined): string {
  if (!who) return "not recorded";
  const how = who.subresource ? `${who.operation} of ${who.subresource}` : who.operation;
  return `${who.manager || "an unnamed manager"} (${how})${who.time ? ` at ${who.time}` : ", at a time that is not recorded"}`;
}
