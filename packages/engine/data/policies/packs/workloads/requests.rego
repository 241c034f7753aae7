package gitops.workloads

import data.gitops.workload

# METADATA
# title: CPU and memory are requested
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/requests.md
deny_requests contains {"msg": msg, "field": field, "id": "requests"} if {
	some entry in workload.lasting
	some resource in ["cpu", "memory"]
	not workload.has(object.get(entry.value, ["resources", "requests"], {}), resource)
	not workload.has(object.get(entry.value, ["resources", "limits"], {}), resource)
	field := sprintf("%s.resources.requests.%s", [entry.path, resource])
	msg := sprintf("container %s requests no %s", [entry.value.name, resource])
}
