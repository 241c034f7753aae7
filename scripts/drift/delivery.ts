import type { ControlPlane } from "../servers/control-plane.ts";
import { applications, untilSynced } from "../servers/controllers/application.ts";
import { startArgoCd } from "../servers/controllers/argocd.ts";
import { must } from "../servers/controllers/definitions.ts";
import { startFlux, untilReady } from "../servers/controllers/flux.ts";
import { startGitServer } from "../servers/controllers/git-server.ts";
import type { Processes } from "../servers/controllers/processes.ts";
import type { Repository } from "../servers/controllers/repository.ts";

/** A controller that brings folders of a repository into a cluster. */
export interface Delivery {
  processes: Processes;
  /** Brings these folders in, each after those before it, and waits until they are there. Throws with what it says. */
  deliver(folders: readonly string[], seconds: number): Promise<void>;
  /** From now on it leaves the cluster as it is. */
  pause(): Promise<void>;
  stop(): void;
}

export type Deliverer = "flux" | "argocd" | "argocd-server-side";

type Plane = Pick<ControlPlane, "send" | "kubeconfig">;

/** Starts a controller that reads a repository. */
export function startDelivery(by: Deliverer, plane: Plane, repository: Repository): Promise<Delivery> {
  return by === "flux"
    ? withFlux(plane, repository)
    : withArgoCd(plane, repository, by === "argocd-server-side");
}

const merge = "application/merge-patch+json";
const flux = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations";

async function withFlux(plane: Plane, repository: Repository): Promise<Delivery> {
  const git = await startGitServer(`${repository.folder}/..`);
  const processes = await startFlux(plane);
  const { send } = plane;
  await must(send, "POST", "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories", {
    apiVersion: "source.toolkit.fluxcd.io/v1",
    kind: "GitRepository",
    metadata: { name: "corpus" },
    spec: { url: git.url(repository.bare.split("/").at(-1)!), interval: "10m", ref: { branch: "main" } },
  });
  const names: string[] = [];
  return {
    processes,
    async deliver(folders, seconds) {
      for (const [index, path] of folders.entries()) {
        const name = nameOf(path);
        names.push(name);
        const before = folders[index - 1];
        await must(send, "POST", flux, {
          apiVersion: "kustomize.toolkit.fluxcd.io/v1",
          kind: "Kustomization",
          metadata: { name },
          spec: {
            path: `./${path}`,
            interval: "10m",
            retryInterval: "5s",
            timeout: "2m",
            prune: false,
            sourceRef: { kind: "GitRepository", name: "corpus" },
            ...(before && { dependsOn: [{ name: nameOf(before) }] }),
          },
        });
      }
      await untilReady(processes, send, flux, folders.length, seconds);
    },
    async pause() {
      for (const name of names) await send("PATCH", `${flux}/${name}`, { spec: { suspend: true } }, merge);
    },
    stop() {
      processes.stop();
      git.stop();
    },
  };
}

async function withArgoCd(plane: Plane, repository: Repository, serverSide: boolean): Promise<Delivery> {
  const processes = await startArgoCd(plane);
  const { send } = plane;
  return {
    processes,
    async deliver(folders, seconds) {
      for (const path of folders) {
        const name = nameOf(path);
        // What client-side apply keeps of an object in an annotation is too long for some definitions.
        const options = serverSide || name === "definitions" ? ["ServerSideApply=true"] : [];
        await createArgoApplication(send, repository, path, options);
        await untilSynced(processes, send, name, seconds);
      }
    },
    // They never sync by themselves.
    pause: async () => {},
    stop: () => processes.stop(),
  };
}

function nameOf(path: string): string {
  return path.replaceAll("/", "-").toLowerCase();
}

/** Makes an Application of a folder, and asks for its first sync; later it is left alone. */
export async function createArgoApplication(
  send: Plane["send"],
  repository: Repository,
  path: string,
  options: string[],
): Promise<void> {
  await must(send, "POST", applications, {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: nameOf(path) },
    spec: {
      project: "default",
      source: { repoURL: `file://${repository.bare}`, targetRevision: "main", path },
      destination: { server: "https://kubernetes.default.svc", namespace: "default" },
      syncPolicy: { syncOptions: options },
    },
    operation: { sync: { syncOptions: options }, retry: { limit: 3, backoff: { duration: "2s" } } },
  });
}
