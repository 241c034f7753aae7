package gitops.pod_security_restricted

import data.gitops.workload

# METADATA
# title: All capabilities dropped
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/drop-capabilities.md
deny_drop_capabilities contains {"msg": msg, "field": field, "id": "drop-capabilities"} if {
	not workload.on_windows
	some entry in workload.containers
	not "ALL" in object.get(entry.value, ["securityContext", "capabilities", "drop"], [])
	field := sprintf("%s.securityContext.capabilities.drop", [entry.path])
	msg := sprintf("container %s keeps capabilities", [entry.value.name])
}

deny_drop_capabilities contains {"msg": msg, "field": field, "id": "drop-capabilities"} if {
	not workload.on_windows
	some entry in workload.containers
	some i, capability in entry.value.securityContext.capabilities.add
	capability != "NET_BIND_SERVICE"
	field := sprintf("%s.securityContext.capabilities.add[%d]", [entry.path, i])
	msg := sprintf("container %s adds the capability %s", [entry.value.name, capability])
}
