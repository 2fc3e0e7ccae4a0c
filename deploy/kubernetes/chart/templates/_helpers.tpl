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
