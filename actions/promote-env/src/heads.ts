import { createHash } from "node:crypto";
import { type State, takesAll } from "./state.ts";

/** The name of the branch of a pull request of ours. Anything a ref cannot hold becomes `-`. */
export function headOf(
  operation: "promote" | "rollback" | "set" | "hold",
  environment: string,
  app: string,
): string {
  return `${folderOf(operation, environment)}${safe(app)}`;
}

/** What the names of an operation's branches for an environment begin with. */
export function folderOf(operation: string, environment: string): string {
  return `gitops/${operation}/${safe(environment)}/`;
}

/** The branch of a promotion's pull request: the app's own, or one for all of the environment. */
export function pullHeadOf(state: State, environment: string, app: string): string {
  return state.settings.group === "app" && !takesAll(state, environment)
    ? headOf("promote", environment, app)
    : `${folderOf("promote", environment)}all`;
}

/** What a ref cannot hold is replaced; a digest of the name then keeps `a/b` apart from `a-b`. */
function safe(text: string): string {
  const plain = text
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/\.{2,}/g, ".")
    .replace(/^[.-]+|[.-]+$|\.lock$/g, "");
  if (plain === text && text !== "all") return text;
  return `${plain || "app"}-${createHash("sha256").update(text).digest("hex").slice(0, 8)}`;
}
