import { runAction } from "@gitops-actions/action";
import { cli } from "./cli.ts";

await runAction(({ host, signal }) =>
  cli(process.argv.slice(2), { ...host, cwd: host.env.GITOPS_CALLER_CWD ?? host.cwd }, process, signal),
);
