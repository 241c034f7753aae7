package gitops.workloads

import data.gitops.workload

# METADATA
# title: Readiness is probed
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/readiness-probe.md
deny_readiness_probe contains {"msg": msg, "field": field, "id": "readiness-probe"} if {
	not input.kind in {"Job", "CronJob"}
	some entry in workload.lasting
	entry.list == "containers"
	count(object.get(entry.value, "ports", [])) > 0
	not workload.has(entry.value, "readinessProbe")
	field := sprintf("%s.readinessProbe", [entry.path])
	msg := sprintf("container %s has ports and no readiness probe", [entry.value.name])
}
