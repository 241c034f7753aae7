import type { JsonObject } from "@gitops-actions/manifest";
import type { Send } from "../../servers/request.ts";

/** What the API server said of a document. */
export interface ServerAnswer {
  accepted: boolean;
  /** Status and message of a refusal. */
  message: string;
}

interface Kind {
  plural: string;
  namespaced: boolean;
}

/** Asks an API server for its opinion of documents: a strict server-side dry run of a create, in their own namespace. */
export function createAsker(send: Send): (value: JsonObject) => Promise<ServerAnswer> {
  const discovered = new Map<string, Map<string, Kind>>();

  async function kindsOf(root: string): Promise<Map<string, Kind>> {
    const known = discovered.get(root);
    if (known) return known;
    const { body } = await send("GET", root);
    const { resources } = body as { resources: { name: string; kind: string; namespaced: boolean }[] };
    const kinds = resources
      .filter(({ name }) => !name.includes("/"))
      .map(({ name, kind, namespaced }): [string, Kind] => [kind, { plural: name, namespaced }]);
    discovered.set(root, new Map(kinds));
    return discovered.get(root)!;
  }

  return async (value) => {
    const [group, api] = splitVersion(String(value.apiVersion));
    const root = group ? `/apis/${group}/${api}` : `/api/${api}`;
    const kind = (await kindsOf(root)).get(String(value.kind));
    if (!kind) throw new Error(`the server has no ${value.kind} in ${root}`);
    const path = kind.namespaced ? `${root}/namespaces/default/${kind.plural}` : `${root}/${kind.plural}`;
    const { status, body } = await send("POST", `${path}?dryRun=All&fieldValidation=Strict`, value);
    if (status < 300) return { accepted: true, message: "" };
    const message = typeof body === "string" ? body : String((body as { message?: string }).message ?? "");
    return { accepted: false, message: `${status} ${message}` };
  };
}

/** Group and version of an apiVersion. */
export function splitVersion(apiVersion: string): [string, string] {
  const [first = "", second] = apiVersion.split("/");
  return second === undefined ? ["", first] : [first, second];
}
