{{- define "epp.pool" -}}
{{- .Values.inferencePool.name | default .Release.Name -}}
{{- end }}

{{- define "epp.name" -}}
{{- printf "%s-epp" (include "epp.pool" .) -}}
{{- end }}

{{- define "epp.serviceAccount" -}}
{{- .Values.inferenceExtension.serviceAccount.name | default (include "epp.name" .) -}}
{{- end }}

{{- define "epp.metricsReader" -}}
{{- printf "%s-metrics-reader" (include "epp.name" .) -}}
{{- end }}

{{- define "epp.metricsSecret" -}}
{{- .Values.inferenceExtension.monitoring.secret.name | default (include "epp.metricsReader" .) -}}
{{- end }}

{{- define "epp.selectorLabels" -}}
app.kubernetes.io/name: epp
inferencepool: {{ include "epp.name" . }}
{{- end }}

{{- define "epp.labels" -}}
{{ include "epp.selectorLabels" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "epp.replicas" -}}
{{- $replicas := int .Values.inferenceExtension.replicas -}}
{{- if .Values.inferenceExtension.enableLeaderElection }}{{ max 2 $replicas }}{{ else }}{{ $replicas }}{{ end -}}
{{- end }}

{{/* The configuration file to use: one of the values, or one that names the engine, or none. */}}
{{- define "epp.configFile" -}}
{{- $extension := .Values.inferenceExtension -}}
{{- if hasKey $extension.pluginsCustomConfig $extension.pluginsConfigFile -}}
{{- $extension.pluginsConfigFile -}}
{{- else if $extension.pluginsCustomConfig -}}
{{- fail (printf "inferenceExtension.pluginsConfigFile %q is not a key of inferenceExtension.pluginsCustomConfig" $extension.pluginsConfigFile) -}}
{{- else if ne .Values.inferencePool.modelServerType "vllm" -}}
default-plugins.yaml
{{- end -}}
{{- end }}

{{- define "epp.poolGroup" -}}
{{- (split "/" .Values.inferencePool.apiVersion)._0 -}}
{{- end }}

{{/* Values of older charts: one port, and flags as a list of names and values. */}}
{{- define "epp.targetPorts" -}}
{{- if .Values.inferencePool.targetPortNumber -}}
{{- list (dict "number" .Values.inferencePool.targetPortNumber) | toYaml -}}
{{- else -}}
{{- .Values.inferencePool.targetPorts | toYaml -}}
{{- end -}}
{{- end }}

{{/* An InferencePool: a dict of "root", "pool" and the name of its "service". */}}
{{- define "epp.inferencePool" -}}
{{- $version := .root.Values.inferencePool.apiVersion -}}
apiVersion: {{ $version }}
kind: InferencePool
metadata:
  name: {{ .pool.name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "epp.labels" .root | nindent 4 }}
spec:
  {{- if hasSuffix "/v1" $version }}
  selector:
    matchLabels:
      {{- toYaml .pool.matchLabels | nindent 6 }}
  targetPorts:
    {{- toYaml .pool.targetPorts | nindent 4 }}
  endpointPickerRef:
    name: {{ .service }}
    port:
      number: {{ .root.Values.inferenceExtension.extProcPort }}
    failureMode: {{ .pool.failureMode }}
  {{- else }}
  selector:
    {{- toYaml .pool.matchLabels | nindent 4 }}
  targetPortNumber: {{ (first .pool.targetPorts).number }}
  extensionRef:
    name: {{ .service }}
    portNumber: {{ .root.Values.inferenceExtension.extProcPort }}
    failureMode: {{ .pool.failureMode }}
  {{- end }}
{{- end }}

{{/* A Service that leads to the picker, without the metrics port, so that who scrapes finds the picker once: a dict of
"root" and "name". */}}
{{- define "epp.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "epp.labels" .root | nindent 4 }}
spec:
  {{- if .root.Values.inferenceExtension.headlessService }}
  clusterIP: None
  {{- end }}
  selector:
    {{- include "epp.selectorLabels" .root | nindent 4 }}
  ports:
  - name: grpc-ext-proc
    port: {{ .root.Values.inferenceExtension.extProcPort }}
    targetPort: grpc
{{- end }}

{{/* Which pools the picker serves, as flags. */}}
{{- define "epp.poolFlags" -}}
{{- if .Values.poolSelector }}
{{- if .Values.additionalPools }}
{{- fail "poolSelector and additionalPools cannot both be given: pools are found by their labels, or named" }}
{{- end }}
- {{ printf "--pool-selector=%s" .Values.poolSelector | quote }}
{{- else }}
- --pool-name={{ include "epp.pool" . }}
{{- range .Values.additionalPools }}
- --pool-name={{ .name }}
{{- with .pluginsConfigFile }}
{{- if not (hasKey $.Values.inferenceExtension.pluginsCustomConfig .) }}
{{- fail (printf "additionalPools: pluginsConfigFile %q is not a key of inferenceExtension.pluginsCustomConfig" .) }}
{{- end }}
{{- end }}
{{- if .pluginsConfigFile }}
- --pool-config={{ .name }}=/config/{{ .pluginsConfigFile }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
