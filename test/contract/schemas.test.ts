import { readFileSync } from "node:fs";
import {
  apiState,
  combineSchemas,
  findKubernetesPack,
  listPacks,
  packFolder,
  readLifecycles,
  readPack,
} from "@gitops-actions/engine";
import { describe, expect, test } from "vitest";

const packs = listPacks();
const kubernetes = packs.filter((entry) => entry.kubernetes);
const lifecycles = readLifecycles();

describe("the schema packs that ship", () => {
  test("cover Kubernetes 1.32 to 1.37 and four projects", () => {
    expect(packs.map(({ name }) => name)).toEqual([
      ...["argo-cd", "flux", "gatekeeper"],
      ...["1.32", "1.33", "1.34", "1.35", "1.36", "1.37"].map((version) => `kubernetes-${version}`),
      "kyverno",
    ]);
  });

  test("are small, whole and refer only to what they define", () => {
    for (const entry of packs) {
      expect(readFileSync(`${packFolder()}/${entry.file}`).length, entry.name).toBeLessThan(33_000);
      const pack = readPack(entry);
      expect(pack.name).toBe(entry.name);
      expect(pack.kinds.length).toBeGreaterThan(2);
      const known = new Set([
        ...Object.keys(pack.definitions),
        ...Object.keys(readPack(kubernetes[0]!).definitions),
      ]);
      const text = JSON.stringify([pack.kinds, pack.definitions]);
      const dangling = [...text.matchAll(/"#\/definitions\/([^"]+)"/g)].filter(
        ([, name]) => !known.has(name!),
      );
      expect(dangling.map(([, name]) => name)).toEqual([]);
    }
  });

  test("hold no kind that lifecycle.json calls removed, and every one it calls served", () => {
    const contradictions: string[] = [];
    for (const entry of kubernetes) {
      const set = combineSchemas(readPack(entry), []);
      for (const { group, version, kind } of set.kinds.values()) {
        const state = apiState({ group, version, kind }, set.kubernetes, lifecycles);
        if (state?.state === "removed" || state?.state === "not-yet") {
          contradictions.push(
            `${set.kubernetes} serves ${group}/${version} ${kind}, which is ${state.state}`,
          );
        }
      }
      for (const life of lifecycles) {
        const state = apiState(life, set.kubernetes, lifecycles);
        if (state?.state !== "deprecated" && state?.state !== "off-by-default") continue;
        // Alpha kinds need a feature gate besides, and some are never served as such.
        if (/alpha/.test(life.version) || life.group === "apidiscovery.k8s.io") continue;
        if (!set.kinds.has(`${life.group}/${life.version}/${life.kind}`)) {
          contradictions.push(`${set.kubernetes} does not serve ${life.group}/${life.version} ${life.kind}`);
        }
      }
    }
    expect(contradictions).toEqual([]);
  });

  test("a version that is removed names what takes its place, also through two steps", () => {
    const id = (group: string, version: string, kind: string) => ({ group, version, kind });
    const ask = (kind: ReturnType<typeof id>, version: string) => apiState(kind, version, lifecycles);
    const ingress = id("networking.k8s.io", "v1", "Ingress");
    expect(ask(id("extensions", "v1beta1", "Ingress"), "1.36")).toEqual({
      state: "removed",
      since: "1.22",
      replacement: ingress,
    });
    expect(ask(id("extensions", "v1beta1", "PodSecurityPolicy"), "1.36")).toEqual({
      state: "removed",
      since: "1.16",
    });
    expect(ask(id("extensions", "v1beta1", "PodSecurityPolicy"), "1.20")).toMatchObject({
      replacement: { group: "policy" },
    });
    expect(ask(id("", "v1", "Endpoints"), "1.35")).toMatchObject({
      state: "deprecated",
      since: "1.33",
      replacement: { kind: "EndpointSlice" },
    });
    expect(ask(id("apps", "v1", "Deployment"), "1.35")).toBeUndefined();
    expect(ask(id("policy", "v1", "Eviction"), "1.35")).toEqual({ state: "subresource" });
    expect(ask(id("internal.apiserver.k8s.io", "v1alpha1", "StorageVersion"), "1.36")).toEqual({
      state: "off-by-default",
    });
    expect(ask(id("example.com", "v1alpha1", "Thing"), "1.36")).toBeUndefined();
    expect(ask(id("coordination.k8s.io", "v1alpha2", "LeaseCandidate"), "1.36")).toMatchObject({
      state: "deprecated",
      off: true,
    });
    expect(
      ask(id("batch", "v1beta1", "CronJob"), findKubernetesPack("1.33", packs).kubernetes!),
    ).toMatchObject({ since: "1.25" });
  });
});
