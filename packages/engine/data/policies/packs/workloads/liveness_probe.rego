package gitops.workloads

import data.gitops.workload

# METADATA
# title: Liveness is probed
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/liveness-probe.md
warn_liveness_probe contains {"msg": msg, "field": field, "id": "liveness-probe"} if {
	not input.kind in {"Job", "CronJob"}
	some entry in workload.lasting
	entry.list == "containers"
	not workload.has(entry.value, "livenessProbe")
	field := sprintf("%s.livenessProbe", [entry.path])
	msg := sprintf("container %s has no liveness probe", [entry.value.name])
}
