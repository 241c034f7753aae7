import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** The user's cache folder for this project (XDG Base Directory: relative values are ignored). */
export function userCacheDir(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_CACHE_HOME: xdg, HOME: home } = env;
  const base = xdg && isAbsolute(xdg) ? xdg : join(home || homedir(), ".cache");
  return join(base, "gitops-actions");
}
