import { resolve } from "node:path";
import { openRepository, remoteAddresses, workingTree } from "@gitops-actions/engine";
import {
  createClosureContext,
  discover,
  loadConfig,
  type Overlay,
  ownRepository,
} from "@gitops-actions/fleet";
import { flag } from "../arguments.ts";
import type { Command } from "../command.ts";

/** `gitops overlays`: what there is to render, under the names that `--overlay` takes. Nothing is rendered. */
export const overlays: Command = {
  name: "overlays",
  usage: "[PATH]",
  summary:
    "List the overlays that a repository holds, with their environment and app; status 1 when there is none.",
  positionals: 1,
  options: {
    json: { type: "boolean", help: "print JSON" },
    help: { type: "boolean", short: "h", help: "show this" },
  },
  async run(args, host, terminal) {
    const repository = await openRepository(resolve(host.cwd, args.positionals[0] ?? "."), host);
    try {
      if (repository.within !== "." && args.positionals.length > 0)
        terminal.err(
          `${repository.within} is inside the repository ${repository.root}, all of which is listed.\n`,
        );
      const tree = await workingTree(repository);
      const fleet = await discover(
        tree,
        await loadConfig(tree),
        createClosureContext(ownRepository(remoteAddresses(repository))),
      );
      const width = Math.max(...fleet.overlays.map(({ id }) => id.length), 0);
      if (flag(args, "json")) terminal.out(`${JSON.stringify(fleet.overlays.map(shown), null, 2)}\n`);
      else {
        for (const overlay of fleet.overlays) {
          const { kind, environment = "-", app = "-" } = overlay;
          const about = terminal.paint("dim", [kind.padEnd(9), environment.padEnd(10), app].join("  "));
          terminal.out(`${overlay.id.padEnd(width)}  ${about}\n`);
        }
        const { length } = fleet.noticed;
        if (length > 0)
          terminal.err(
            `${length} ${length === 1 ? "path is" : "paths are"} not rendered: gitops render says why.\n`,
          );
      }
      if (fleet.overlays.length === 0) terminal.err("There is no overlay.\n");
      return fleet.overlays.length > 0 ? 0 : 1;
    } finally {
      await repository.close();
    }
  },
};

function shown({ id, path, kind, environment, app, cluster, namespace }: Overlay) {
  return { id, path, kind, environment, app, cluster, namespace };
}
