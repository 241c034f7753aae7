package gitops.pod_security_baseline

import data.gitops.workload

# METADATA
# title: AppArmor stays on
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/apparmor.md
deny_apparmor contains {"msg": msg, "field": field, "id": "apparmor"} if {
	type := workload.pod.spec.securityContext.appArmorProfile.type
	not type in {"RuntimeDefault", "Localhost"}
	field := sprintf("%s.securityContext.appArmorProfile.type", [workload.pod.path])
	msg := sprintf("AppArmor is %s", [type])
}

deny_apparmor contains {"msg": msg, "field": field, "id": "apparmor"} if {
	some entry in workload.containers
	type := entry.value.securityContext.appArmorProfile.type
	not type in {"RuntimeDefault", "Localhost"}
	field := sprintf("%s.securityContext.appArmorProfile.type", [entry.path])
	msg := sprintf("container %s: AppArmor is %s", [entry.value.name, type])
}

deny_apparmor contains {"msg": msg, "field": field, "id": "apparmor"} if {
	some name, profile in workload.pod.metadata.annotations
	startswith(name, "container.apparmor.security.beta.kubernetes.io/")
	not profile in {"", "runtime/default"}
	not startswith(profile, "localhost/")
	field := ""
	msg := sprintf("the annotation %s switches AppArmor off", [name])
}
