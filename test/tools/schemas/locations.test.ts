import { join } from "node:path";
import { readSchemaLocations, schemaFromLocations } from "@gitops-actions/engine";
import { describe, expect, test } from "vitest";
import { fillTemplate } from "../../../packages/engine/src/schemas/locations.ts";
import { makeMachine, write } from "../engine/machine.ts";
import { serve } from "../engine/server.ts";

const thing = { group: "example.com", version: "v1", kind: "Thing" };
const none = new Set<string>();

async function serveHost(answer: Parameters<typeof serve>[0]) {
  const { url, requests } = await serve(answer);
  return { url, asked: requests, host: new URL(url).host };
}

describe("schema-locations", () => {
  test("templates are filled in as kubeconform does it", () => {
    const template =
      "{{ .NormalizedKubernetesVersion }}-{{.StrictSuffix}}/{{ .ResourceKind }}{{ .KindSuffix }}|{{.Group}}|{{.ResourceAPIVersion}}";
    const ingress = { group: "networking.k8s.io", version: "v1", kind: "Ingress" };
    expect(fillTemplate(template, ingress, "1.36.3", true)).toBe(
      "v1.36.3--strict/ingress-networking-v1|networking.k8s.io|v1",
    );
    expect(fillTemplate(template, { group: "", version: "v1", kind: "Pod" }, "1.36.3", false)).toBe(
      "v1.36.3-/pod-v1|v1|v1",
    );
    expect(() => fillTemplate("{{ .Kind }}", thing, "1.36.0", true)).toThrow(
      "{{ .Kind }} is not known. Variables: {{.NormalizedKubernetesVersion}}",
    );
    expect(() => fillTemplate("{{ lower .ResourceKind }}", thing, "1.36.0", true)).toThrow("is not known");
  });

  test("short forms are completed, hosts must be allowed", () => {
    const allowed = new Set(["raw.githubusercontent.com"]);
    expect(readSchemaLocations(["default", "/schemas"], allowed).templates).toEqual([
      "https://raw.githubusercontent.com/yannh/kubernetes-json-schema/master/{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json",
      "/schemas/{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json",
    ]);
    expect(() => readSchemaLocations(["default"], none)).toThrow(
      "allow-schema-hosts: raw.githubusercontent.com",
    );
    expect(() => readSchemaLocations(["https://{{.Group}}.example.com/x.json"], allowed)).toThrow(
      "may not be asked",
    );
  });

  test("the first place that has the schema gives it", async () => {
    const machine = makeMachine();
    write(machine.folder, { "b/thing_v1.json": '{"type":"object"}' });
    const places = ["a", "b"].map((name) =>
      join(machine.folder, name, "{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"),
    );
    const locations = readSchemaLocations(places, none);
    expect(await schemaFromLocations(locations, thing, "1.36.3", true, machine)).toMatchObject({
      text: '{"type":"object"}',
    });
    expect(
      await schemaFromLocations(locations, { ...thing, kind: "Other" }, "1.36.3", true, machine),
    ).toBeUndefined();
  });

  test("what a pinned URL answers is kept, what another answers is asked for again", async () => {
    const machine = makeMachine();
    const server = await serveHost((request, response) => {
      response.statusCode = request.url?.includes("missing") ? 404 : 200;
      response.end("{}");
    });
    const ask = (path: string) =>
      schemaFromLocations(
        readSchemaLocations([`${server.url}${path}`], new Set([server.host])),
        thing,
        "1.36.3",
        true,
        machine,
      );
    const pinned = `/repo/${"a".repeat(40)}/{{.ResourceKind}}.json`;
    for (const path of [
      pinned,
      pinned,
      "/repo/main/x.json",
      "/repo/main/x.json",
      "/v1.2.3/y.json",
      "/v1.2.3/y.json",
    ]) {
      expect(await ask(path)).toMatchObject({ text: "{}" });
    }
    expect(await ask("/missing.json")).toBeUndefined();
    expect(server.asked).toEqual([
      pinned.replace("{{.ResourceKind}}", "thing"),
      "/repo/main/x.json",
      "/repo/main/x.json",
      "/v1.2.3/y.json",
      "/missing.json",
    ]);
  });

  test("a redirect to a host that may not be asked is not followed", async () => {
    const machine = makeMachine();
    const secret = await serveHost((_, response) => response.end("{}"));
    const server = await serveHost((_, response) =>
      response.writeHead(302, { location: `${secret.url}/x` }).end(),
    );
    const locations = readSchemaLocations([`${server.url}/a.json`], new Set([server.host]));
    await expect(schemaFromLocations(locations, thing, "1.36.3", true, machine)).rejects.toThrow(
      `redirects to ${secret.host}, which may not be asked`,
    );
    expect(secret.asked).toEqual([]);
    const both = { ...locations, hosts: new Set([server.host, secret.host]) };
    expect(await schemaFromLocations(both, thing, "1.36.3", true, machine)).toMatchObject({ text: "{}" });
  });

  test("a server that fails, or cannot be reached, is no missing schema", async () => {
    const machine = makeMachine();
    const server = await serveHost((_, response) => response.writeHead(500).end());
    const ask = (url: string, host: string) =>
      schemaFromLocations(readSchemaLocations([url], new Set([host])), thing, "1.36.3", true, machine);
    await expect(ask(`${server.url}/a.json`, server.host)).rejects.toThrow("the server answered 500");
    await expect(ask("http://127.0.0.1:9/a.json", "127.0.0.1:9")).rejects.toThrow("could not be read");
  });
});
