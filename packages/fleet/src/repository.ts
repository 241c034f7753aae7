/**
 * A repository by its path on its server, whichever way it is reached: `org/fleet` of `https://github.com/Org/fleet.git`
 * and of `git@github.com:org/fleet`. Servers are not compared, since one has several names (ssh.github.com, a mirror).
 */
export function repositoryName(address: string): string {
  const withoutScheme = address.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "");
  const path = withoutScheme === address ? address.replace(/^[^/]*:/, "") : withoutScheme;
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")
    .replace(/\.git$/i, "")
    .toLowerCase();
}

/** The server of an address, in lower case, without the names it has for ssh; undefined for a path on this machine. */
export function serverOf(address: string): string | undefined {
  const [, written] =
    /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@]*@)?([^/:]+)/i.exec(address) ??
    /^(?:[^/@:]*@)?([^/@:]+):/.exec(address) ??
    [];
  return written?.toLowerCase().replace(/^(?:alt)?ssh\./, "");
}

/** Tells whether an address is one of these repositories: of that name, on that server. */
export function ownRepository(addresses: readonly string[]): (address: string) => boolean {
  const keyOf = (address: string): string | undefined => {
    const server = serverOf(address);
    return server && `${server} ${repositoryName(address)}`;
  };
  const own = new Set(addresses.map(keyOf));
  return (address) => {
    const key = keyOf(address);
    return key !== undefined && own.has(key);
  };
}
