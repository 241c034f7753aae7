package gitops.pod_security_baseline

import data.gitops.workload

# METADATA
# title: /proc stays masked
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/proc-mount.md
deny_proc_mount contains {"msg": msg, "field": field, "id": "proc-mount"} if {
	some entry in workload.containers
	mount := entry.value.securityContext.procMount
	mount != "Default"
	field := sprintf("%s.securityContext.procMount", [entry.path])
	msg := sprintf("container %s mounts /proc %s", [entry.value.name, mount])
}
