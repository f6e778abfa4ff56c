import { int32, int64, list, named, optional, pointer, string, struct } from '../../go/json-types.ts';
import { LabelSelector } from './metadata.ts';

/** Where a pod may run, as Kubernetes' core/v1 API has them (v1.36). */

export const NodeSelectorRequirement = struct('NodeSelectorRequirement', {
  key: string,
  operator: named('v1.NodeSelectorOperator'),
  values: optional(list(string)),
});

export const NodeSelectorTerm = struct('NodeSelectorTerm', {
  matchExpressions: optional(list(NodeSelectorRequirement)),
  matchFields: optional(list(NodeSelectorRequirement)),
});

export const NodeSelector = struct('NodeSelector', {
  nodeSelectorTerms: list(NodeSelectorTerm),
});

export const PreferredSchedulingTerm = struct('PreferredSchedulingTerm', {
  weight: int32,
  preference: NodeSelectorTerm,
});

export const NodeAffinity = struct('NodeAffinity', {
  requiredDuringSchedulingIgnoredDuringExecution: optional(pointer(NodeSelector)),
  preferredDuringSchedulingIgnoredDuringExecution: optional(list(PreferredSchedulingTerm)),
});

export const PodAffinityTerm = struct('PodAffinityTerm', {
  labelSelector: optional(pointer(LabelSelector)),
  namespaces: optional(list(string)),
  topologyKey: string,
  namespaceSelector: optional(pointer(LabelSelector)),
  matchLabelKeys: optional(list(string)),
  mismatchLabelKeys: optional(list(string)),
});

export const WeightedPodAffinityTerm = struct('WeightedPodAffinityTerm', {
  weight: int32,
  podAffinityTerm: PodAffinityTerm,
});

export const PodAffinity = struct('PodAffinity', {
  requiredDuringSchedulingIgnoredDuringExecution: optional(list(PodAffinityTerm)),
  preferredDuringSchedulingIgnoredDuringExecution: optional(list(WeightedPodAffinityTerm)),
});

export const PodAntiAffinity = struct('PodAntiAffinity', {
  requiredDuringSchedulingIgnoredDuringExecution: optional(list(PodAffinityTerm)),
  preferredDuringSchedulingIgnoredDuringExecution: optional(list(WeightedPodAffinityTerm)),
});

export const Affinity = struct('Affinity', {
  nodeAffinity: optional(pointer(NodeAffinity)),
  podAffinity: optional(pointer(PodAffinity)),
  podAntiAffinity: optional(pointer(PodAntiAffinity)),
});

export const Toleration = struct('Toleration', {
  key: optional(string),
  operator: optional(named('v1.TolerationOperator')),
  value: optional(string),
  effect: optional(named('v1.TaintEffect')),
  tolerationSeconds: optional(pointer(int64)),
});

export const TopologySpreadConstraint = struct('TopologySpreadConstraint', {
  maxSkew: int32,
  topologyKey: string,
  whenUnsatisfiable: named('v1.UnsatisfiableConstraintAction'),
  labelSelector: optional(pointer(LabelSelector)),
  minDomains: optional(pointer(int32)),
  nodeAffinityPolicy: optional(pointer(named('v1.NodeInclusionPolicy'))),
  nodeTaintsPolicy: optional(pointer(named('v1.NodeInclusionPolicy'))),
  matchLabelKeys: optional(list(string)),
});

export const PodReadinessGate = struct('PodReadinessGate', {
  conditionType: named('v1.PodConditionType'),
});

export const PodSchedulingGate = struct('PodSchedulingGate', {
  name: string,
});

export const PodSchedulingGroup = struct('PodSchedulingGroup', {
  podGroupName: optional(pointer(string)),
});
