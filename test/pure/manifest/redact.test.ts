import {
  createRedactor,
  diffResources,
  formatChange,
  parseManifests,
  type Resource,
} from "@gitops-actions/manifest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const key = Buffer.from("a key of this test");
const read = (text: string): Resource[] => {
  const { resources, problems } = parseManifests(text, "f.yaml");
  expect(problems).toEqual([]);
  return resources;
};
const base64 = (text: string) => Buffer.from(text).toString("base64");
const secret = (name: string, data: Record<string, string>, field = "data") =>
  `---\napiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: shop}\n${field}: ${JSON.stringify(data)}\n`;
const redactorOf = (base: string, head: string, overlay = "o") =>
  createRedactor(
    [
      { overlay, side: "base", resources: read(base) },
      { overlay, side: "head", resources: read(head) },
    ],
    key,
  );
const published = (base: string, head: string): string => {
  const redactor = redactorOf(base, head);
  const changes = diffResources(read(base), read(head)).map(redactor.redactChange);
  return changes.flatMap((change) => [JSON.stringify(change), ...formatChange(change)]).join("\n");
};

const canary = 'cAnAry/<&>+"42" §';

/** Ways in which tools and people write the same secret. */
const encodings: Record<string, (text: string) => string> = {
  plain: (text) => text,
  base64,
  "base64 without padding": (text) => base64(text).replace(/=+$/, ""),
  base64url: (text) => Buffer.from(text).toString("base64url"),
  "base64 twice": (text) => base64(base64(text)),
  "base64 of a longer text": (text) => base64(`user:${text}@host`),
  "base64 with a newline": (text) => base64(`${text}\n`),
  hex: (text) => Buffer.from(text).toString("hex"),
  "URL component": encodeURIComponent,
  "URL form": (text) => new URLSearchParams({ p: text }).toString().slice(2),
  JSON: (text) => JSON.stringify(text),
  "JSON as Go writes it": (text) =>
    JSON.stringify(text).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
  "JSON in JSON": (text) => JSON.stringify(JSON.stringify({ p: text })),
  "single quotes": (text) => `'${text.replaceAll("'", "''")}'`,
  HTML: (text) => text.replace(/[&<>"]/g, (c) => `&${{ "&": "amp", "<": "lt", ">": "gt", '"': "#34" }[c]};`),
};

describe("texts", () => {
  const redactor = redactorOf(secret("s", { p: base64(canary) }), "");

  test.each(Object.keys(encodings))("a secret written as %s is hidden", (name) => {
    const written = (encodings[name] as (text: string) => string)(canary);
    const text = redactor.redactText(`error: cannot parse "${written}" at line 3`);
    expect(text).toContain("«hidden 1»");
    expect(text.startsWith("error: cannot parse ")).toBe(true);
    expect(text.endsWith(" at line 3")).toBe(true);
    for (const part of [
      "cAnAry",
      "42",
      base64(canary).slice(6, 12),
      Buffer.from(canary).toString("hex").slice(8, 16),
    ]) {
      expect(text).not.toContain(part);
    }
  });

  test("stringData, last-applied annotations and both sides are known", () => {
    const applied = JSON.stringify({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      data: { p: base64("old-canary-1") },
    });
    const base = `---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      ${applied}\nstringData: {q: old-canary-2}\n`;
    const both = redactorOf(base, secret("s", { p: base64("new-canary-3") }));
    expect(both.redactText("old-canary-1 old-canary-2 new-canary-3")).not.toMatch(/canary/);
    expect(both.redactResource(read(base)[0] as Resource).text).not.toMatch(/canary|b2xk/);
  });

  test("the last-applied annotation of a live object that is no Secret is looked into", () => {
    const applied = JSON.stringify({
      apiVersion: "v1",
      kind: "Secret",
      stringData: { p: "canary-in-annotation" },
    });
    const live = `apiVersion: v1\nkind: Thing\nmetadata:\n  name: s\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '${applied}'\n`;
    expect(redactorOf(live, "").redactText("canary-in-annotation")).toBe("«hidden 1»");
  });

  test("every line of a long secret, a wrapped and a shortened one", () => {
    const lines = Array.from({ length: 12 }, (_, i) =>
      Buffer.from(`canary line number ${i} of a private key`).toString("base64"),
    );
    const pem = `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
    const long = redactorOf(secret("s", { "tls.key": base64(pem) }), "");
    expect(long.redactText(`bad line: ${lines[5]}`)).toBe("bad line: «hidden 1»");
    expect(long.redactText(`got ${base64(pem).slice(0, 60)}... (truncated)`)).toBe(
      "got «hidden 1»... (truncated)",
    );
    const wrapped = base64(pem).replace(/(.{64})/g, "$1\n");
    expect(long.redactText(`data:\n${wrapped}\n`)).toBe("data:\n«hidden 1»\n");
    const ragged = base64(pem.slice(0, 100)).replace(/=+$/, "").slice(0, 125);
    const short = redactorOf(secret("s", { p: base64(pem.slice(0, 100)) }), "");
    expect(short.redactText(`[${ragged.replace(/(.{60})/g, "$1\n  ")}]`)).toBe("[«hidden 1»]");
    const words = redactorOf(secret("s", { p: base64("route one\n  canary two\nlast three\n") }), "");
    expect(words.redactText("cannot read: canary two")).toBe("cannot read: «hidden 1»");
    expect(long.redactText(pem)).not.toContain(lines[0]);
    // Armour is the same in every certificate.
    expect(long.redactText("-----BEGIN PRIVATE KEY-----")).toBe("-----BEGIN PRIVATE KEY-----");
  });

  test("passwords inside secrets: connection strings, Docker credentials, environment files", () => {
    const docker = JSON.stringify({
      auths: {
        "ghcr.io": { username: "robot", password: "canary-d0cker", auth: base64("robot:canary-d0cker") },
      },
    });
    const inner = redactorOf(
      secret("a", {
        url: base64("postgres://web:canary%2Durl@db/shop"),
        ".dockerconfigjson": base64(docker),
        env: base64("MODE=fast\nDB_PASSWORD='canary-env'\n"),
      }),
      "",
    );
    const onlyAuth = JSON.stringify({ auths: { "ghcr.io": { auth: base64("robot:canary-auth") } } });
    expect(
      redactorOf(secret("a", { ".dockerconfigjson": base64(onlyAuth) }), "").redactText("p=canary-auth"),
    ).toBe("p=«hidden 1»");
    const text = inner.redactText("canary-url canary%2Durl canary-d0cker canary-env MODE robot db/shop");
    expect(text).not.toMatch(/canary/);
    expect(text).toMatch(/MODE robot db\/shop$/);
  });

  test("short and ordinary values, and names of resources, are not hidden elsewhere", () => {
    const short = redactorOf(
      secret("shop-database", {
        a: base64("true"),
        b: base64("1"),
        c: base64("admin"),
        d: base64("postgres"),
        e: base64("shop-database"),
        f: base64("12345678"),
      }),
      "",
    );
    const text = 'admin set "true" to 1 in postgres of shop-database, uid 123456789, port 5432';
    expect(short.redactText(text)).toBe(text);
    expect(short.redactText("pin 12345678.")).toMatch(/^pin «hidden \d»\.$/);
  });

  test("overlapping secrets leave no rest", () => {
    const two = redactorOf(secret("a", { x: base64("abcdefgh-ijkl"), y: base64("ijkl-mnopqrst") }), "");
    expect(two.redactText("<abcdefgh-ijkl-mnopqrst>")).toBe("<«hidden 1»>");
  });

  test("what SOPS encrypted is not hidden, what only looks like it is", () => {
    const sops = redactorOf(
      secret(
        "a",
        { x: "ENC[AES256_GCM,data:abcdefgh,iv:x,tag:y,type:str]", y: "ENC[hello-canary]" },
        "stringData",
      ),
      "",
    );
    expect(sops.hidden).toBe(1);
    expect(sops.redactText("ENC[AES256_GCM,data:abcdefgh,iv:x,tag:y,type:str]")).toContain("data:abcdefgh");
  });

  test("property: no canary is left, wherever and however it stands", () => {
    const long = fc
      .string({ unit: "binary-ascii", minLength: 12, maxLength: 40 })
      .filter((s) => s.trim().length >= 10 && !/^\d+$|[\r\n\0]/.test(s) && new Set(s).size > 5);
    fc.assert(
      fc.property(
        long,
        fc.constantFrom(...Object.keys(encodings)),
        fc.string({ maxLength: 5 }),
        (value, name, around) => {
          const known = createRedactor(
            [{ overlay: "o", side: "head", resources: read(secret("s", { p: base64(value) })) }],
            key,
          );
          const written = (encodings[name] as (text: string) => string)(value.trim());
          const text = known.redactText(`${around}${written}${around}`);
          expect(text).not.toContain(written);
          expect(text).toContain("«hidden 1»");
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("many secrets and a long text take little time", () => {
    const many = Array.from({ length: 1_000 }, (_, i) =>
      secret(`s${i}`, { p: base64(`canary-${i}-${"x".repeat(i % 50)}`) }),
    ).join("");
    const began = performance.now();
    const known = redactorOf(many, "");
    const text = known.redactText("the quick brown fox jumps over the lazy dog\n".repeat(25_000));
    expect(text).not.toContain("hidden");
    expect(performance.now() - began).toBeLessThan(4_000);
  });
});

describe("changes and resources", () => {
  test("values of Secrets are numbered, however short, and equal ones alike", () => {
    const base = secret("a", { p: base64("one"), q: base64("same") }) + secret("b", { r: base64("one") });
    const head =
      secret("a", { p: base64("two"), q: base64("same") }) +
      secret("b", { r: "two", s: "one" }, "stringData");
    const redactor = redactorOf(base, head);
    const lines = diffResources(read(base), read(head)).flatMap((change) =>
      formatChange(redactor.redactChange(change)),
    );
    expect(lines).toEqual([
      "~ Secret shop/a",
      "    data.p: «hidden 1» → «hidden 2»",
      "~ Secret shop/b",
      '    - data: {"r":"«hidden 1»"}',
      '    + stringData: {"r":"«hidden 2»","s":"«hidden 1»"}',
    ]);
  });

  test("the numbers do not depend on the order in which things are given", () => {
    const inputs = ["x", "y", "z"].flatMap((overlay, i) =>
      (["base", "head"] as const).map((side) => ({
        overlay,
        side,
        resources: read(secret("a", { p: base64(`${side}${i % 2}`), q: base64("q") })),
      })),
    );
    const text = (order: typeof inputs, with_: Uint8Array) =>
      inputs
        .map((input) => createRedactor(order, with_).redactResource(input.resources[0] as Resource).text)
        .join();
    expect(text(inputs.toReversed(), Buffer.from("other key"))).toBe(text(inputs, key));
  });

  test("a redacted change carries neither resource nor value, in Secrets and where else the value stands", () => {
    const map = (value: string) =>
      `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {url: "https://x:${value}@host", n: "1"}\n`;
    const base = secret("a", { p: base64("canary-old") }) + map("canary-old");
    const head = secret("a", { p: base64("canary-new") }) + map("canary-new");
    const text = published(base, head);
    expect(text).not.toMatch(/canary|Y2FuYXJ5/);
    expect(text).toContain("data.url: https://x:«hidden 1»@host → https://x:«hidden 2»@host");
  });

  test("an env value or ConfigMap entry whose name says so is hidden, references and switches are not", () => {
    const pod = `---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    env:\n    - {name: DB_PASSWORD, value: hunter2-canary}\n    - {name: API_TOKEN, value: $(OTHER)}\n    - {name: USE_AUTH, value: "true"}\n    - {name: TOKEN_FILE, value: /var/run/token-file}\n    - {name: MODE, value: plain-value}\n`;
    const map =
      "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {api-key: canary-of-map, mode: plain-value}\n";
    const redactor = redactorOf(pod + map, "");
    const text = read(pod + map)
      .map((r) => redactor.redactResource(r).text)
      .join();
    expect(redactor.hidden).toBe(2);
    expect(text).not.toMatch(/canary/);
    expect(text).toContain("$(OTHER)");
    expect(text).toContain("plain-value");
  });

  test("the text of a resource keeps its layout; quotes, blocks, anchors and comments hide their secrets too", () => {
    const text = `apiVersion: v1\nkind: Secret\nmetadata:\n  name: a # canary-one\n  labels: {x: &anchor ca}\nstringData:\n  one: 'canary-one'\n  two: |-\n    canary-two\n    second-line\n  three: *anchor\n  four: "canary\\x2dfour"\n  five: true\n# end\n`;
    const redacted = redactorOf(text, "").redactResource(read(text)[0] as Resource);
    expect(redacted.text).not.toMatch(/canary|second|: ca|true/);
    expect(redacted.text).toMatch(/^apiVersion: v1\nkind: Secret\n/);
    expect(redacted.text).toContain("# end\n");
    expect(read(redacted.text)[0]?.value).toEqual(redacted.value);
    expect(redacted.id.name).toBe("a");
  });

  test("a secret that only an escape hides from view in another resource is hidden", () => {
    const map = '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {x: "canary\\x2dvalue"}\n';
    const stream = secret("a", { p: base64("canary-value") }) + map;
    const redacted = redactorOf(stream, "").redactResource(read(stream)[1] as Resource);
    expect(redacted.text).not.toContain("canary");
    expect(read(redacted.text)[0]?.value.data).toEqual({ x: "«hidden 1»" });
  });

  test("an env value that moved in its list is hidden on both sides", () => {
    const pod = (...env: string[]) =>
      `---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, env: [${env.join(", ")}]}]}\n`;
    const [base, head] = [
      pod("{name: A, value: x}", "{name: API_KEY, value: short1}"),
      pod("{name: API_KEY, value: short2}"),
    ];
    expect(published(base, head)).not.toMatch(/short[12]/);
    // Ordinary words are not searched for: here the field alone says that they are hidden.
    expect(
      published(
        pod("{name: A, value: x}", "{name: PIN_TOKEN, value: default}"),
        pod(`{name: PIN_TOKEN, value: localhost}`),
      ),
    ).not.toMatch(/default|localhost/);
  });

  test("a resource without secrets comes back as it is", () => {
    const [resource] = read("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1'} # c\n");
    const redactor = redactorOf(secret("s", { p: base64("canary-canary") }), "");
    expect(redactor.redactResource(resource as Resource)).toEqual(resource);
  });
});

test("property: no canary in anything that is published, wherever it was put", () => {
  const value = fc.stringMatching(/^canary-[a-zA-Z0-9+/=&<>"' :#{}-]{4,30}z$/);
  const quoted = (text: string) => JSON.stringify(text);
  const places: ((text: string, name: string) => string)[] = [
    (text, name) => secret(name, { p: base64(text), short: base64("1") }),
    (text, name) => secret(name, { p: text }, "stringData"),
    (text, name) =>
      secret(name, { f: base64(`first: 1\n  key: ${text}\nlast: 2\n`) }) +
      secret(`${name}-own`, { p: base64(text) }),
    (text, name) =>
      `${secret(name, { p: base64(text) })}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, annotations: {a: ${quoted(`x${text}x`)}}}\ndata:\n  ${quoted("k")}: ${quoted(`url=${encodeURIComponent(text)}`)}\n  b: ${base64(`a${text}b`)}\n`,
    (text, name) =>
      `${secret(name, { p: base64(text) })}---\napiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: {containers: [{name: c, env: [{name: X, value: ${quoted(text)}}], args: [${quoted(`--p=${text}`)}]}]}\n`,
    (text, name) =>
      `---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: ${quoted(JSON.stringify({ apiVersion: "v1", kind: "Secret", data: { p: base64(text) } }))}\n`,
    (text, name) =>
      `---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: ${name}}, data: {p: ${base64(text)}}}\n`,
  ];
  const placed = fc.array(fc.tuple(fc.constantFrom(...places), fc.constantFrom("a", "b"), value), {
    maxLength: 3,
  });
  const stream = placed.map((list) => ({
    text: list.map(([place, name, text]) => place(text, name)).join(""),
    values: list.map(([, , text]) => text),
  }));
  fc.assert(
    fc.property(stream, stream, (base, head) => {
      const [before, after] = [read(base.text), read(head.text)];
      const redactor = redactorOf(base.text, head.text);
      const changes = diffResources(before, after).map(redactor.redactChange);
      const texts = [
        JSON.stringify(changes, (_, v) => (typeof v === "bigint" ? String(v) : v)),
        ...changes.flatMap((change) => formatChange(change)),
        ...[...before, ...after]
          .map((resource) => redactor.redactResource(resource))
          .flatMap((r) => [r.text, JSON.stringify(r.value)]),
        redactor.redactText(base.text + head.text),
      ].join("\n");
      for (const text of [...base.values, ...head.values]) {
        for (const written of [
          text,
          base64(text),
          encodeURIComponent(text),
          JSON.stringify(text).slice(1, -1),
        ])
          expect(texts).not.toContain(written);
      }
      expect(texts).not.toContain("canary");
    }),
    { numRuns: 500 },
  );
});

// A slip of the pen is what a reviewer is there for, and no reason to print what it is about.
describe("a Secret that is misspelt", () => {
  const canary = "hunter2-very-secret";
  const withValue = (text: string, value: string) => text.replaceAll("VALUE", value);

  test.each([
    ["apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringdata: {a: VALUE}\n"],
    ["apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nData: {a: VALUE}\n"],
    ["apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {b: c}\nsrtingData: {a: [VALUE]}\n"],
    ["apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nvalues: {a: VALUE}\n"],
    ["apiVersion: v1\nkind: Secret\nmetadata: {name: s}\npassword: VALUE\n"],
    ["apiVersion: v1\nkind: Secrets\nmetadata: {name: s}\nstringData: {a: VALUE}\n"],
    ["apiVersion: V1\nkind: secret\nmetadata: {name: s}\nstringData: {a: VALUE}\n"],
    ["apiVersion: v1\nkind: Sercet\nmetadata: {name: s}\nstringData: {a: VALUE}\n"],
  ])("shows nothing of its values: %j", (text) => {
    const head = withValue(text, canary);
    expect(published(withValue(text, "hunter1-old-secret"), head)).not.toMatch(/hunter\d-/);
    expect(published("", head)).not.toContain(canary);
    expect(redactorOf(head, "").redactText(`somebody quotes ${canary}`)).not.toContain(canary);
  });

  test("and what names it, or is no Secret, is shown", () => {
    const text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, labels: {a: VALUE}}\ntype: VALUE\n";
    expect(published(withValue(text, "one"), withValue(text, "two-three-four"))).toContain("two-three-four");
    const other = "apiVersion: example.com/v1\nkind: Secret\nmetadata: {name: s}\nspec: {path: VALUE}\n";
    expect(published(withValue(other, "one"), withValue(other, "kv/shop-path"))).toContain("kv/shop-path");
    const store = "apiVersion: v1\nkind: SecretStore\nmetadata: {name: s}\nspec: {path: VALUE}\n";
    expect(published(withValue(store, "one"), withValue(store, "kv/shop-path"))).toContain("kv/shop-path");
    // A version is no secret, wherever it stands.
    const key =
      "apiVersion: v1\nversion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: hunter2-very-secret}\n";
    expect(redactorOf(key, "").redactText("apps/v1")).toBe("apps/v1");
  });
});
