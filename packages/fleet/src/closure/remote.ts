/** A Git repository that kustomize would clone. */
export interface RepoSpec {
  /** Scheme, user and host as kustomize keeps them, e.g. `https://github.com/`, `git@example.com:`, `file://`. */
  host: string;
  repository: string;
  folder: string;
  ref: string;
}

/**
 * Decides as kustomize does whether a path is a Git repository to clone, and which.
 * Follows NewRepoSpecFromURL of sigs.k8s.io/kustomize/api v0.21.2, internal/git/repospec.go, function by function.
 */
export function parseRepoSpec(path: string): RepoSpec | undefined {
  if (path.startsWith("/")) return undefined;
  const question = path.indexOf("?");
  const location = question < 0 ? path : path.slice(0, question);
  const found = extractHost(location);
  if (!found) return undefined;
  const parts = splitRepository(found.rest, found.host.startsWith("file://"));
  if (!parts || parts.repository === "" || leavesRepository(parts.folder)) return undefined;
  const query = question < 0 ? "" : path.slice(question + 1);
  return {
    host: found.host,
    repository: parts.repository,
    folder: parts.folder.replace(/^\//, ""),
    ref: refOf(query),
  };
}

/** Whether kustomize reads this path with an HTTP request. Follows IsRemoteFile of internal/loader/fileloader.go. */
export function isRemoteFile(path: string): boolean {
  return /^https?:/i.test(path);
}

/** The host name in an address, without user and port; "" for `file://` and where there is none. */
export function hostOf(address: string): string {
  const spec = parseRepoSpec(address);
  const host =
    spec && !isRemoteFile(address) ? spec.host : (/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(address)?.[0] ?? "");
  return host
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, "")
    .replace(/^.*@/, "")
    .replace(/[/:].*$/, "")
    .toLowerCase();
}

/** Whether an address names one immutable commit: a full object id as ref, or in the path of a raw file. */
export function isPinned(address: string): boolean {
  const commit = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
  const ref = parseRepoSpec(address)?.ref;
  if (ref) return commit.test(ref);
  return isRemoteFile(address) && address.split(/[/?#]/).some((part) => commit.test(part));
}

/** A text whose addresses carry no user name and password, and no query but what says which version is meant. */
export function withoutCredentials(text: string): string {
  return text.replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s'"]+/gi, (address) =>
    address
      .replace(/:\/\/[^/?#]*@/, "://")
      .replace(/([?&;])([^=&;#]*)=[^&;#]*/g, (pair, separator: string, name: string) =>
        /^(?:ref|version|timeout|submodules)$/.test(name) ? pair : `${separator}${name}=***`,
      ),
  );
}

function extractHost(location: string): { host: string; rest: string } | undefined {
  let rest = location.replace(/^git::/i, "");
  let scheme = /^(?:ssh|https|http|file):\/\//i.exec(rest)?.[0].toLowerCase() ?? "";
  rest = rest.slice(scheme.length);
  let user = /^[a-zA-Z][a-zA-Z0-9-]*@/.exec(rest)?.[0] ?? "";
  rest = rest.slice(user.length);
  const github = /^github\.com[/:]/i.test(rest);
  const scpStyle = scheme === "" && (user !== "" || github);
  if (scheme === "" && !scpStyle) return undefined;
  if (scheme === "file://") return { host: scheme, rest: user + rest };
  const separator = findSeparator(rest, scpStyle);
  let host = separator < 0 ? rest : rest.slice(0, separator + 1);
  const path = separator < 0 ? "" : rest.slice(separator + 1);
  if (github) {
    const ssh = scheme === "ssh://" || user !== "";
    host = ssh ? "github.com:" : "github.com/";
    scheme = ssh ? "" : "https://";
    user = ssh ? user : "";
  }
  return host === "" ? undefined : { host: scheme + user + host, rest: path };
}

function findSeparator(rest: string, scpStyle: boolean): number {
  const slash = rest.indexOf("/");
  if (!scpStyle) return slash;
  const colon = rest.indexOf(":");
  return slash === -1 || (colon > 0 && colon < slash) ? colon : slash;
}

function splitRepository(
  path: string,
  wholePath: boolean,
): { repository: string; folder: string } | undefined {
  const azure = path.indexOf("_git/");
  if (azure >= 0) {
    const [repository = "", ...folder] = path.slice(azure + 5).split("/");
    return { repository: path.slice(0, azure + 5) + repository, folder: folder.join("/") };
  }
  const doubled = path.indexOf("//");
  if (doubled >= 0) return { repository: path.slice(0, doubled), folder: path.slice(doubled + 2) };
  const suffix = path.indexOf(".git");
  if (suffix >= 0) return { repository: path.slice(0, suffix + 4), folder: path.slice(suffix + 4) };
  if (wholePath) return { repository: path, folder: "" };
  const segments = path.split("/");
  if (segments.length < 2) return undefined;
  return { repository: segments.slice(0, 2).join("/"), folder: segments.slice(2).join("/") };
}

function leavesRepository(folder: string): boolean {
  const parts: string[] = [];
  const rest = folder.replace(/^\//, "");
  // filepath.Clean keeps an absolute path at or below the root.
  if (rest.startsWith("/")) return false;
  for (const part of rest.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return true;
  }
  return false;
}

/** Go's url.ParseQuery refuses what URLSearchParams lets pass; kustomize then goes on without a ref. */
function refOf(query: string): string {
  if (query.includes(";") || /%(?![0-9a-f]{2})/i.test(query)) return "";
  // A leading "?" would be taken off: it belongs to the first name.
  const values = new URLSearchParams(`&${query}`);
  return values.get("ref") || values.get("version") || "";
}
