import type { JsonSchema } from "../../../packages/engine/src/schemas/pack.ts";
import {
  exactly,
  having,
  never,
  notNegative,
  oneOf,
  percent,
  percentOfAll,
  positiveAmount,
  prefixedName,
  qualified,
  replicas,
  segment,
  some,
  type TypeRule,
  text,
} from "./shapes.ts";

/** A field of a cron schedule: numbers or names, ranges, steps. */
const cronField = (value: string): string => {
  // What follows a star, and empty items, the parser does not look at.
  const item = `(?:[*?](?:-[^,/\\s]*)*|${value}(?:-${value})?)(?:/0*[1-9][0-9]*)?`;
  return `,*${item}(?:,+${item})*,*`;
};
/** The schedules that github.com/robfig/cron reads, without a time zone of their own. */
const schedule = [
  cronField("0*[1-5]?[0-9]"),
  cronField("0*(?:1?[0-9]|2[0-3])"),
  cronField("0*(?:[1-9]|[12][0-9]|3[01])"),
  cronField("(?:0*(?:[1-9]|1[0-2])|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))"),
  cronField("(?:0*[0-6]|(?i:sun|mon|tue|wed|thu|fri|sat))"),
].join("\\s+");
const named = "@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)";
const every = "@every [-+]?(?:0|(?:[0-9]+\\.?[0-9]*(?:ns|us|µs|μs|ms|s|m|h))+)";
/** What is to run for ever is always started again, and has no end. */
const lasting: JsonSchema = {
  properties: {
    spec: {
      properties: {
        restartPolicy: { pattern: "^(?:Always)?$" },
        activeDeadlineSeconds: never("must not be set where Pods are to run for ever"),
      },
    },
  },
};
/** What ends is not started again for ever. */
const template: JsonSchema = {
  properties: {
    spec: {
      required: ["restartPolicy"],
      properties: { restartPolicy: { pattern: "^(?:OnFailure|Never)$" } },
    },
  },
};
const selector: JsonSchema = {
  anyOf: [
    having({ matchLabels: { type: "object", minProperties: 1 } }),
    having({ matchExpressions: { type: "array", minItems: 1 } }),
  ],
};

/** What workloads are checked for. By the type's name in the document, without the common prefix. */
export const workloads: Readonly<Record<string, TypeRule>> = {
  "apps.v1.ControllerRevision": {
    fields: { revision: notNegative },
    required: ["data"],
    optional: ["revision"],
  },
  "apps.v1.DaemonSet": { required: ["spec"] },
  "apps.v1.DaemonSetSpec": {
    fields: { selector, template: lasting, minReadySeconds: notNegative, revisionHistoryLimit: notNegative },
  },
  "apps.v1.Deployment": { required: ["spec"] },
  "apps.v1.DeploymentSpec": {
    fields: {
      template: lasting,
      ...{ replicas, selector },
      minReadySeconds: notNegative,
      progressDeadlineSeconds: notNegative,
      revisionHistoryLimit: notNegative,
    },
  },
  "apps.v1.ReplicaSet": { required: ["spec"] },
  "apps.v1.ReplicaSetSpec": {
    required: ["template"],
    fields: { replicas, selector, template: lasting, minReadySeconds: notNegative },
  },
  "apps.v1.RollingUpdateDaemonSet": { fields: { maxSurge: percentOfAll, maxUnavailable: percentOfAll } },
  "apps.v1.RollingUpdateDeployment": { fields: { maxSurge: percent, maxUnavailable: percentOfAll } },
  "apps.v1.RollingUpdateStatefulSetStrategy": { fields: { partition: notNegative } },
  "apps.v1.StatefulSet": { required: ["spec"] },
  "apps.v1.StatefulSetOrdinals": { fields: { start: notNegative } },
  "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy": {
    fields: { whenDeleted: oneOf("Retain", "Delete"), whenScaled: oneOf("Retain", "Delete") },
  },
  "apps.v1.StatefulSetSpec": {
    optional: ["serviceName"],
    fields: {
      replicas,
      selector,
      template: lasting,
      minReadySeconds: notNegative,
      revisionHistoryLimit: notNegative,
    },
  },
  "autoscaling.v1.CrossVersionObjectReference": { fields: { kind: segment, name: segment } },
  "autoscaling.v1.HorizontalPodAutoscalerSpec": {
    fields: { maxReplicas: { minimum: 1 }, targetCPUUtilizationPercentage: { minimum: 1 } },
  },
  "autoscaling.v2.CrossVersionObjectReference": { fields: { kind: segment, name: segment } },
  "autoscaling.v2.HPAScalingPolicy": {
    fields: {
      type: exactly("Pods", "Percent"),
      value: { minimum: 1 },
      periodSeconds: { minimum: 1, maximum: 1800 },
    },
  },
  "autoscaling.v2.HPAScalingRules": {
    fields: {
      stabilizationWindowSeconds: { minimum: 0, maximum: 3600 },
      selectPolicy: exactly("Max", "Min", "Disabled"),
      policies: some,
    },
  },
  "autoscaling.v2.HorizontalPodAutoscalerSpec": { fields: { maxReplicas: { minimum: 1 } } },
  "autoscaling.v2.MetricSpec": {
    fields: { type: oneOf("ContainerResource", "External", "Object", "Pods", "Resource") },
  },
  "autoscaling.v2.MetricIdentifier": { fields: { name: segment } },
  "autoscaling.v2.MetricTarget": {
    fields: {
      type: oneOf("Utilization", "Value", "AverageValue"),
      averageUtilization: { minimum: 1 },
      ...{ averageValue: positiveAmount, value: positiveAmount },
    },
  },
  "batch.v1.CronJobSpec": {
    fields: {
      schedule: { pattern: `^(?:\\s*${schedule}\\s*|${named}|${every})$` },
      startingDeadlineSeconds: notNegative,
      timeZone: text,
      successfulJobsHistoryLimit: notNegative,
      failedJobsHistoryLimit: notNegative,
    },
  },
  "batch.v1.Job": { required: ["spec"] },
  "batch.v1.JobSpec": {
    fields: {
      template,
      completionMode: exactly("NonIndexed", "Indexed"),
      ...{ parallelism: notNegative, completions: notNegative, backoffLimit: notNegative },
      ...{ activeDeadlineSeconds: notNegative, ttlSecondsAfterFinished: notNegative },
      ...{ backoffLimitPerIndex: notNegative, maxFailedIndexes: notNegative },
      managedBy: { maxLength: 63, pattern: `^${prefixedName}` },
    },
  },
  "batch.v1.JobTemplateSpec": { required: ["spec"] },
  "batch.v1.PodFailurePolicy": { optional: ["rules"] },
  "batch.v1.PodFailurePolicyOnExitCodesRequirement": { fields: { values: { ...some, uniqueItems: true } } },
  "batch.v1.PodFailurePolicyOnPodConditionsPattern": { optional: ["status"], fields: { type: qualified } },
  "batch.v1.PodFailurePolicyRule": { oneOf: ["onExitCodes", "onPodConditions"] },
  "policy.v1.PodDisruptionBudgetSpec": {
    fields: {
      unhealthyPodEvictionPolicy: exactly("IfHealthyBudget", "AlwaysAllow"),
      minAvailable: percentOfAll,
      maxUnavailable: percentOfAll,
    },
  },
};
