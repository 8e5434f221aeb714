{{- define "invigil.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "invigil.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "invigil.labels" -}}
{{ include "invigil.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "invigil.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "invigil.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "invigil.name" .) }}
{{- end }}

{{- define "invigil.host" -}}
{{ .Values.ingress.host | default (regexReplaceAll "^https://([^:/]+).*$" .Values.publicUrl "${1}") }}
{{- end }}

{{/* What every container may do: nothing but its work. */}}
{{- define "invigil.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "invigil.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "invigil.env" -}}
- name: INVIGIL_HOST
  value: "0.0.0.0"
- name: INVIGIL_PORT
  value: "8000"
- name: INVIGIL_DATA_DIR
  value: /data/invigil
- name: INVIGIL_LOG_FORMAT
  value: json
- name: INVIGIL_PUBLIC_URL
  value: {{ .Values.publicUrl | quote }}
- name: INVIGIL_EVIDENCE_URL
  value: {{ .Values.evidenceUrl | quote }}
- name: INVIGIL_DRAIN_SECONDS
  value: {{ .Values.drainSeconds | quote }}
- name: INVIGIL_ANALYSIS_WORKERS
  value: {{ .Values.analysisWorkers | quote }}
# Pods are reached through the ingress alone, so what it says of the caller holds.
- name: FORWARDED_ALLOW_IPS
  value: "*"
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
