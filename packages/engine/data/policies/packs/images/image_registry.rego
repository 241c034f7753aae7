package gitops.images

import data.gitops.workload

# `nginx` and `org/app` are Docker Hub's; a first part with a dot, a colon or the name localhost is a host.
full(image) := image if {
	parts := split(image, "/")
	count(parts) > 1
	regex.match(`[.:]|^localhost$`, parts[0])
}

full(image) := sprintf("docker.io/%s", [image]) if {
	parts := split(image, "/")
	count(parts) > 1
	not regex.match(`[.:]|^localhost$`, parts[0])
}

full(image) := sprintf("docker.io/library/%s", [image]) if not contains(image, "/")

# With a slash behind it: registry.example must not allow registry.example.evil.
allowed(image) if {
	some registry in data.allowed_registries
	startswith(full(image), sprintf("%s/", [trim_suffix(registry, "/")]))
}

# METADATA
# title: Images come from allowed registries
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/image-registry.md
deny_image_registry contains {"msg": msg, "field": field, "id": "image-registry"} if {
	data.allowed_registries
	some entry in workload.containers
	image := entry.value.image
	is_string(image)
	not allowed(image)
	field := sprintf("%s.image", [entry.path])
	msg := sprintf("container %s: the image %s comes from no allowed registry", [entry.value.name, image])
}
