import { type JsonObject, writeJson } from "@gitops-actions/manifest";
import type { Send } from "../../servers/request.ts";
import { type Change, changes } from "./changes.ts";
import { type Template, templates } from "./objects.ts";

type By = string;

function templateOf(index: number): Template {
  return templates[changes[index]!.of];
}

function nameOf(by: By, index: number): string {
  const short = `c${String(index + 1).padStart(2, "0")}`;
  return templateOf(index).clusterWide ? `${by}-${short}` : short;
}

/** What Git has: for each change the object that it is made to; an autoscaler comes with what it scales. */
export function manifestFor(by: By): string {
  const objects = changes.flatMap(({ of }, index) => {
    const name = nameOf(by, index);
    const all = of === "autoscaler" ? [templates.deployment, templates.autoscaler] : [templateOf(index)];
    return all.map((each: Template) => withNamespace(each.make(name), each.clusterWide ? "" : by));
  });
  return objects.map((object) => `${writeJson(object)}\n`).join("---\n");
}

function withNamespace(object: JsonObject, namespace: string): JsonObject {
  return namespace ? { ...object, metadata: { ...(object.metadata as JsonObject), namespace } } : object;
}

/** Where the object of a change is; of an autoscaler, what it scales. */
export function pathOf(by: By, index: number): string {
  const { api, plural, clusterWide } =
    changes[index]!.of === "autoscaler" ? templates.deployment : templateOf(index);
  const root = (clusterWide as boolean | undefined) ? api : `${api}/namespaces/${by}`;
  return `${root}/${plural}/${nameOf(by, index)}`;
}

/** How programs name the object: `namespace/name`, or the name alone where it has no namespace. */
export function namesOf(by: By, index: number): string[] {
  const name = nameOf(by, index);
  return [templateOf(index).clusterWide ? name : `${by}/${name}`];
}

/** Makes a change; throws when the server refuses it. */
export async function makeChange(send: Send, by: By, index: number, change: Change): Promise<void> {
  const path = `${pathOf(by, index)}${change.subresource ? `/${change.subresource}` : ""}`;
  const { status, body } = change.patch
    ? await send(
        "PATCH",
        `${path}?fieldManager=${change.by ?? "kubectl-edit"}`,
        change.patch,
        "application/json-patch+json",
      )
    : await send("DELETE", path);
  if (status >= 300) throw new Error(`${change.what}: ${JSON.stringify(body)}`);
}
