import type { DriftOutcome } from "@gitops-actions/drift-report";
import { formatIdentity, isObject, type JsonObject, type Resource, valueAt } from "@gitops-actions/manifest";
import type { Send } from "../servers/request.ts";
import { createClient } from "./cluster.ts";
import { gitSetLeaves, mutateAt } from "./mutation.ts";

/** One value of one live object that was made another, or taken away. */
export interface LiveChange {
  resource: Resource;
  /** JSON Pointer into the live object. */
  pointer: string;
  what: "changed" | "removed";
}

/** The field manager under whose name the changes are made. */
export const hand = "somebody-by-hand";

/**
 * Changes one value that Git sets in each of `count` random live objects, as somebody with kubectl would. What the
 * server refuses, or undoes, is tried elsewhere; so fewer come back where there are not enough objects.
 */
export async function changeLive(
  resources: readonly Resource[],
  count: number,
  random: () => number,
  send: Send,
): Promise<LiveChange[]> {
  const client = createClient(send);
  const left = [...resources];
  const changes: LiveChange[] = [];
  while (changes.length < count && left.length > 0) {
    const [resource] = left.splice(Math.floor(random() * left.length), 1) as [Resource];
    for (let attempt = 0; attempt < 4; attempt++) {
      const change = await changeOne(resource, random, client, send);
      if (!change) continue;
      changes.push(change);
      break;
    }
  }
  return changes;
}

async function changeOne(
  resource: Resource,
  random: () => number,
  client: ReturnType<typeof createClient>,
  send: Send,
): Promise<LiveChange | undefined> {
  const live = await client.get(resource);
  if (!live) return undefined;
  const leaves = gitSetLeaves(resource.value, live);
  const pointer = leaves[Math.floor(random() * leaves.length)];
  if (pointer === undefined) return undefined;
  const { value } = mutateAt(live, pointer, random);
  const path = `${await client.pathOf(resource)}/${encodeURIComponent(resource.id.name)}`;
  const { status } = await send("PUT", `${path}?fieldManager=${hand}`, stripManagers(value));
  if (status >= 300) return undefined;
  const after = await client.get(resource);
  if (after === undefined || valueAt(after, pointer) === valueAt(live, pointer)) return undefined;
  // The server stores the zero of some fields as nothing.
  return { resource, pointer, what: valueAt(after, pointer) === undefined ? "removed" : "changed" };
}

/** Without managedFields, as editors send it: the server then keeps its own and adds ours. */
function stripManagers(value: JsonObject): JsonObject {
  const { managedFields: _own, ...metadata } = isObject(value.metadata) ? value.metadata : {};
  return { ...value, metadata };
}

export interface Verdict {
  found: number;
  /** Changed values whose finding names who did it: of what was removed, no trace is left. */
  attributed: number;
  missed: string[];
  /** Changed, and no finding of that object names who did it. */
  nameless: string[];
}

/** Looks up each change among the findings of a report. */
export function judgeChanges(changes: readonly LiveChange[], { report }: DriftOutcome): Verdict {
  const verdict: Verdict = { found: 0, attributed: 0, missed: [], nameless: [] };
  for (const { resource, pointer, what } of changes) {
    const { kind, name, group } = resource.id;
    // Git may give a namespace to what has none, and none to what has one.
    const { namespace } = resource.id;
    const findings = report.findings.filter(
      ({ resource: about }) =>
        about?.kind === kind &&
        about.name === name &&
        about.group === group &&
        (namespace === "" || about.namespace === "" || about.namespace === namespace),
    );
    const text = `${formatIdentity(resource.id)} ${pointer} ${what}`;
    if (findings.some(({ rule }) => rule === "drift/changed")) verdict.found++;
    else verdict.missed.push(text);
    if (what === "removed") continue;
    // Who gives an item of a list another key takes one away, without a trace, and adds one, with theirs.
    if (findings.some(({ message }) => message.includes(hand))) verdict.attributed++;
    else verdict.nameless.push([text, ...findings.map(({ message }) => message)].join(": "));
  }
  return verdict;
}
