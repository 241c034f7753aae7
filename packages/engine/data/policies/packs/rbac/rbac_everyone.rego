package gitops.rbac

# METADATA
# title: No rights for everybody
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/rbac-everyone.md
deny_rbac_everyone contains {"msg": msg, "field": field, "id": "rbac-everyone"} if {
	startswith(input.apiVersion, "rbac.authorization.k8s.io/")
	input.kind in {"RoleBinding", "ClusterRoleBinding"}
	some i, subject in input.subjects
	subject.name in {"system:anonymous", "system:unauthenticated", "system:authenticated"}
	field := sprintf("subjects[%d].name", [i])
	msg := sprintf("%s is bound to %s", [subject.name, input.roleRef.name])
}
