import type { JsonSchema } from "../../../packages/engine/src/schemas/pack.ts";
import {
  dnsLabel,
  dnsName,
  dnsReference,
  each,
  exactly,
  having,
  items,
  label,
  namePart,
  never,
  notNegative,
  oneOf,
  port,
  qualified,
  some,
  type TypeRule,
  text,
} from "./shapes.ts";

const webhookRule: TypeRule = {
  required: ["apiGroups", "apiVersions", "operations", "resources"],
  fields: {
    apiGroups: some,
    ...{ apiVersions: { ...some, ...items(text) }, resources: { ...some, ...items(text) } },
    scope: { pattern: "^(?:\\*|Cluster|Namespaced)$" },
    operations: { ...some, ...each("*", "CREATE", "UPDATE", "DELETE", "CONNECT") },
  },
};
const dns1035: JsonSchema = { maxLength: 63, pattern: "^[a-z](?:[-a-z0-9]*[a-z0-9])?$" };
/** The same in letters of either case. */
const mixedName: JsonSchema = { maxLength: 63, pattern: "^[A-Za-z](?:[-A-Za-z0-9]*[A-Za-z0-9])?$" };
const failurePolicy = exactly("Fail", "Ignore");
const webhook: TypeRule = {
  fields: {
    name: { pattern: `^${dnsLabel}(?:\\.${dnsLabel}){2,}$` },
    failurePolicy,
    matchPolicy: exactly("Exact", "Equivalent"),
    timeoutSeconds: { minimum: 1, maximum: 30 },
    sideEffects: exactly("None", "NoneOnDryRun"),
    reinvocationPolicy: exactly("Never", "IfNeeded"),
    admissionReviewVersions: {
      ...{ ...some, ...items(dns1035), uniqueItems: true },
      not: { items: { not: { enum: ["v1", "v1beta1"] } } },
    },
  },
};
/** A policy that is held against nothing is refused; the same type in a binding may be empty. */
const matchConstraints = having({ resourceRules: { type: "array", minItems: 1 } });
const usages = [
  ...["any", "signing", "digital signature", "content commitment", "key encipherment", "key agreement"],
  ...["data encipherment", "cert sign", "crl sign", "encipher only", "decipher only", "server auth"],
  ...["client auth", "code signing", "email protection", "s/mime", "ipsec end system", "ipsec tunnel"],
  ...["ipsec user", "timestamping", "ocsp signing", "microsoft sgc", "netscape sgc"],
];
const verbs = [
  "*",
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "proxy",
  "update",
  "watch",
];
const percents: JsonSchema = { minimum: 0, maximum: 100 };
const none: JsonSchema = { maxProperties: 0 };
const schemaTypes = ["array", "boolean", "integer", "number", "object", "string"];

/** What extends or guards the API server itself is checked for. By the type's name in the document, without the common prefix. */
export const extensions: Readonly<Record<string, TypeRule>> = {
  "admissionregistration.v1.ApplyConfiguration": { required: ["expression"], fields: { expression: text } },
  "admissionregistration.v1.AuditAnnotation": { fields: { key: { pattern: `^${namePart}$` } } },
  "admissionregistration.v1.JSONPatch": { required: ["expression"], fields: { expression: text } },
  "admissionregistration.v1.MatchCondition": { fields: { name: qualified } },
  "admissionregistration.v1.MutatingAdmissionPolicy": { required: ["spec"] },
  "admissionregistration.v1.MutatingAdmissionPolicyBinding": { required: ["spec"] },
  "admissionregistration.v1.MutatingAdmissionPolicyBindingSpec": {
    required: ["policyName"],
    fields: { policyName: text },
  },
  "admissionregistration.v1.MutatingAdmissionPolicySpec": {
    required: ["matchConstraints", "mutations", "reinvocationPolicy"],
    fields: { matchConstraints, failurePolicy, mutations: some, reinvocationPolicy: text },
  },
  "admissionregistration.v1.MutatingWebhook": webhook,
  "admissionregistration.v1.NamedRuleWithOperations": webhookRule,
  "admissionregistration.v1.RuleWithOperations": webhookRule,
  "admissionregistration.v1.ServiceReference": { fields: { path: { pattern: "^/" }, port } },
  "admissionregistration.v1.ValidatingAdmissionPolicy": { required: ["spec"] },
  "admissionregistration.v1.ValidatingAdmissionPolicyBinding": { required: ["spec"] },
  "admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec": {
    required: ["policyName", "validationActions"],
    fields: {
      policyName: dnsName,
      validationActions: { ...some, ...each("Audit", "Deny", "Warn"), uniqueItems: true },
    },
  },
  "admissionregistration.v1.ValidatingAdmissionPolicySpec": {
    required: ["matchConstraints"],
    oneOf: ["validations", "auditAnnotations"],
    fields: { matchConstraints, failurePolicy },
  },
  "admissionregistration.v1.ValidatingWebhook": webhook,
  "admissionregistration.v1.Validation": {
    fields: { reason: oneOf("Forbidden", "Invalid", "RequestEntityTooLarge") },
  },
  "admissionregistration.v1.Variable": { fields: { name: { pattern: "^[A-Za-z_][A-Za-z0-9_]*$" } } },
  "admissionregistration.v1.WebhookClientConfig": {
    fields: { url: { pattern: "^https://[^?#@]+$" } },
    oneOf: ["url", "service"],
  },
  "apiextensions.v1.CustomResourceColumnDefinition": {
    fields: {
      type: exactly("boolean", "date", "integer", "number", "string"),
      jsonPath: { pattern: "^\\." },
    },
  },
  "apiextensions.v1.CustomResourceConversion": { fields: { strategy: exactly("None", "Webhook") } },
  "apiextensions.v1.CustomResourceDefinitionNames": {
    fields: {
      kind: mixedName,
      listKind: { ...mixedName, pattern: `^$|${mixedName.pattern}` },
      plural: dns1035,
      singular: { ...dns1035, pattern: `^$|${dns1035.pattern}` },
      ...{ shortNames: items(dns1035), categories: items(dns1035) },
    },
  },
  "apiextensions.v1.CustomResourceDefinitionSpec": {
    fields: {
      ...{ group: dnsName, scope: oneOf("Cluster", "Namespaced") },
      preserveUnknownFields: { enum: [false, null] },
    },
  },
  "apiextensions.v1.CustomResourceDefinitionVersion": {
    ...{ required: ["schema"], optional: ["served"] },
    fields: { name: dns1035, deprecationWarning: { minLength: 1, maxLength: 256 } },
  },
  "apiextensions.v1.CustomResourceSubresourceScale": {
    fields: {
      specReplicasPath: { pattern: "^\\.spec\\." },
      statusReplicasPath: { pattern: "^\\.status\\." },
    },
  },
  "apiextensions.v1.CustomResourceValidation": { required: ["openAPIV3Schema"] },
  "apiextensions.v1.JSONSchemaProps": {
    fields: {
      type: oneOf(...schemaTypes),
      ...{ $ref: never("$ref is not supported"), additionalItems: never("additionalItems is not supported") },
      ...{ id: { maxLength: 0 }, $schema: { maxLength: 0 } },
      ...{ patternProperties: none, dependencies: none, definitions: none },
      uniqueItems: { enum: [false, null] },
      "x-kubernetes-list-type": exactly("atomic", "set", "map"),
      "x-kubernetes-map-type": exactly("atomic", "granular"),
      "x-kubernetes-preserve-unknown-fields": { enum: [true, null] },
    },
  },
  "apiregistration.v1.APIService": { required: ["spec"] },
  "apiregistration.v1.APIServiceSpec": {
    required: ["version"],
    fields: {
      ...{ version: dns1035, group: dnsReference },
      groupPriorityMinimum: { minimum: 1, maximum: 20000 },
      versionPriority: { minimum: 1, maximum: 1000 },
    },
  },
  "apiregistration.v1.ServiceReference": {
    required: ["name", "namespace"],
    fields: { name: text, namespace: text, port },
  },
  "certificates.v1.CertificateSigningRequestSpec": {
    required: ["usages"],
    fields: {
      usages: { ...some, ...each(...usages), uniqueItems: true },
      expirationSeconds: { minimum: 600 },
      signerName: { pattern: "^[^/.]+(?:\\.[^/.]+)+/.+$" },
    },
  },
  "flowcontrol.v1.ExemptPriorityLevelConfiguration": {
    fields: { nominalConcurrencyShares: notNegative, lendablePercent: percents },
  },
  "flowcontrol.v1.FlowDistinguisherMethod": { fields: { type: exactly("ByNamespace", "ByUser") } },
  "flowcontrol.v1.FlowSchema": { required: ["spec"] },
  "flowcontrol.v1.FlowSchemaSpec": { fields: { matchingPrecedence: { minimum: 0, maximum: 10000 } } },
  "flowcontrol.v1.LimitResponse": { fields: { type: oneOf("Queue", "Reject") } },
  "flowcontrol.v1.LimitedPriorityLevelConfiguration": {
    fields: {
      nominalConcurrencyShares: notNegative,
      lendablePercent: percents,
      borrowingLimitPercent: notNegative,
    },
    required: ["limitResponse"],
  },
  "flowcontrol.v1.NonResourcePolicyRule": {
    fields: {
      nonResourceURLs: { ...some, ...items({ pattern: "^(?:/|\\*$)" }) },
      verbs: { ...some, ...each(...verbs) },
    },
  },
  "flowcontrol.v1.PriorityLevelConfiguration": { required: ["spec"] },
  "flowcontrol.v1.PriorityLevelConfigurationReference": { fields: { name: dnsName } },
  "flowcontrol.v1.PriorityLevelConfigurationSpec": { fields: { type: oneOf("Exempt", "Limited") } },
  "flowcontrol.v1.QueuingConfiguration": {
    fields: { queues: notNegative, handSize: notNegative, queueLengthLimit: notNegative },
  },
  "flowcontrol.v1.ResourcePolicyRule": {
    fields: {
      namespaces: items({ pattern: `^(?:\\*|${dnsLabel})$` }),
      verbs: { ...some, ...each(...verbs) },
    },
  },
  "flowcontrol.v1.ServiceAccountSubject": { fields: { namespace: label } },
  "flowcontrol.v1.Subject": { fields: { kind: oneOf("Group", "ServiceAccount", "User") } },
};
