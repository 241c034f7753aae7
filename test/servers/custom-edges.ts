// A custom resource with a field for each entry of custom-edges.yaml, and documents that give one of them a value.
import { readFileSync } from "node:fs";
import type { Json, JsonObject } from "@gitops-actions/manifest";
import { parse } from "yaml";
import type { Sample } from "../../scripts/schemas/compare/compare.ts";

type Entries = Record<string, { schema: JsonObject; try: Json[] }>;

const entries = parse(readFileSync(new URL("custom-edges.yaml", import.meta.url), "utf8")) as Entries;

const properties = Object.fromEntries(Object.entries(entries).map(([name, { schema }]) => [name, schema]));

export const edgeDefinition: JsonObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "edges.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { kind: "Edge", plural: "edges" },
    versions: [
      {
        ...{ name: "v1", served: true, storage: true },
        schema: {
          openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties } } },
        },
      },
    ],
  },
};

export const edgeSamples: Sample[] = Object.entries(entries).flatMap(([name, entry]) =>
  entry.try.map((value) => ({
    what: `${name} ${JSON.stringify(value)}`,
    value: {
      ...{ apiVersion: "example.com/v1", kind: "Edge", metadata: { name: "edge", namespace: "default" } },
      spec: { [name]: value },
    },
  })),
);
