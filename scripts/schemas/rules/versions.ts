import type { JsonSchema } from "../../../packages/engine/src/schemas/pack.ts";
import {
  eachHas,
  exactly,
  having,
  never,
  notNegativeAmount,
  optionalLabel,
  type TypeRule,
} from "./shapes.ts";

/** A rule of some minor versions of Kubernetes only; it adds to the one of all. */
interface VersionRule {
  type: string;
  from?: number;
  until?: number;
  rule: TypeRule;
}

/** A field that a version drops, whatever it holds: its feature is off. */
const anyText: JsonSchema = { enum: undefined, pattern: undefined, minLength: undefined };
const group = { type: "string", pattern: "^[^/]+/[^/]+$" };
const positivePercent: JsonSchema = { pattern: "^0*(?:100|[1-9][0-9]?)%$", minimum: 1 };
const dnsSearch: JsonSchema = {
  items: {
    type: "string",
    pattern: "^(?:\\.|[a-z0-9_](?:[-a-z0-9_]*[a-z0-9_])?(?:\\.[a-z0-9_](?:[-a-z0-9_]*[a-z0-9_])?)*\\.?)$",
  },
};

const rules: readonly VersionRule[] = [
  {
    type: "apps.v1.RollingUpdateStatefulSetStrategy",
    ...{ from: 37, rule: { fields: { maxUnavailable: positivePercent } } },
  },
  {
    type: "autoscaling.v2.HorizontalPodAutoscalerSpec",
    ...{ from: 34, rule: { fields: { scaleTargetRef: having({ apiVersion: group }) } } },
  },
  {
    type: "autoscaling.v1.HorizontalPodAutoscalerSpec",
    ...{ from: 34, rule: { fields: { scaleTargetRef: having({ apiVersion: group }) } } },
  },
  { type: "apps.v1.StatefulSetSpec", ...{ from: 33, rule: { fields: { serviceName: optionalLabel } } } },
  {
    type: "autoscaling.v2.HPAScalingRules",
    ...{ from: 35, rule: { fields: { tolerance: notNegativeAmount } } },
  },
  ...["autoscaling.v1", "autoscaling.v2"].flatMap((version): VersionRule[] => [
    {
      type: `${version}.HorizontalPodAutoscalerSpec`,
      ...{ until: 36, rule: { fields: { minReplicas: { minimum: 1 } } } },
    },
    // To nothing, for what metrics of its surroundings say.
    {
      type: `${version}.HorizontalPodAutoscalerSpec`,
      ...{ from: 37, rule: { fields: { minReplicas: { minimum: 0 } } } },
    },
  ]),
  {
    type: "core.v1.Container",
    ...{ until: 33, rule: { fields: { restartPolicy: exactly("Always") } } },
  },
  {
    type: "core.v1.Container",
    ...{ from: 35, rule: { fields: { restartPolicy: exactly("Always", "OnFailure", "Never") } } },
  },
  {
    type: "core.v1.PodSpec",
    until: 33,
    rule: {
      fields: {
        containers: eachHas({
          restartPolicy: never("must not be set on a container that is no init container"),
        }),
      },
    },
  },
  {
    type: "core.v1.ContainerResizePolicy",
    ...{ until: 32, rule: { fields: { restartPolicy: anyText } } },
  },
  {
    type: "core.v1.ContainerResizePolicy",
    from: 33,
    rule: {
      fields: {
        resourceName: exactly("cpu", "memory"),
        restartPolicy: exactly("NotRequired", "RestartContainer"),
      },
    },
  },
  { type: "core.v1.PodDNSConfig", ...{ from: 33, rule: { fields: { searches: dnsSearch } } } },
  {
    type: "core.v1.PodSecurityContext",
    ...{ until: 32, rule: { fields: { supplementalGroupsPolicy: anyText } } },
  },
  { type: "core.v1.SecurityContext", ...{ until: 32, rule: { fields: { procMount: anyText } } } },
  {
    type: "core.v1.ServiceSpec",
    ...{ until: 33, rule: { fields: { trafficDistribution: exactly("PreferClose") } } },
  },
  {
    type: "core.v1.ServiceSpec",
    from: 34,
    rule: { fields: { trafficDistribution: exactly("PreferClose", "PreferSameZone", "PreferSameNode") } },
  },
  { type: "core.v1.SleepAction", ...{ until: 32, rule: { fields: { seconds: { minimum: 1 } } } } },
  { type: "core.v1.SleepAction", ...{ from: 33, rule: { fields: { seconds: { minimum: 0 } } } } },
];

/** What holds of a type in one minor version besides what holds of it in all. */
export function versionRules(type: string, minor: number): TypeRule[] {
  return rules
    .filter((each) => each.type === type && (each.from ?? 0) <= minor && minor <= (each.until ?? minor))
    .map(({ rule }) => rule);
}
