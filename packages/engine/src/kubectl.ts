import type { JsonObject } from "@gitops-actions/manifest";
import { collectionOf, type ListRequest } from "./kubectl/collection.ts";
import { discoveryType, parseDiscovery, type Served, type ServedKind } from "./kubectl/discovery.ts";
import { failureOf, type Unread } from "./kubectl/failure.ts";
import { parsePage } from "./kubectl/page.ts";
import { type ProxySettings, startProxy } from "./kubectl/proxy.ts";
import { type Client, createClient, type RequestLimits } from "./kubectl/request.ts";
import type { Machine } from "./machine.ts";
import type { Tool } from "./tools/tool.ts";

/** All objects of a list, or why it could not be read to its end: never a part of it. */
export type Listed = { objects: JsonObject[] } | { unread: Unread };

/** A cluster as far as it may be read: `get` and `list` only. */
export interface Cluster {
  /** How a kind is served; the reason when it is not, or when that could not be asked. */
  kind(id: Pick<ListRequest, "group" | "version" | "kind">): ServedKind | { unread: Unread };
  list(request: ListRequest): Promise<Listed>;
  /** The kinds that are served, each in the version that the server prefers. */
  kinds(): (Pick<ListRequest, "group" | "version" | "kind"> & ServedKind)[];
  /** The server's version such as `1.36.3`; undefined when it does not say. */
  version: string | undefined;
  close(): Promise<void>;
}

export interface ClusterSettings extends ProxySettings {
  /** Objects a page. */
  pageSize: number;
  limits: RequestLimits;
}

export const clusterLimits: Pick<ClusterSettings, "pageSize" | "limits"> = {
  pageSize: 500,
  limits: { deadlineMs: 60_000, maxBytes: 256 * 1024 * 1024, attempts: 4 },
};

/**
 * Opens a cluster through kubectl, with any credential plugin its kubeconfig names. Throws ToolError when kubectl
 * does not start; a cluster that cannot be reached is the answer to each question.
 */
export async function openCluster(
  tool: Tool,
  settings: ClusterSettings,
  machine: Machine,
  name = "kubectl",
  signal?: AbortSignal,
): Promise<Cluster> {
  const proxy = await startProxy(tool, settings, machine, name, signal);
  const cluster = await connectCluster(proxy.socket, settings, signal);
  const close = async (): Promise<void> => {
    await cluster.close();
    await proxy.close();
  };
  return { ...cluster, close };
}

/** The cluster behind the socket of a proxy that already runs; closing it leaves the proxy alone. */
export async function connectCluster(
  socket: string,
  settings: Pick<ClusterSettings, "pageSize" | "limits">,
  signal?: AbortSignal,
): Promise<Cluster> {
  const client = createClient(socket, settings.limits, signal);
  const [served, version] = await Promise.all([discover(client), readVersion(client)]);
  return {
    version,
    kind: (id) => findKind(served, id),
    kinds: () => ("unread" in served ? [] : listKinds(served)),
    list: (request) => {
      const kind = findKind(served, request);
      return "unread" in kind ? Promise.resolve(kind) : listAll(client, request, kind, settings.pageSize);
    },
    close: async () => client.close(),
  };
}

type Discovered = Served | { unread: Unread };

async function discover(client: Client): Promise<Discovered> {
  const answers = await Promise.all(["/api", "/apis"].map((path) => client.get(path, discoveryType)));
  const bodies: string[] = [];
  for (const answer of answers) {
    if ("unread" in answer) return answer;
    bodies.push(answer.body);
  }
  const malformed: Unread = {
    code: "server-error",
    message: "the server's discovery document cannot be read",
  };
  return parseDiscovery(...bodies) ?? { unread: malformed };
}

async function readVersion(client: Client): Promise<string | undefined> {
  const answer = await client.get("/version");
  if ("unread" in answer) return undefined;
  return /"gitVersion":\s*"v?(\d+\.\d+\.\d+)/.exec(answer.body)?.[1];
}

function findKind(served: Discovered, id: Pick<ListRequest, "group" | "version" | "kind">) {
  if ("unread" in served) return served;
  const found = served.kinds.get(`${id.group}/${id.version}/${id.kind}`);
  if (found?.listable) return found;
  const name = `${id.group ? `${id.group}/` : ""}${id.version} ${id.kind}`;
  const message = served.stale.has(id.group)
    ? `the server of ${id.group} does not answer`
    : `the cluster does not serve ${name} (no such version, or its CustomResourceDefinition is missing)`;
  return { unread: { ...failureOf(404, ""), message } };
}

async function listAll(
  client: Client,
  request: ListRequest,
  kind: ServedKind,
  pageSize: number,
): Promise<Listed> {
  const first = await listOnce(client, request, kind, pageSize);
  // A page expires when the server compacts its history meanwhile: once more from the beginning, and then no more.
  return "unread" in first && first.unread.code === "page-expired"
    ? listOnce(client, request, kind, pageSize)
    : first;
}

async function listOnce(
  client: Client,
  request: ListRequest,
  kind: ServedKind,
  pageSize: number,
): Promise<Listed> {
  const objects: JsonObject[] = [];
  let next: string | undefined;
  do {
    const answer = await client.get(pathOf(request, kind, pageSize, next));
    if ("unread" in answer) return answer;
    const page = parsePage(answer.body, request.kind);
    if (!page) return { unread: { code: "incomplete", message: "the answer is not a whole list" } };
    objects.push(...page.objects);
    next = page.next;
  } while (next !== undefined);
  return { objects };
}

/** Each kind once: discovery names a group's versions in the server's order of preference. */
function listKinds({ kinds }: Served): ReturnType<Cluster["kinds"]> {
  const first = new Map<string, ReturnType<Cluster["kinds"]>[number]>();
  for (const [key, served] of kinds) {
    const [group = "", version = "", kind = ""] = key.split("/");
    if (!first.has(`${group}/${kind}`)) first.set(`${group}/${kind}`, { group, version, kind, ...served });
  }
  return [...first.values()];
}

function pathOf(request: ListRequest, kind: ServedKind, pageSize: number, next: string | undefined): string {
  const query = new URLSearchParams({
    limit: String(pageSize),
    ...(next !== undefined && { continue: next }),
  });
  return `${collectionOf(request, kind)}?${query}`;
}
