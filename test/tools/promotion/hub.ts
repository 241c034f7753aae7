import { createClient } from "@gitops-actions/action";
import { githubForge, type PromoteInputs } from "@gitops-actions/promote-env";
import { type GitHub, serveGitHub, token } from "../../github/server.ts";
import { fleet, gitops, type Place, place } from "./world.ts";

/** Pull requests, after an hour of soak. */
export const settings = gitops
  .replace("  strategy: direct\n", "")
  .replace("{times: committed}", "{soak: 1h}");

/** A remote with a GitHub in front of it. */
export interface Hub {
  where: Place;
  github: GitHub;
  run(inputs?: Partial<PromoteInputs>, now?: string): ReturnType<Place["run"]>;
  /** Merges a pull request as GitHub would, by a merge commit. */
  merge(number: number, at: string): string;
}

/** A remote with a GitHub in front of it, in which everything was pushed a day before noon. */
export async function hub(text = settings, signs = true, files = fleet(text)): Promise<Hub> {
  const where = place(files);
  const tipOf = (branch: string) => {
    try {
      return where.space.git(where.remote, "rev-parse", "--verify", "-q", `refs/heads/${branch}`);
    } catch {
      return undefined;
    }
  };
  const github = await serveGitHub(tipOf, signs ? where.remote : undefined);
  github.clock = () => "2026-02-01T12:00:00Z";
  github.pushes.push({
    before: "0".repeat(40),
    after: tipOf("main")!,
    ref: "refs/heads/main",
    at: "2026-01-31T12:00:00Z",
  });
  const client = createClient({
    apiUrl: github.url,
    token,
    now: () => 0,
    sleep: async () => {},
    deadlineMs: 5000,
  });
  return {
    where,
    github,
    run: (inputs = {}, now = "2026-02-01T12:00:00Z") =>
      where.run({ operation: "promote", environments: ["staging"], ...inputs }, now, {
        forge: githubForge(client, "org/fleet"),
      }),
    merge(number, at) {
      const pull = github.pulls[number - 1]!;
      const before = tipOf("main")!;
      const work = `${where.space.folder}/work`;
      where.space.git(work, "fetch", "-q", "origin");
      where.space.git(work, "checkout", "-q", "-B", "main", "origin/main");
      where.space.git(
        work,
        "merge",
        "-q",
        "--no-ff",
        "-m",
        `Merge pull request #${number}`,
        `origin/${pull.head}`,
      );
      where.space.git(work, "push", "-q", "origin", "main");
      const sha = tipOf("main")!;
      Object.assign(pull, { state: "closed", merged: { sha, at } });
      github.pushes.push({ before, after: sha, ref: "refs/heads/main", at });
      return sha;
    },
  };
}
