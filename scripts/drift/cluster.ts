import { isObject, type Json, type JsonObject, type Resource, writeJson } from "@gitops-actions/manifest";
import type { Send } from "../servers/request.ts";

/** One way of bringing an object into the cluster. */
export type Way = "create" | "server-side apply";

/** What became of one object: as the server has it, or why it would not take it. */
export type Applied = { live: JsonObject } | { refused: string };

interface Kind {
  plural: string;
  namespaced: boolean;
}

/** A client that applies objects the way controllers and kubectl do, without a process for each. */
export function createClient(send: Send) {
  const kinds = new Map<string, Kind>();

  async function kindOf({ group, version, kind }: Resource["id"]): Promise<Kind | undefined> {
    const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
    const key = `${root}/${kind}`;
    if (!kinds.has(key)) {
      const { status, body } = await send("GET", root);
      if (status !== 200) return undefined;
      for (const each of (body as { resources: { name: string; kind: string; namespaced: boolean }[] })
        .resources)
        if (!each.name.includes("/"))
          kinds.set(`${root}/${each.kind}`, { plural: each.name, namespaced: each.namespaced });
    }
    return kinds.get(key);
  }

  async function pathOf(resource: Resource): Promise<string | undefined> {
    const { id } = resource;
    const kind = await kindOf(id);
    if (!kind) return undefined;
    const root = id.group ? `/apis/${id.group}/${id.version}` : `/api/${id.version}`;
    if (!kind.namespaced) return `${root}/${kind.plural}`;
    const namespace = id.namespace || "default";
    await ensureNamespace(namespace);
    return `${root}/namespaces/${namespace}/${kind.plural}`;
  }

  const namespaces = new Set(["default", "kube-system"]);
  async function ensureNamespace(name: string): Promise<void> {
    if (namespaces.has(name)) return;
    await send("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    namespaces.add(name);
  }

  async function apply(resource: Resource, way: Way): Promise<Applied> {
    const path = await pathOf(resource);
    if (!path) return { refused: "the server does not know the kind" };
    const name = encodeURIComponent(resource.id.name);
    const text = writeJson(way === "create" ? withLastApplied(resource.value) : resource.value);
    let answer = await request();
    if (answer.status === 409 && way === "create") {
      await send("DELETE", `${path}/${name}?propagationPolicy=Background`);
      answer = await request();
    }
    for (let attempt = 0; attempt < 20 && isNotYet(answer); attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      answer = await request();
    }
    if (answer.status < 300 && isObject(answer.body as Json)) return { live: answer.body as JsonObject };
    return { refused: String((answer.body as { message?: string }).message ?? answer.status) };

    function request() {
      return way === "create"
        ? send("POST", `${path}?fieldManager=kubectl-client-side-apply`, text)
        : send(
            "PATCH",
            `${path}/${name}?fieldManager=kustomize-controller&force=true`,
            text,
            "application/apply-patch+yaml",
          );
    }
  }

  async function get(resource: Resource): Promise<JsonObject | undefined> {
    const { status, body } = await send(
      "GET",
      `${await pathOf(resource)}/${encodeURIComponent(resource.id.name)}`,
    );
    return status === 200 ? (body as JsonObject) : undefined;
  }

  return { apply, get, pathOf };
}

/** A definition that was just made is served a moment later. */
function isNotYet({ status, body }: { status: number; body: unknown }): boolean {
  return status === 404 && String(body).includes("page not found");
}

function withLastApplied(value: JsonObject): JsonObject {
  const metadata = isObject(value.metadata) ? value.metadata : {};
  const annotations = isObject(metadata.annotations) ? metadata.annotations : {};
  const applied = `${writeJson({ ...value, metadata: { ...metadata, annotations } })}\n`;
  return {
    ...value,
    metadata: {
      ...metadata,
      annotations: { ...annotations, "kubectl.kubernetes.io/last-applied-configuration": applied },
    },
  };
}
