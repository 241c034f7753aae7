import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { join } from "node:path";
import { ToolError, UsageError } from "@gitops-actions/report";
import type { Machine } from "../machine.ts";
import type { SchemaText } from "./unpack.ts";

/** Where schemas of kinds that neither packs nor definitions know are looked for, in order. */
export interface SchemaLocations {
  /** kubeconform's templates: URLs, or absolute paths. */
  templates: readonly string[];
  /** Hosts that may be asked, in lower case. */
  hosts: ReadonlySet<string>;
}

type KindId = { group: string; version: string; kind: string };

const layout =
  "{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json";
const defaultLocation = `https://raw.githubusercontent.com/yannh/kubernetes-json-schema/master/${layout}`;

/**
 * Checks what a person gave as `schema-locations` and completes it as kubeconform does: `default`, and a path without
 * `.json` at its end. Throws UsageError for an unknown variable and for a host that is not allowed.
 */
export function readSchemaLocations(given: readonly string[], hosts: ReadonlySet<string>): SchemaLocations {
  const templates = given.map((location) => {
    const template =
      location === "default"
        ? defaultLocation
        : location.endsWith("json")
          ? location
          : `${location}/${layout}`;
    fillTemplate(template, { group: "apps", version: "v1", kind: "Deployment" }, "1.36.0", true);
    const host = hostOf(template);
    if (host !== undefined && !hosts.has(host)) {
      throw new UsageError(
        `schema-locations: ${location} is on ${host}, which may not be asked. Allow it: allow-schema-hosts: ${host}`,
      );
    }
    return template;
  });
  return { templates, hosts };
}

/** The template with a kind's names filled in, as kubeconform's registry does it (Go's text/template, variables only). */
export function fillTemplate(template: string, id: KindId, kubernetes: string, strict: boolean): string {
  const group = id.group || id.version;
  const suffix = [group.split(".")[0]!, ...(id.group ? [id.version] : [])]
    .map((part) => `-${part.toLowerCase()}`)
    .join("");
  const variables: Record<string, string> = {
    NormalizedKubernetesVersion: kubernetes === "master" ? kubernetes : `v${kubernetes.replace(/^v/, "")}`,
    StrictSuffix: strict ? "-strict" : "",
    ResourceKind: id.kind.toLowerCase(),
    ResourceAPIVersion: id.version,
    Group: group,
    KindSuffix: suffix,
  };
  return template.replace(/\{\{-?\s*(.*?)\s*-?\}\}/g, (whole, expression: string) => {
    const value = expression.startsWith(".") ? variables[expression.slice(1)] : undefined;
    if (value !== undefined) return value;
    throw new UsageError(
      `schema-locations: ${whole} is not known. Variables: ${Object.keys(variables)
        .map((name) => `{{.${name}}}`)
        .join(", ")}`,
    );
  });
}

/** The first schema of a kind that a location has; undefined when none has one. Throws ToolError when a server fails. */
export async function schemaFromLocations(
  locations: SchemaLocations,
  id: KindId,
  kubernetes: string,
  strict: boolean,
  machine: Machine,
  signal?: AbortSignal,
): Promise<SchemaText | undefined> {
  for (const template of locations.templates) {
    const place = fillTemplate(template, id, kubernetes, strict);
    const text =
      hostOf(place) === undefined
        ? readLocal(place)
        : await readRemote(place, locations.hosts, machine, signal);
    if (text === undefined) continue;
    return { text, digest: createHash("sha256").update(text).digest("hex") };
  }
  return undefined;
}

function hostOf(place: string): string | undefined {
  if (!/^https?:/i.test(place)) return undefined;
  try {
    return new URL(place.replaceAll(/\{\{.*?\}\}/g, "x")).host.toLowerCase();
  } catch {
    throw new UsageError(`schema-locations: ${place} is not a URL`);
  }
}

function readLocal(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** A commit id or a full version in the path: what such a URL answers does not change. */
const pinned = /\/(?:[0-9a-f]{40}|v?\d+\.\d+\.\d+[^/]*)\//;

async function readRemote(
  url: string,
  hosts: ReadonlySet<string>,
  machine: Machine,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const folder = join(machine.cacheDir, "schemas");
  const file = join(folder, createHash("sha256").update(url).digest("hex"));
  if (pinned.test(new URL(url).pathname)) {
    const kept = readLocal(file);
    if (kept !== undefined) return kept;
  }
  const text = await fetchText(new URL(url), hosts, machine, signal);
  if (text !== undefined) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  }
  return text;
}

const maxBytes = 32 * 1024 * 1024;

function fetchText(
  url: URL,
  hosts: ReadonlySet<string>,
  machine: Machine,
  signal?: AbortSignal,
  step = 0,
): Promise<string | undefined> {
  const failed = (why: string): ToolError =>
    new ToolError("schema-download", `the schema at ${url} could not be read: ${why}`);
  if (step > 3) return Promise.reject(failed("too many redirects"));
  const protocol = url.protocol === "https:" ? https : http;
  const limit = AbortSignal.timeout(30_000);
  return new Promise((resolve, reject) => {
    const agent = new protocol.Agent({ proxyEnv: { ...machine.env } });
    const options = {
      agent,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      headers: { accept: "application/json" },
    };
    const call = protocol.get(url, options, (answer) => {
      const status = answer.statusCode ?? 0;
      if (status !== 200) {
        answer.destroy();
        if (status === 404) resolve(undefined);
        else if (status >= 300 && status < 400 && answer.headers.location) {
          const next = new URL(answer.headers.location, url);
          if (!hosts.has(next.host.toLowerCase()))
            reject(failed(`it redirects to ${next.host}, which may not be asked`));
          else resolve(fetchText(next, hosts, machine, signal, step + 1));
        } else reject(failed(`the server answered ${status}`));
        return;
      }
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > maxBytes) answer.destroy(new Error(`it is larger than ${maxBytes} bytes`));
      });
      answer.on("error", (error) => reject(failed(error.message)));
      answer.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    });
    call.on("error", (error) => reject(failed(error.message)));
  });
}
