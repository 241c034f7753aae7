{{- define "payments.selector" -}}
app.kubernetes.io/name: payments
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "payments.labels" -}}
{{ include "payments.selector" . }}
app.kubernetes.io/part-of: shop
app.kubernetes.io/version: {{ include "payments.tag" . | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "payments.tag" -}}
{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "payments.image" -}}
{{ printf "%s:%s" .Values.image.repository (include "payments.tag" .) }}
{{- end }}

{{- define "payments.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "payments.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end }}
