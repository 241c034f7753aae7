import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "./machine.ts";

const certificates = ["SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "CURL_CA_BUNDLE"];
const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [
  name,
  name.toLowerCase(),
]);
/** What the runner puts into a job's environment: inputs, tokens and the addresses they open. */
const neverPassed = /^(INPUT_|ACTIONS_|GITHUB_|RUNNER_|GH_TOKEN$|GH_ENTERPRISE_TOKEN$)/i;

/**
 * The environment a child process gets, built from nothing: PATH, a private HOME and TMPDIR below the run's own
 * folder, proxy and certificate variables, and the names in `allow` that are set. A name that may carry the job's
 * inputs or tokens stays out even if it is allowed.
 */
export function childEnvironment(machine: Machine, allow: readonly string[]): Record<string, string> {
  const home = join(machine.tempDir, "home");
  const temporary = join(machine.tempDir, "tmp");
  for (const folder of [home, temporary]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const environment: Record<string, string> = { HOME: home, TMPDIR: temporary };
  for (const name of ["PATH", ...certificates, ...proxies, ...allow]) {
    const value = machine.env[name];
    if (value !== undefined && !neverPassed.test(name)) environment[name] = value;
  }
  return environment;
}

/**
 * Has a Go program collect garbage four times less often, as long as that leaves it well below its limit of memory:
 * a third of the CPU of an engine that lives for seconds goes into it otherwise.
 */
export function lazyCollector(maxMemoryBytes: number): Record<string, string> {
  return { GOGC: "400", GOMEMLIMIT: String(Math.floor(maxMemoryBytes / 2)) };
}

/** Port 9 (discard) of this machine: nothing listens there, and a request through it fails at once. */
const nowhere = "http://127.0.0.1:9";

/**
 * The environment without a way out: every proxy variable names a closed port, and Git may use no transport.
 * The second fence behind the closure, which rejects what is remote; loopback addresses bypass proxies in Go.
 */
export function withoutNetwork(environment: Readonly<Record<string, string>>): Record<string, string> {
  const closed: Record<string, string> = { ...environment };
  for (const name of proxies) closed[name] = /^no_proxy$/i.test(name) ? "" : nowhere;
  return { ...closed, GIT_ALLOW_PROTOCOL: "none", GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" };
}

/**
 * The environment of kustomize and Helm: Helm's folders private and empty (no repositories, no registry
 * credentials, no plugins, no kubeconfig), and no way out but the gate's.
 */
export function renderEnvironment(
  machine: Machine,
  gate?: Readonly<Record<string, string>>,
): Record<string, string> {
  const helm = join(machine.tempDir, "helm");
  const environment = {
    ...childEnvironment(machine, []),
    HELM_CACHE_HOME: join(helm, "cache"),
    HELM_CONFIG_HOME: join(helm, "config"),
    HELM_DATA_HOME: join(helm, "data"),
    HELM_PLUGINS: join(helm, "plugins"),
    KUBECONFIG: join(helm, "kubeconfig"),
    // A render lives for 50 ms: collecting garbage costs a quarter of its CPU and frees nothing anybody waits for.
    // The soft limit brings the collector back for the few that grow.
    GOGC: "off",
    GOMEMLIMIT: "512MiB",
  };
  return { ...withoutNetwork(environment), ...gate };
}
