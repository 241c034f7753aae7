import type { Gap } from "../overlay.ts";
import { exactly, type Reads } from "./context.ts";
import { hostOf, isPinned, withoutCredentials } from "./remote.ts";
import type { Use } from "./use.ts";

/** Notes that a use of the kustomization at `path` clones a repository; one of the machine itself is an escape. */
export function pushRemote(reads: Reads, use: Use, path: string, host: string): void {
  if (host !== "file://") {
    reads.gaps.push(remoteGap(use, path));
    return;
  }
  reads.escapes.push({
    code: "file-url",
    message: `${use.path} is a repository of the machine; only files of this repository can be rendered`,
    location: exactly(path, use.line),
  });
}

/** The gap that a remote use of the kustomization at `path` leaves. */
export function remoteGap(use: Use, path: string): Gap {
  const url = withoutCredentials(use.path);
  const pinned = isPinned(use.path);
  return {
    code: use.kind === "file" ? "remote-file" : "remote-base",
    message: `${url} is fetched from ${hostOf(use.path)}${pinned ? "" : ", and is not pinned to a commit"}`,
    location: exactly(path, use.line),
    remote: { url, host: hostOf(use.path), pinned },
  };
}
