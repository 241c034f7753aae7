package gitops.workloads

import data.gitops.workload

# METADATA
# title: Memory is limited
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/memory-limit.md
deny_memory_limit contains {"msg": msg, "field": field, "id": "memory-limit"} if {
	some entry in workload.lasting
	not workload.has(object.get(entry.value, ["resources", "limits"], {}), "memory")
	field := sprintf("%s.resources.limits.memory", [entry.path])
	msg := sprintf("container %s has no memory limit", [entry.value.name])
}
