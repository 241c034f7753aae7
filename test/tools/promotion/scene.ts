import type { PromoteInputs } from "@gitops-actions/promote-env";
import { type Hub, hub, settings } from "./hub.ts";
import { fleet, gitops, overlay } from "./world.ts";

const file = (environment: string) => `apps/web/overlays/${environment}/kustomization.yaml`;

/** Something promote-env does, from a state that is set up before: each of them ends in writes of another kind. */
export interface Scene {
  name: string;
  settings: string;
  /** Brings the remote to where the scene begins; runs may be made. */
  prepare(hub: Hub): Promise<void>;
  inputs: Partial<PromoteInputs>;
}

/** The moment at which scenes happen. */
export const now = "2026-02-02T12:00:00Z";
const direct = gitops.replace("{times: committed}", "{soak: 1h}");
const nothing = async () => {};

export const scenes: readonly Scene[] = [
  { name: "open a pull request", settings, prepare: nothing, inputs: {} },
  {
    name: "update a pull request",
    settings,
    async prepare({ where, github, run }) {
      await run({}, now);
      const after = where.commit({ [file("dev")]: overlay("1.3.0") });
      github.pushes.push({
        before: github.pushes[0]!.after,
        after,
        ref: "refs/heads/main",
        at: "2026-02-02T01:00:00Z",
      });
    },
    inputs: {},
  },
  {
    name: "close a pull request",
    settings,
    async prepare({ where, run }) {
      await run({}, now);
      where.commit({ [file("staging")]: overlay("1.2.0") });
    },
    inputs: {},
  },
  {
    name: "merge a pull request",
    settings: settings.replace("{soak: 1h}", "{soak: 1h, merge: gates}"),
    prepare: nothing,
    inputs: {},
  },
  { name: "commit, signed", settings: direct, prepare: nothing, inputs: {} },
  {
    name: "commit, with Git",
    settings: direct.replace("promotion:", "promotion:\n  sign: false"),
    prepare: nothing,
    inputs: {},
  },
  {
    name: "roll back",
    settings: direct,
    async prepare({ where, github }) {
      const after = where.commit({ [file("staging")]: overlay("1.1.5") });
      github.pushes.push({
        before: github.pushes[0]!.after,
        after,
        ref: "refs/heads/main",
        at: "2026-02-02T01:00:00Z",
      });
    },
    inputs: { operation: "rollback", apps: ["web"], reason: "500s", owner: "ann" },
  },
];

/** A hub in which a scene can begin. */
export async function setScene(scene: Scene): Promise<Hub> {
  const made = await hub(scene.settings, true, fleet(scene.settings));
  await scene.prepare(made);
  return made;
}

/** What the remote holds, without what differs between two runs that do the same: ids and dates of commits. */
export function stateOf({ where, github }: Hub): object {
  const refs = where.space.git(where.remote, "for-each-ref", "--format=%(refname)", "refs/heads").split("\n");
  return {
    branches: Object.fromEntries(
      refs.map((ref) => [
        ref,
        {
          tree: where.space.git(where.remote, "rev-parse", `${ref}^{tree}`),
          subjects: where.space.git(where.remote, "log", "--first-parent", "--format=%s", ref).split("\n"),
        },
      ]),
    ),
    pulls: github.pulls.map(({ number, title, head, base, state, labels, comments, merged }) => ({
      number,
      title,
      head,
      base,
      state,
      labels,
      comments,
      merged: merged !== undefined,
    })),
  };
}

/** Requests that write, in the server's words. */
export const writes = /^(?:POST|PATCH|PUT|DELETE) /;
