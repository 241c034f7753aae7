package gitops.workload

# The pod that a workload makes, and where it stands in it. Deployments and their like, Jobs, CronJobs, Pods, and
# Rollouts of Argo.

templated := {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "Rollout"}

group := split(input.apiVersion, "/")[0]

known if group in {"v1", "apps", "batch", "argoproj.io"}

pod := {"spec": input.spec, "metadata": object.get(input, "metadata", {}), "path": "spec"} if {
	known
	input.kind == "Pod"
}

pod := {"spec": template.spec, "metadata": object.get(template, "metadata", {}), "path": "spec.template.spec"} if {
	known
	input.kind in templated
	template := input.spec.template
}

pod := {"spec": template.spec, "metadata": object.get(template, "metadata", {}), "path": "spec.jobTemplate.spec.template.spec"} if {
	known
	input.kind == "CronJob"
	template := input.spec.jobTemplate.spec.template
}

# Every container, with its path; of all three lists.
containers contains {"value": container, "path": path, "list": list} if {
	some list in ["containers", "initContainers", "ephemeralContainers"]
	some i, container in pod.spec[list]
	path := sprintf("%s.%s[%d]", [pod.path, list, i])
}

# What runs for as long as the pod does: containers, and init containers that restart.
lasting contains entry if {
	some entry in containers
	entry.list == "containers"
}

lasting contains entry if {
	some entry in containers
	entry.list == "initContainers"
	entry.value.restartPolicy == "Always"
}

on_windows if pod.spec.os.name == "windows"

# A field of a container's security context, or of the pod's where the container has none.
security(entry, field) := entry.value.securityContext[field]

security(entry, field) := pod.spec.securityContext[field] if not has(object.get(entry.value, "securityContext", {}), field)

has(object, field) if _ = object[field]
