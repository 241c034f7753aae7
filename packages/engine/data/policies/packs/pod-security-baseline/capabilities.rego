package gitops.pod_security_baseline

import data.gitops.workload

usual := {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"}

# METADATA
# title: No capabilities beyond the default
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/capabilities.md
deny_capabilities contains {"msg": msg, "field": field, "id": "capabilities"} if {
	some entry in workload.containers
	some i, capability in entry.value.securityContext.capabilities.add
	not capability in usual
	field := sprintf("%s.securityContext.capabilities.add[%d]", [entry.path, i])
	msg := sprintf("container %s adds the capability %s", [entry.value.name, capability])
}
