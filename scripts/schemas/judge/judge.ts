// One document, two verdicts: kubeconform's, started here without our engine, and the action's.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { userCacheDir } from "@gitops-actions/engine";
import { type JsonObject, parseManifests } from "@gitops-actions/manifest";
import { defaults, run } from "@gitops-actions/validate-schema";
import { findProgram } from "../../corpora/tools.ts";
import { mutate, seededRandom } from "../compare/mutate.ts";
import type { Sample } from "./corpora.ts";
import { type Difference, explain, type OurVerdict, type RawVerdict } from "./explain.ts";

const version = "1.35";

/** Judges each sample twice. `schemas`: a folder in the layout of kubeconform's registry, instead of our pack. */
export async function judge(samples: readonly Sample[], schemas?: string): Promise<Difference[]> {
  const tempDir = mkdtempSync(join(tmpdir(), "judge-"));
  try {
    const documents = join(tempDir, "documents");
    for (const [index, { text }] of samples.entries()) {
      const folder = join(documents, String(Math.floor(index / 1000)));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, nameOf(index)), text);
    }
    const raw = judgeRaw(documents, samples.length, tempDir, schemas);
    const ours = await judgeOurs(documents, samples.length, tempDir);
    return samples.map(({ from, text }, index) => ({
      from,
      index,
      ...explain(raw[index]!, ours[index]!, text, schemas !== undefined),
    }));
  } finally {
    rmSync(tempDir, { recursive: true, force: true });
  }
}

function nameOf(index: number): string {
  return `${String(index).padStart(7, "0")}.yaml`;
}

/** A blind mutation of every `step`-th document. */
export function injected(samples: readonly Sample[], step: number): Sample[] {
  const random = seededRandom(7);
  const readable = samples.flatMap(({ from, text }) => {
    const [resource] = parseManifests(text, from).resources;
    return resource ? [{ from, value: resource.value }] : [];
  });
  const others = readable.map(({ value }) => value as JsonObject);
  return readable
    .filter((_, index) => index % step === 0)
    .map(({ from, value }) => {
      const changed = mutate(value, others, random);
      const text = JSON.stringify(changed.value, (_, item) =>
        typeof item === "bigint" ? Number(item) : item,
      );
      return { from: `${from} (${changed.what})`, text };
    });
}

function judgeRaw(folder: string, count: number, tempDir: string, schemas?: string): RawVerdict[] {
  const location = schemas
    ? [
        `${schemas}/{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json`,
        "1.35.0",
      ]
    : unpackOwn(tempDir);
  const args = [
    "-strict",
    "-output",
    "json",
    "-verbose",
    "-kubernetes-version",
    location[1]!,
    "-schema-location",
    location[0]!,
    folder,
  ];
  const done = spawnSync(findProgram("kubeconform"), args, { encoding: "utf8", maxBuffer: 1 << 30 });
  const { resources } = JSON.parse(done.stdout) as {
    resources: { filename: string; status: string; msg: string }[];
  };
  const verdicts: RawVerdict[] = Array.from({ length: count }, () => ({ results: [] }));
  for (const { filename, status, msg } of resources) {
    verdicts[Number(/(\d+)\.yaml$/.exec(filename)![1])]!.results.push({ status, msg });
  }
  return verdicts;
}

function unpackOwn(tempDir: string): [string, string] {
  const folder = join(tempDir, "schemas");
  const done = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "../main.ts"), "--unpack", version, folder],
    { encoding: "utf8" },
  );
  const [, exact, template] = /-kubernetes-version (\S+) -schema-location '(.*)'/.exec(done.stdout)!;
  return [template!, exact!];
}

async function judgeOurs(folder: string, count: number, tempDir: string): Promise<OurVerdict[]> {
  const host = {
    ...{
      env: { PATH: process.env.PATH, HOME: process.env.HOME },
      cwd: folder,
      tempDir,
      cores: availableParallelism(),
    },
    ...{ cacheDir: userCacheDir(process.env), now: () => new Date(0), isTerminal: false },
  };
  const { report } = await run(
    {
      ...defaults,
      manifests: folder,
      kubernetesVersions: [version],
      tools: { allowBuild: true, from: "auto" },
    },
    { host, progress: () => {}, signal: new AbortController().signal, secretKey: Buffer.from("judge") },
  );
  const verdicts: OurVerdict[] = Array.from({ length: count }, () => ({ rules: [] }));
  for (const finding of report.findings) {
    for (const { overlay } of finding.places) {
      const verdict = verdicts[Number(/(\d+)\.yaml$/.exec(overlay)![1])]!;
      verdict.rules.push({
        rule: finding.rule.replace("kubeconform/", ""),
        severity: finding.severity,
        field: finding.field ?? "",
      });
    }
  }
  return verdicts;
}
