package gitops.pod_security_baseline

import data.gitops.workload

contexts contains {"options": options, "path": sprintf("%s.securityContext.seLinuxOptions", [workload.pod.path])} if {
	options := workload.pod.spec.securityContext.seLinuxOptions
}

contexts contains {"options": options, "path": sprintf("%s.securityContext.seLinuxOptions", [entry.path])} if {
	some entry in workload.containers
	options := entry.value.securityContext.seLinuxOptions
}

# METADATA
# title: SELinux stays on
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/selinux.md
deny_selinux contains {"msg": msg, "field": field, "id": "selinux"} if {
	some context in contexts
	some name in ["user", "role"]
	object.get(context.options, name, "") != ""
	field := sprintf("%s.%s", [context.path, name])
	msg := sprintf("the SELinux %s is set", [name])
}

deny_selinux contains {"msg": msg, "field": field, "id": "selinux"} if {
	some context in contexts
	type := object.get(context.options, "type", "")
	not type in {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
	field := sprintf("%s.type", [context.path])
	msg := sprintf("the SELinux type is %s", [type])
}
