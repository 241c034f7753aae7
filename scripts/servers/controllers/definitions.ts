import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import type { Send } from "../request.ts";

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** Folder of a Go module as published: controllers keep their CustomResourceDefinitions in it. */
export function moduleFolder(module: string, version: string): string {
  const args = ["mod", "download", "-json", `${module}@v${version}`];
  // A module may want a newer Go than the machine's, as when it is built.
  const env = { GOTOOLCHAIN: "auto", ...process.env };
  const said = execFileSync("go", args, {
    env,
    cwd: tmpdir(),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return (JSON.parse(said) as { Dir: string }).Dir;
}

/** Applies all CustomResourceDefinitions in a folder of a Go module, and waits until the server serves them. */
export async function installDefinitions(send: Send, folder: string): Promise<void> {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".yaml"))) {
    const definition = parse(readFileSync(join(folder, file), "utf8")) as {
      kind?: string;
      metadata: { name: string };
    };
    if (definition.kind !== "CustomResourceDefinition") continue;
    const path = `${definitions}/${definition.metadata.name}`;
    await must(send, "PATCH", `${path}?fieldManager=setup&force=true`, definition);
    for (let attempt = 0; attempt < 100; attempt++) {
      const { body } = await send("GET", path);
      const conditions: { type: string; status: string }[] = body.status?.conditions ?? [];
      if (conditions.some(({ type, status }) => type === "Established" && status === "True")) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Applies an object by server-side apply, or sends what else is asked; throws with the server's answer on refusal. */
export async function must(send: Send, method: string, path: string, body?: unknown): Promise<void> {
  const type = method === "PATCH" ? "application/apply-patch+yaml" : undefined;
  const answer = await send(method, path, body, type);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
}
