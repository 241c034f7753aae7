import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { findProgram } from "../corpora/tools.ts";
import type { SyntheticFleet } from "./fleet.ts";
import type { Racer } from "./race.ts";

/** One way to do a piece of work. Those of one group do the same work. */
export interface Contestant extends Racer {
  name: string;
  group: "pull request" | "full render";
}

const gitops = join(import.meta.dirname, "../../build/dist/gitops/index.js");

/** The product, and the shell loops that teams have in its place. */
export function contestants(fleet: SyntheticFleet, temporary: string): Contestant[] {
  const work = join(temporary, "work");
  const list = join(temporary, "overlays");
  const prepare = (overlays: readonly string[]) => () => {
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work);
    writeFileSync(list, overlays.map((overlay) => `${overlay}\n`).join(""));
  };
  const product = (...args: string[]) => ({
    command: process.execPath,
    args: [gitops, ...args],
    cwd: temporary,
  });
  const shell = (script: string) => ({
    command: "bash",
    args: ["-c", `set -euo pipefail\n${script}`],
    cwd: fleet.folder,
  });
  return [
    {
      name: "gitops pr",
      group: "pull request",
      ...product("pr", fleet.folder, "--base", fleet.base, "--head", fleet.head),
      prepare: prepare([]),
    },
    {
      name: "gitops render",
      group: "pull request",
      ...product(
        "render",
        fleet.folder,
        "--base",
        fleet.base,
        "--head",
        fleet.head,
        "--out",
        join(work, "out"),
      ),
      prepare: prepare([]),
    },
    {
      name: "shell loop, told which overlays",
      group: "pull request",
      ...shell(bothCommits(fleet, work, list)),
      prepare: prepare(fleet.touched),
    },
    {
      name: "shell loop, everything at both commits",
      group: "pull request",
      ...shell(bothCommits(fleet, work, list)),
      prepare: prepare(fleet.overlays),
    },
    {
      name: "gitops render, everything",
      group: "full render",
      ...product("render", fleet.folder, "--head", fleet.head, "--out", join(work, "out")),
      prepare: prepare([]),
    },
    {
      name: "shell loop, everything at one commit",
      group: "full render",
      ...shell(`${checkout(fleet.head, work, "head")}\n${loop(work, "head", list)}`),
      prepare: prepare(fleet.overlays),
    },
  ];
}

function bothCommits(fleet: SyntheticFleet, work: string, list: string): string {
  const sides = (["base", "head"] as const).map(
    (side) => `${checkout(fleet[side], work, side)}\n${loop(work, side, list)}`,
  );
  return `${sides.join("\n")}\ndiff -r ${work}/base.out ${work}/head.out > ${work}/diff || test $? = 1`;
}

function checkout(commit: string, work: string, side: string): string {
  return `mkdir -p ${work}/${side} ${work}/${side}.out\ngit archive ${commit} | tar -x -C ${work}/${side}`;
}

/** kustomize build for each line of the list, as many at a time as there are cores, each to a file of its own. */
function loop(work: string, side: string, list: string): string {
  const build = `${findProgram("kustomize")} build ${work}/${side}/{} > ${work}/${side}.out/$(echo {} | tr / _)`;
  return `xargs -P ${availableParallelism()} -I {} sh -c '${build}' < ${list}`;
}
