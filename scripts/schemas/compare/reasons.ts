// Why the server refuses what a schema allows: the rules of its validation that look at more than one field, or that no
// pattern says. What none of these names is a difference that nobody has explained yet.

interface Reason {
  /** The row of the table in docs/schemas.md. */
  rule: string;
  /** Against the server's message. */
  says: readonly RegExp[];
}

export const reasons: readonly Reason[] = [
  {
    rule: "two fields must agree",
    says: [
      /`selector` does not match template `labels`/,
      /metadata\.name: Invalid value: .* must be (?:`spec\.version|spec\.names\.plural)/,
      /(?:is greater than|less than or equal to|greater than or equal to) (?:max value|default|`?min|cpu limit|memory limit|.* limit of)/,
      /default (?:request )?value .* is greater than/,
      /(?:may not be used when|may only be (?:set|used when)|may not be set|may not specify .* when|when `?[\w.]+`? is (?:set|not|non-zero))/,
      /may not be specified when/,
      /must be one of the container or initContainer names/,
      /is greater than max\/min|should not be greater than/,
      /operator must be Exists when/,
      /does not match event\.namespace/,
      /Forbidden: `parameters\.scope`/,
      /local APIServices may not have/,
      /must be the name of a request in the claim/,
      /items must be a schema object and not an array/,
      /\.default: Invalid value/,
      /must not be 0 for the In operator/,
      /Forbidden: (?:may not be|must not be|cannot|can not|must specify)/,
      /when completion mode is|duplicate of key present in|greater than or equal to `port`|can only be set for deprecated versions|only the schema named 'exempt'/,
      /must match|must be identical|must be equal to/,
    ],
  },
  {
    rule: "what is needed depends on another field",
    says: [
      /spec\.(?:ports|externalName|limited|ports\[\d+\]\.name): Required value/,
      /data\[(?:tls\.(?:crt|key)|\.dockerconfigjson|ssh-privatekey|username|password)\]: Required value/,
      /restartPolicy: Required value/,
      /constraints\[\d+\]\.matchAttribute: Required value/,
      /parameters\.namespace: Required value/,
      /subjects\[\d+\]\.(?:namespace|serviceAccount|user|group|apiGroup): (?:Required|Unsupported) value/,
      /when subject kind is/,
      /rules\[\d+\]\.(?:apiGroups|resources): Required value/,
      /namespaces: Required value: resource rules that are not cluster scoped/,
      /backend: Required value: port name or number/,
      /\.target\.\w+: (?:Required value|Invalid value: .*must be greater than 0)/,
      /values: (?:Required value|Forbidden)/,
      /Local volume requires node affinity/,
      /addresses\[\d+\]: Invalid value: .*must be a valid IP address/,
      /spec\.dataSource(?:Ref)?\.(?:name|kind): Required value/,
      /apiVersion must specify API group/,
      /spec\.rollingUpdate|updateStrategy\.rollingUpdate/,
      /nodePort: Forbidden/,
      /spec\.minReplicas: Invalid value/,
      /limitResponse\.queuing: Required value/,
      /Required value: when completion mode|must be specified when \w+ is|must populate information for the given/,
      /path: Invalid value: "": must be an absolute path/,
      /scope: Unsupported value/,
    ],
  },
  {
    rule: "exactly one of many",
    says: [/exactly one|must specify (?:a volume type|one of)|may not specify more than 1|specifying one of/],
  },
  {
    rule: "a key occurs once in a list",
    says: [
      /Duplicate value|conflicting duplicate paths/,
      /must be unique/,
      /may specify no more than one (?:IP|CIDR) for each IP family/,
      /if '\*(?:\/\*)?' is present, must not specify/,
    ],
  },
  {
    rule: "names of one kind or another",
    says: [
      /metadata\.name: Invalid value/,
      /a (?:lowercase RFC 1123|DNS-1035|valid label|valid config key|qualified name|valid IP)/,
      /name part must|must be no more than \d+ (?:characters|bytes)|prefix part/,
      /must be a (?:valid (?:IP address|CIDR value)|standard|string compatible with semver)/,
      /may not contain|must not contain|must contain only|must consist of/,
      /must be a fully qualified|neither a standard .* name nor is it fully qualified/,
      /must be one of privileged, baseline, restricted/,
      /unsupported scope|leading or trailing whitespace/,
      /must include at least one of v1/,
      /onPodConditions\[\d+\]\.status: Unsupported value/,
      /unknown time zone/,
      /supported values: "storage"/,
    ],
  },
  {
    rule: "how much a quantity is",
    says: [
      /(?:\]|[vV]alue): Invalid value: .*: must be (?:an integer|greater than|positive)/,
      /is less than 1|not positive integer multiple of/,
    ],
  },
  {
    rule: "a definition's schema must be structural",
    says: [/openAPIV3Schema.*(?:type|items): Required value/],
  },
  {
    rule: "expressions",
    says: [
      /compilation failed|must evaluate to|valid CEL identifier/,
      /schedule: Invalid value/,
      /PEM block/,
      /json ?path|must be a simple/i,
    ],
  },
  {
    rule: "other objects",
    says: [
      /^409 /,
      /the namespace of the provided object does not match/,
      /Not found/,
      /can only use volume source type/,
      /volumes\[\d+\]\.name: Required value/,
    ],
  },
];

/** The rule by which the server refuses a document that the schema allows; undefined when none is known. */
export function ruleOf(message: string): string | undefined {
  return reasons.find(({ says }) => says.some((pattern) => pattern.test(message)))?.rule;
}
