import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureTool, userCacheDir } from "@gitops-actions/engine";
import { type ControlPlane, freePort, needed } from "../control-plane.ts";
import { argocd } from "../programs.ts";
import { installDefinitions, moduleFolder, must } from "./definitions.ts";
import { openProcesses, type Processes } from "./processes.ts";
import { findRedis } from "./redis.ts";

export interface ArgoCd extends Processes {
  /** Arguments and environment for `argocd` commands; undefined without the API server role. */
  cli?: { path: string; args: string[]; env: Record<string, string> };
}

export interface ArgoOptions {
  /** Makes Applications from ApplicationSets. */
  applicationSets?: boolean;
  /** The API server role, which the `argocd` command line talks to. */
  server?: boolean;
}

type Plane = Pick<ControlPlane, "send" | "kubeconfig">;

/** Starts Argo CD's repo-server and application-controller, with redis, against a control plane; it must be stopped. */
export async function startArgoCd(plane: Plane, options: ArgoOptions = {}): Promise<ArgoCd> {
  const redis = await findRedis(process.env, (message) => console.error(message));
  const processes = openProcesses("argocd");
  try {
    await prepare(plane.send);
    const env = await environment(processes.folder, plane.kubeconfig());
    const cache = await freePort();
    const cacheAddress = ["--redis", `127.0.0.1:${cache}`];
    const repository = await freePort();
    const program = needed(argocd);
    const role = (name: string, args: string[]): void =>
      processes.start(name, program, args, { ...env, ARGOCD_BINARY_NAME: `argocd-${name}` });
    processes.start(
      "redis",
      redis.path,
      ["--port", String(cache), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
      { ...env, ...redis.env },
    );
    role("repo-server", [
      ...["--address", "127.0.0.1", "--port", String(repository), "--metrics-address", "127.0.0.1"],
      ...[
        "--metrics-port",
        String(await freePort()),
        ...cacheAddress,
        "--disable-tls",
        "--client-ca-path",
        "",
      ],
    ]);
    role("application-controller", [
      ...["--namespace", "argocd", ...cacheAddress, "--repo-server", `127.0.0.1:${repository}`],
      ...["--repo-server-plaintext", "--metrics-port", String(await freePort())],
      ...["--app-resync", "10", "--app-resync-jitter", "0"],
    ]);
    if (options.applicationSets)
      role("applicationset-controller", [
        ...["--namespace", "argocd", "--argocd-repo-server", `127.0.0.1:${repository}`],
        ...["--repo-server-plaintext", "--metrics-addr", `127.0.0.1:${await freePort()}`],
        ...[
          "--probe-addr",
          `127.0.0.1:${await freePort()}`,
          "--webhook-addr",
          `127.0.0.1:${await freePort()}`,
        ],
      ]);
    if (!options.server) return processes;
    const port = await freePort();
    role("server", [
      ...["--namespace", "argocd", "--insecure", "--disable-auth", "--address", "127.0.0.1", ...cacheAddress],
      ...["--port", String(port), "--repo-server", `127.0.0.1:${repository}`, "--repo-server-plaintext"],
      ...["--metrics-port", String(await freePort()), "--staticassets", join(processes.folder, "assets")],
    ]);
    const args = ["--server", `127.0.0.1:${port}`, "--plaintext"];
    return { ...processes, cli: { path: program, args, env: { ...env, ARGOCD_BINARY_NAME: "argocd" } } };
  } catch (error) {
    processes.stop();
    throw error;
  }
}

/** What Argo CD's own manifests bring besides its Deployments. */
async function prepare(send: Plane["send"]): Promise<void> {
  await installDefinitions(send, join(moduleFolder(argocd.module, argocd.version), "manifests/crds"));
  const apply = (path: string, body: object): Promise<void> =>
    must(send, "PATCH", `${path}?fieldManager=setup&force=true`, body);
  await apply("/api/v1/namespaces/argocd", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "argocd" },
  });
  const part = { "app.kubernetes.io/part-of": "argocd" };
  for (const name of ["cm", "rbac-cm", "cmd-params-cm", "gpg-keys-cm", "ssh-known-hosts-cm", "tls-certs-cm"])
    await apply(`/api/v1/namespaces/argocd/configmaps/argocd-${name}`, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `argocd-${name}`, labels: part },
    });
  await apply("/api/v1/namespaces/argocd/secrets/argocd-secret", {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "argocd-secret", labels: part },
  });
  await apply("/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects/default", {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AppProject",
    metadata: { name: "default" },
    spec: {
      sourceRepos: ["*"],
      destinations: [{ server: "*", namespace: "*" }],
      clusterResourceWhitelist: [{ group: "*", kind: "*" }],
    },
  });
}

/** A private home with what the images of Argo CD have on PATH. */
async function environment(folder: string, kubeconfig: string): Promise<Record<string, string>> {
  const make = (name: string): string => {
    mkdirSync(join(folder, name), { mode: 0o700 });
    return join(folder, name);
  };
  const bin = make("bin");
  // Without it every manifest ends in "permission denied": it is called even where no signature is asked for.
  writeFileSync(join(bin, "git-verify-wrapper.sh"), "#!/bin/sh\nexit 0\n");
  chmodSync(join(bin, "git-verify-wrapper.sh"), 0o755);
  for (const name of ["helm", "kustomize"] as const)
    symlinkSync(await toolPath(name, folder), join(bin, name));
  return {
    PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH}`,
    HOME: make("home"),
    TMPDIR: make("tmp"),
    KUBECONFIG: kubeconfig,
    // The destination https://kubernetes.default.svc then means the cluster of KUBECONFIG.
    ARGOCD_FAKE_IN_CLUSTER: "true",
    ARGOCD_GPG_ENABLED: "false",
    ARGOCD_TLS_DATA_PATH: make("tls"),
    ARGOCD_SSH_DATA_PATH: make("ssh"),
    ARGOCD_GNUPGHOME: make("gpg"),
    ARGOCD_GPG_DATA_PATH: make("keys"),
    ARGOCD_PLUGINSOCKFILEPATH: make("plugins"),
    ARGOCD_ASK_PASS_SOCK: join(folder, "ask.sock"),
    GIT_CONFIG_NOSYSTEM: "1",
    // The bare repository may belong to somebody else than the one who runs this.
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "safe.directory",
    GIT_CONFIG_VALUE_0: "*",
  };
}

async function toolPath(name: "helm" | "kustomize", tempDir: string): Promise<string> {
  const cacheDir = userCacheDir(process.env);
  const machine = { env: process.env, cwd: tempDir, cacheDir, tempDir, cores: 1 };
  const settings = { allowBuild: false, mirror: "file:///no/download/here/{asset}" };
  return (await ensureTool(name, settings, machine, () => {})).path;
}
