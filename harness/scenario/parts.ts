import type { AssociationSpec, ObjectSpec, ScenarioSpec, WorkloadSpec } from './spec.ts';

export const placeOf = (object: ObjectSpec): string => (typeof object === 'string' ? object : object.at);

export const bucketOf = (object: ObjectSpec): string => placeOf(object).split('/')[0] ?? '';

export const bucketsOf = ({ buckets = {}, objects = [] }: ScenarioSpec): readonly string[] => [
  ...new Set([...Object.keys(buckets), ...objects.map(bucketOf)]),
];

export const associationOf = ({ role }: WorkloadSpec): AssociationSpec | undefined =>
  typeof role === 'string' ? { role } : role;
