import { UsageError } from "@gitops-actions/report";

/** Where a bundle of policies is, by what is in it: nothing else can be meant by it tomorrow. */
export type BundleAddress =
  | { kind: "oci"; host: string; repository: string; digest: string; given: string }
  | { kind: "git"; host: string; url: string; commit: string; folder: string; given: string };

const name = /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/;

/**
 * Reads an address: `oci://HOST/REPOSITORY@sha256:DIGEST`, or `git::https://HOST/REPOSITORY.git//FOLDER?ref=COMMIT` as
 * conftest and go-getter write it. Throws UsageError for a tag or a branch, for credentials, and for any other form.
 */
export function parseBundle(given: string): BundleAddress {
  if (given.startsWith("oci://")) return parseOci(given);
  if (/^git::https?:\/\//.test(given)) return parseGit(given);
  throw new UsageError(
    `policy-bundles: ${short(given)} is neither oci://HOST/REPOSITORY@sha256:DIGEST nor git::https://HOST/REPOSITORY.git//FOLDER?ref=COMMIT.`,
  );
}

/** Hosts of this machine: the only ones that are asked without TLS. */
export function isLoopback(host: string): boolean {
  return /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/.test(host);
}

function parseOci(given: string): BundleAddress {
  const [, host = "", repository = "", tag, digest] =
    /^oci:\/\/([^/@\s]+)\/([^@\s:]+)(:[^@\s]*)?(?:@(\S*))?$/.exec(given) ?? [];
  if (!/^sha256:[0-9a-f]{64}$/.test(digest ?? ""))
    throw new UsageError(
      `policy-bundles: ${short(given)} names no digest${tag ? `, and the tag ${short(tag.slice(1))} can be moved to other policies` : ""}. ` +
        "Write oci://HOST/REPOSITORY@sha256:DIGEST; `oras resolve` or the registry's page tells the digest.",
    );
  if (!isHost(host) || !name.test(repository))
    throw new UsageError(`policy-bundles: ${short(given)} is no address in a registry.`);
  return {
    kind: "oci",
    host: host.toLowerCase(),
    repository,
    digest: digest!.slice("sha256:".length),
    given,
  };
}

function parseGit(given: string): BundleAddress {
  const text = given.slice("git::".length);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !isHost(url.host))
    throw new UsageError(`policy-bundles: ${short(given)} is no address of a Git repository.`);
  if (url.username !== "" || url.password !== "")
    throw new UsageError(`policy-bundles: the address on ${url.host} holds credentials; leave them out.`);
  if (url.protocol === "http:" && !isLoopback(url.host))
    throw new UsageError(`policy-bundles: ${short(given)} goes over http; only https is used.`);
  const commit = url.searchParams.get("ref") ?? "";
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit))
    throw new UsageError(
      `policy-bundles: ${short(given)} names ${commit ? `${short(commit)}, a branch or tag that can be moved` : "no commit"}. ` +
        "Write ?ref= and the full id of a commit: `git ls-remote` tells it.",
    );
  const [path = "", folder = ""] = url.pathname.split(/\/\/(.*)/);
  if (folder.split("/").includes("..") || [...url.searchParams.keys()].length !== 1)
    throw new UsageError(`policy-bundles: ${short(given)} has more in it than a folder and ?ref=.`);
  return {
    ...{ kind: "git", host: url.host.toLowerCase(), url: `${url.origin}${path}` },
    ...{ commit, folder: folder.replace(/\/+$/, ""), given },
  };
}

function isHost(host: string): boolean {
  return /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?$/i.test(host);
}

function short(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
}
