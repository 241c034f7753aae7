import { readFileSync } from "node:fs";
import {
  findKind,
  type Machine,
  runKubeconform,
  type SchemaSet,
  schemaSource,
  type Tool,
} from "@gitops-actions/engine";
import { type JsonObject, parseManifests } from "@gitops-actions/manifest";
import type { Send } from "../../servers/request.ts";
import { createAsker, type ServerAnswer, splitVersion } from "./ask.ts";
import { classify, type Judgement } from "./classify.ts";
import { mutate, seededRandom } from "./mutate.ts";

/** A document, and what it is for people. */
export interface Sample {
  what: string;
  value: JsonObject;
}

/**
 * Admission plugins that refuse a good manifest because of what else the cluster has: priorities, quotas, classes,
 * accounts. A comparison switches them off.
 */
export const stateful = ["Priority", "ResourceQuota", "LimitRanger", "RuntimeClass", "DefaultStorageClass"];

/** Requests that are under way at once. */
const width = 8;

/** Judges documents by the server and by kubeconform with our schemas; in their order. */
export async function compareWithServer(
  samples: readonly Sample[],
  send: Send,
  schemas: SchemaSet,
  tool: Tool,
  machine: Machine,
): Promise<Judgement[]> {
  const ask = createAsker(send);
  const answers: ServerAnswer[] = [];
  for (let at = 0; at < samples.length; at += width)
    answers.push(...(await Promise.all(samples.slice(at, at + width).map(({ value }) => ask(value)))));
  const schemaOf = schemaSource(schemas, true);
  const texts = samples.map(({ value }) => {
    const [group, version] = splitVersion(String(value.apiVersion));
    const id = { group, version, kind: String(value.kind) };
    return { ...id, text: JSON.stringify(value), schema: schemaOf(id) };
  });
  const verdicts = await runKubeconform(texts, { strict: true }, tool, machine);
  return samples.map(({ what }, index) => classify(what, answers[index]!, verdicts[index]!));
}

/**
 * The good manifests of kinds that a version has, then blind mutations of them up to `documents`. The same seed gives
 * the same documents.
 */
export function drawSamples(schemas: SchemaSet, documents: number, seed: number): Sample[] {
  const text = readFileSync(new URL("good.yaml", import.meta.url), "utf8");
  const served = parseManifests(text, "good.yaml").resources.filter(({ id }) => findKind(schemas, id));
  const good = served.map(({ value }) => value);
  const random = seededRandom(seed);
  const samples = good.map((value): Sample => ({ what: "as written", value }));
  while (samples.length < documents) {
    const origin = good[Math.floor(random() * good.length)]!;
    const { what, value } = mutate(origin, good, random);
    samples.push({ what: `${origin.kind}: ${what}`, value });
  }
  return samples;
}
