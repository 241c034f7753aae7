// Bundles of policies from a registry and from Git, both on loopback: by digest or commit, and by nothing else.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parseBundle, readBundles } from "@gitops-actions/engine";
import { pack } from "tar-stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { git } from "../../e2e/fleet.ts";
import { makeMachine, write } from "../engine/machine.ts";
import { serveGit } from "../git/http-backend.ts";
import { check, lines } from "./stage.ts";

const policy = 'package main\ndeny contains "from the bundle" if input.kind == "Service"\n';
const sha = (bytes: string | Buffer) => createHash("sha256").update(bytes).digest("hex");

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.headers.authorization ?? "-"} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.address() as { port: number };
  return { host: `127.0.0.1:${port}`, asked };
}

interface Layer {
  mediaType: string;
  bytes: Buffer;
  title?: string;
}

/** A registry that holds one image, with the digest of its manifest. `blobs` may be changed behind its back. */
async function registry(layers: Layer[], token?: string) {
  const blobs = new Map<string, Buffer>(layers.map(({ bytes }) => [sha(bytes), bytes]));
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      layers: layers.map(({ mediaType, bytes, title }) => ({
        ...{ mediaType, size: bytes.length, digest: `sha256:${sha(bytes)}` },
        ...(title && { annotations: { "org.opencontainers.image.title": title } }),
      })),
    }),
  );
  const digest = sha(manifest);
  blobs.set(digest, manifest);
  const server = await serve((request, response) => {
    const url = new URL(request.url!, "http://x");
    if (url.pathname === "/token") return void response.end(JSON.stringify({ token }));
    if (token && request.headers.authorization !== `Bearer ${token}`) {
      const realm = `Bearer realm="http://${request.headers.host}/token",service="test"`;
      return void response.writeHead(401, { "www-authenticate": realm }).end();
    }
    if (url.pathname === "/v2/") return void response.end("{}");
    const name = /^\/v2\/org\/policies\/(?:manifests|blobs)\/sha256:([0-9a-f]{64})$/.exec(url.pathname)?.[1];
    const bytes = name && blobs.get(name);
    if (bytes) response.end(bytes);
    else response.writeHead(404).end();
  });
  return { ...server, blobs, address: `oci://${server.host}/org/policies@sha256:${digest}`, digest };
}

async function archive(files: Record<string, string>): Promise<Buffer> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

const rego = {
  mediaType: "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego",
  title: "policy/a.rego",
};
const read = async (address: string, host: string, machine = makeMachine()) =>
  await readBundles([address], new Set([host]), machine);
const namesIn = (bundles: Awaited<ReturnType<typeof read>>) =>
  [...bundles[0]!.tree.entries()].filter(({ kind }) => kind === "file").map(({ path }) => path);

describe("an address", () => {
  test.each([
    ["oci://ghcr.io/org/policies:v1", /names no digest, and the tag "v1" can be moved/],
    ["oci://ghcr.io/org/policies", /names no digest/],
    ["oci://ghcr.io/org/policies@sha256:12", /names no digest/],
    ["oci://ghcr.io/org/policies:v1@sha256:12", /names no digest/],
    ["git::https://github.com/org/p.git", /names no commit/],
    ["git::https://github.com/org/p.git?ref=main", /names "main", a branch or tag that can be moved/],
    ["git::https://github.com/org/p.git?ref=v1.0.0", /a branch or tag/],
    ["git::https://github.com/org/p.git?ref=abc1234", /a branch or tag/],
    [`git::http://github.com/org/p.git?ref=${"a".repeat(40)}`, /goes over http/],
    [`git::https://user:secret@github.com/org/p.git?ref=${"a".repeat(40)}`, /holds credentials/],
    ["https://example.com/bundle.tar.gz", /is neither/],
    ["git::ssh://git@github.com/org/p.git", /is neither/],
    ["--upload-pack=touch x", /is neither/],
    [`oci://-x/org/policies@sha256:${"a".repeat(64)}`, /is no address/],
  ])("%s is refused, with what to write", (address, message) => {
    expect(() => parseBundle(address)).toThrow(message);
    expect(() => parseBundle(address)).not.toThrow(/user:secret/);
  });

  test("on a host that is not allowed is asked nothing", async () => {
    const { address, host, asked } = await registry([{ ...rego, bytes: Buffer.from(policy) }]);
    await expect(readBundles([address], new Set(["ghcr.io"]), makeMachine())).rejects.toThrow(
      `allow-policy-hosts: ${host}`,
    );
    expect(asked).toEqual([]);
  });
});

describe("a bundle in a registry", () => {
  test("judges like policies of the repository, and the report names it", async () => {
    const { address, host } = await registry([{ ...rego, bytes: Buffer.from(policy) }]);
    const service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
    const inputs = { policyBundles: [address], allowPolicyHosts: [host] };
    const report = await check({ "manifests/a.yaml": service }, inputs);
    expect(lines(report)).toEqual(["error conftest/main/deny Service/web : from the bundle"]);
    expect(report.notes).toContain(`policies of ${address}`);
  });

  test("may be archives, and is read from the cache the second time", async () => {
    const bytes = await archive({
      "./lib/b.rego": "package b\n",
      "policy/a.rego": policy,
      "data.json": "{}",
    });
    const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", bytes };
    const { address, host, asked } = await registry([layer], "anonymous");
    const machine = makeMachine();
    const names = ["policy/data.json", "policy/lib/b.rego", "policy/policy/a.rego"];
    expect(namesIn(await read(address, host, machine))).toEqual(names);
    expect(asked).toContain(
      `Bearer anonymous ${new URL(address.replace("oci", "http")).pathname.replace("/org/policies@", "/v2/org/policies/manifests/")}`,
    );
    const before = asked.length;
    expect(namesIn(await read(address, host, machine))).toEqual(names);
    expect(asked.length).toBe(before);
  });

  test("that is not what its digest says is not used, whether the manifest or a layer differs", async () => {
    const { address, host, blobs, digest } = await registry([{ ...rego, bytes: Buffer.from(policy) }]);
    const layer = [...blobs.keys()].find((key) => key !== digest)!;
    const good = blobs.get(layer)!;
    blobs.set(layer, Buffer.from(policy.replace("Service", "Nothing")));
    await expect(read(address, host)).rejects.toMatchObject({ code: "checksum" });
    blobs.set(layer, good);
    blobs.set(digest, Buffer.from(`${blobs.get(digest)} `));
    await expect(read(address, host)).rejects.toMatchObject({ code: "checksum" });
  });

  test("in a cache that somebody changed is fetched again", async () => {
    const { address, host, asked } = await registry([{ ...rego, bytes: Buffer.from(policy) }]);
    const machine = makeMachine();
    await read(address, host, machine);
    const folder = join(machine.cacheDir, "policies/oci");
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), "poisoned");
    const before = asked.length;
    const [bundle] = await read(address, host, machine);
    expect(Buffer.from(await bundle!.tree.read("policy/policy/a.rego")).toString()).toBe(policy);
    expect(asked.length).toBeGreaterThan(before);
  });

  test("with names that lead out, or that unpacks to too much, is refused", async () => {
    for (const files of [{ "../../etc/x.rego": "x" }, { "/etc/x.rego": "x" }]) {
      const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", bytes: await archive(files) };
      const { address, host } = await registry([layer]);
      await expect(read(address, host)).rejects.toThrow(/leads outside/);
    }
    const titled = await registry([{ ...rego, title: "../../x.rego", bytes: Buffer.from(policy) }]);
    await expect(read(titled.address, titled.host)).rejects.toThrow(/leads outside/);
    const bytes = await archive({ "big.json": " ".repeat(70 * 1024 * 1024) });
    const big = await registry([{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", bytes }]);
    await expect(read(big.address, big.host)).rejects.toThrow(/unpacks to more than/);
  });

  describe("that is not for everybody", () => {
    const login = Buffer.from("robot:s3cret-robot").toString("base64");
    const layer = { ...rego, bytes: Buffer.from(policy) };
    const loggedIn = (auths: object) => {
      const machine = makeMachine();
      write(machine.folder, { "docker/config.json": JSON.stringify({ auths }) });
      return { ...machine, env: { ...machine.env, DOCKER_CONFIG: join(machine.folder, "docker") } };
    };

    /** Asks for a name and a password itself (`Basic`), or has them sent to where it gives tokens. */
    async function closed(challenge: "Basic" | "Bearer") {
      const { host: inner, digest, asked: _ } = await registry([layer]);
      const server = await serve(async (request, response) => {
        const { authorization } = request.headers;
        const isToken = request.url!.startsWith("/token");
        if (isToken && authorization === `Basic ${login}`) return void response.end('{"token":"granted"}');
        const wanted = challenge === "Basic" ? `Basic ${login}` : "Bearer granted";
        if (isToken || authorization !== wanted) {
          const realm = `realm="http://${request.headers.host}/token"`;
          return void response.writeHead(401, { "www-authenticate": `${challenge} ${realm}` }).end();
        }
        const answer = await fetch(`http://${inner}${request.url}`);
        response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
      });
      return { ...server, address: `oci://${server.host}/org/policies@sha256:${digest}` };
    }

    test.each(["Basic", "Bearer"] as const)("is read with the login that docker keeps: %s", async (kind) => {
      const { host, address } = await closed(kind);
      const machine = loggedIn({
        [`https://${host}/v1/`]: { auth: login },
        "other.example": { auth: "eA==" },
      });
      expect(namesIn(await read(address, host, machine))).toEqual(["policy/policy/a.rego"]);
      const named = loggedIn({ [host]: { username: "robot", password: "s3cret-robot" } });
      expect(namesIn(await read(address, host, named))).toEqual(["policy/policy/a.rego"]);
    });

    test("is refused without one, or with another's, and the error says what to do", async () => {
      const { host, address, asked } = await closed("Bearer");
      await expect(read(address, host)).rejects.toThrow(`docker login ${host}`);
      const machine = loggedIn({ "other.example": { auth: login } });
      await expect(read(address, host, machine)).rejects.toThrow("the server answered 401");
      expect(asked.join("\n")).not.toContain(login);
      const wrong = loggedIn({ [host]: { auth: "eDp5" } });
      const refused = read(address, host, wrong);
      await expect(refused).rejects.toThrow("see whether it may read this");
      await expect(refused).rejects.not.toThrow("eDp5");
    });

    test("has the password asked for by a host that is not allowed, and does not get it", async () => {
      const thief = await serve((_, response) => response.end('{"token":"x"}'));
      const { host } = await serve((_, response) => {
        response.writeHead(401, { "www-authenticate": `Bearer realm="http://${thief.host}/token"` }).end();
      });
      const address = `oci://${host}/org/policies@sha256:${"0".repeat(64)}`;
      await expect(read(address, host, loggedIn({ [host]: { auth: login } }))).rejects.toThrow(
        `${thief.host} may not be asked`,
      );
      expect(thief.asked).toEqual([]);
    });
  });

  test("that the registry sends elsewhere is not followed to a host that is not allowed", async () => {
    const elsewhere = await registry([{ ...rego, bytes: Buffer.from(policy) }]);
    const { host } = await serve((request, response) =>
      request.url === "/v2/"
        ? response.end()
        : response.writeHead(307, { location: `http://${elsewhere.host}${request.url}` }).end(),
    );
    const address = elsewhere.address.replace(elsewhere.host, host);
    await expect(read(address, host)).rejects.toThrow(`${elsewhere.host} may not be asked`);
    expect(elsewhere.asked).toEqual([]);
    const both = new Set([host, elsewhere.host]);
    expect(namesIn(await readBundles([address], both, makeMachine()))).toEqual(["policy/policy/a.rego"]);
  });
});

describe("a bundle in a Git repository", () => {
  async function gitServer() {
    const machine = makeMachine();
    const repository = join(machine.folder, "served/policies");
    mkdirSync(repository, { recursive: true });
    git(repository, "init", "--quiet", "--initial-branch=main");
    write(repository, { "k8s/a.rego": policy, "k8s/README.md": "x", "other/b.rego": "package other\n" });
    git(repository, "add", ".");
    git(repository, "commit", "--quiet", "--message", "policies");
    git(repository, "config", "uploadpack.allowAnySHA1InWant", "true");
    const commit = git(repository, "rev-parse", "HEAD");
    const { origin, requests } = await serveGit(join(machine.folder, "served"));
    return { host: new URL(origin).host, requests, machine, commit };
  }

  test("is fetched by its commit and read from its folder; what is in the cache is checked", async () => {
    const { host, commit, machine, requests } = await gitServer();
    const address = `git::http://${host}/policies//k8s?ref=${commit}`;
    expect(namesIn(await read(address, host, machine))).toEqual(["policy/a.rego"]);
    const before = requests.length;
    await read(address, host, machine);
    expect(requests.length).toBe(before);
    const folder = join(machine.cacheDir, "policies/git");
    const packs = join(folder, readdirSync(folder)[0]!, "objects/pack");
    const file = join(packs, readdirSync(packs).find((name) => name.endsWith(".pack"))!);
    const bytes = readFileSync(file);
    execFileSync("chmod", ["u+w", file]);
    writeFileSync(file, bytes.fill(7, bytes.length / 2, bytes.length / 2 + 8));
    expect(namesIn(await read(address, host, machine))).toEqual(["policy/a.rego"]);
    expect(requests.length).toBeGreaterThan(before);
  });

  test("without that commit, or that folder, is an error that names it", async () => {
    const { host, commit, machine } = await gitServer();
    const absent = `git::http://${host}/policies?ref=${"a".repeat(40)}`;
    await expect(read(absent, host, machine)).rejects.toThrow(/could not be fetched/);
    await expect(read(`git::http://${host}/policies//none?ref=${commit}`, host, machine)).rejects.toThrow(
      /has no folder none/,
    );
  });
});
