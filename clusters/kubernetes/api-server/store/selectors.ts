import { labelOf } from '../../../../foundation/protocols/scheduling.ts';
import { badRequest } from '../model/errors.ts';
import type { ResourceKind } from '../model/kinds.ts';
import type { KubeObject } from '../model/types.ts';

type Test = (object: KubeObject) => boolean;

const REQUIREMENT =
  /^\s*(?:(!)\s*([\w./-]+)|([\w./-]+)\s+(in|notin)\s*\(([^)]*)\)|([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)|([\w./-]+))\s*$/;

/** Splits a selector at its commas, except those in parentheses. */
function requirementsOf(selector: string): string[] {
  return selector.split(/,(?![^(]*\))/).filter((part) => part.trim() !== '');
}

function labelTest(requirement: string): (labels: Readonly<Record<string, string>>) => boolean {
  const match = REQUIREMENT.exec(requirement);
  if (match === null) throw badRequest(`unable to parse requirement: ${requirement.trim()}`);
  const [, not, absent, setKey, operator, set, key, comparison, value = '', present] = match;
  if (not !== undefined && absent !== undefined) return (labels) => labelOf(labels, absent) === undefined;
  if (present !== undefined) return (labels) => labelOf(labels, present) !== undefined;
  if (setKey !== undefined) {
    const values = new Set((set ?? '').split(',').map((v) => v.trim()));
    return operator === 'in'
      ? (labels) => Object.hasOwn(labels, setKey) && values.has(labels[setKey] ?? '')
      : (labels) => !Object.hasOwn(labels, setKey) || !values.has(labels[setKey] ?? '');
  }
  const label = key ?? '';
  return comparison === '!='
    ? (labels) => labelOf(labels, label) !== value
    : (labels) => labelOf(labels, label) === value;
}

/** Parses `a=b,c!=d,e in (f,g),!h`. Throws `ApiError` 400. */
export function labelSelector(selector: string): Test {
  const tests = requirementsOf(selector).map(labelTest);
  return (object) => {
    const labels = object.metadata.labels ?? {};
    return tests.every((test) => test(labels));
  };
}

/** Returns the value at a dotted path as text, or an empty string. */
function fieldAt(object: KubeObject, path: string): string {
  let value: unknown = object;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null) return '';
    value = (value as Record<string, unknown>)[step];
  }
  // An event's `source` selects by its component.
  if (path === 'source') value = (value as { component?: unknown } | undefined)?.component;
  if (path === 'spec.hostNetwork' || path === 'spec.unschedulable') value ??= false;
  return typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number' ? String(value) : '';
}

/** Parses `status.phase!=Pending,spec.nodeName=a`. Throws `ApiError` 400. */
export function fieldSelector(selector: string, kind: ResourceKind): Test {
  const selectable = ['metadata.name', ...(kind.namespaced ? ['metadata.namespace'] : []), ...kind.fieldSelectors];
  const tests = requirementsOf(selector).map((requirement): Test => {
    const match = /^\s*([\w.]+)\s*(==|=|!=)\s*(.*?)\s*$/.exec(requirement);
    if (match === null) throw badRequest(`invalid selector: '${selector}'; can't understand '${requirement}'`);
    const [, field = '', comparison, value] = match;
    if (!selectable.includes(field)) throw badRequest(`field label not supported: ${field}`);
    return (object) => (fieldAt(object, field) === value) === (comparison !== '!=');
  });
  return (object) => tests.every((test) => test(object));
}
