import { isObject, type Json, type JsonObject } from "@gitops-actions/manifest";
import type { Machine } from "../machine.ts";
import type { Tool } from "../tools/tool.ts";
import { collectionOf, type ListRequest } from "./collection.ts";
import type { ServedKind } from "./discovery.ts";
import type { Unread } from "./failure.ts";
import { type ProxySettings, startProxy } from "./proxy.ts";
import { createClient, type RequestLimits } from "./request.ts";

/** What the server would make of an object, or why it does not say. `refused`: it would not take the object. */
export type DryRun = { object: JsonObject } | { unread: Unread } | { refused: string };

export interface DryRunner {
  /**
   * Asks what a server-side apply with force would give, without applying it (`dryRun=All`). The object is of the kind
   * and name given.
   */
  apply(request: ListRequest & { name: string }, object: JsonObject, manager: string): Promise<DryRun>;
  close(): Promise<void>;
}

/**
 * Opens a cluster for dry runs: a proxy of its own, through which only PATCH gets, and from here only with `dryRun=All`.
 * `cluster` says how kinds are served.
 */
export async function openDryRunner(
  tool: Tool,
  settings: ProxySettings & { limits: RequestLimits },
  machine: Machine,
  cluster: { kind(id: Pick<ListRequest, "group" | "version" | "kind">): ServedKind | { unread: Unread } },
  name = "dry-run",
  signal?: AbortSignal,
): Promise<DryRunner> {
  const proxy = await startProxy(tool, { ...settings, method: "PATCH" }, machine, name, signal);
  const client = createClient(proxy.socket, settings.limits, signal);
  return {
    async apply(request, object, manager) {
      const kind = cluster.kind(request);
      if ("unread" in kind) return kind;
      const query = new URLSearchParams({ dryRun: "All", force: "true", fieldManager: manager });
      const place = `${collectionOf(request, kind)}/${encodeURIComponent(request.name)}`;
      const answer = await client.apply(`${place}?${query}`, JSON.stringify(object));
      if ("unread" in answer) return refusalOf(answer.unread);
      const made = readObject(answer.body);
      return made ? { object: made } : { unread: { code: "incomplete", message: "the answer is no object" } };
    },
    async close() {
      client.close();
      await proxy.close();
    },
  };
}

/** An object that the server calls invalid, or a webhook denies, is refused; who may not ask learns nothing. */
function refusalOf(unread: Unread): DryRun {
  const isRefused =
    /^status (?:400|409|422)\b/.test(unread.message) || /admission webhook/.test(unread.message);
  return isRefused ? { refused: unread.message } : { unread };
}

function readObject(body: string): JsonObject | undefined {
  try {
    const value = JSON.parse(body) as Json;
    return isObject(value) && isObject(value.metadata) ? value : undefined;
  } catch {
    return undefined;
  }
}
