import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ToolError } from "@gitops-actions/report";
import * as z from "zod";
import type { Machine } from "../machine.ts";
import { type Answer, ask, downloadLimits } from "../tools/download.ts";
import { isLoopback } from "./address.ts";

const DockerConfig = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: z.string().optional(),
        username: z.string().optional(),
        password: z.string().optional(),
      }),
    )
    .optional(),
});

/**
 * What `docker login`, `oras login` or a login action left for a registry, as `user:password` in base64; undefined when
 * there is nothing. https://docs.docker.com/reference/cli/docker/login/#credential-stores: helper programs are not asked.
 */
export function readLogin(host: string, machine: Pick<Machine, "env">): string | undefined {
  const folder = machine.env.DOCKER_CONFIG || join(machine.env.HOME || homedir(), ".docker");
  let text: string;
  try {
    text = readFileSync(join(folder, "config.json"), "utf8");
  } catch {
    return undefined;
  }
  const parsed = DockerConfig.safeParse(parseJson(text));
  if (!parsed.success)
    throw new ToolError(
      "bundle",
      `${join(folder, "config.json")} is not what docker writes: no login was read.`,
    );
  for (const [name, { auth, username, password }] of Object.entries(parsed.data.auths ?? {})) {
    if (name.replace(/^https?:\/\//, "").replace(/\/.*$/, "") !== host) continue;
    if (auth) return auth;
    if (username && password) return Buffer.from(`${username}:${password}`).toString("base64");
  }
  return undefined;
}

/**
 * The `authorization` with which a registry lets somebody read, by the challenge that it answers with; undefined where
 * it wants none. A password goes to an allowed host only, and to nothing but https or loopback.
 * https://distribution.github.io/distribution/spec/auth/token/
 */
export async function authorizationOf(
  origin: string,
  repository: string,
  hosts: ReadonlySet<string>,
  machine: Machine,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const first: Answer = await ask(`${origin}/v2/`, machine, { ...downloadLimits, hosts }, signal);
  if (first.status !== 401) return undefined;
  const challenge = first.headers["www-authenticate"] ?? "";
  const login = readLogin(new URL(origin).host, machine);
  if (/^basic\b/i.test(challenge)) return login && `Basic ${login}`;
  const field = (name: string): string | undefined => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
  const realm = field("realm");
  if (!/^bearer /i.test(challenge) || !realm || !URL.canParse(realm)) return undefined;
  const url = new URL(realm);
  const service = field("service");
  if (service) url.searchParams.set("service", service);
  url.searchParams.set("scope", `repository:${repository}:pull`);
  const isSafe = url.protocol === "https:" || isLoopback(url.host);
  const headers = login && isSafe ? { authorization: `Basic ${login}` } : {};
  const answer = await ask(url.href, machine, { ...downloadLimits, hosts, headers }, signal);
  const given = z
    .object({ token: z.string().optional(), access_token: z.string().optional() })
    .safeParse(parseJson(answer.body.toString("utf8")));
  const token = given.success ? (given.data.token ?? given.data.access_token) : undefined;
  return token && `Bearer ${token}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
