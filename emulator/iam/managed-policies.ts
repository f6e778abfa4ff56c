import definitions from './managed-policies.json' with { type: 'json' };
import type { ManagedPolicy } from './model.ts';
import { compilePolicy } from '../../identity/policy/index.ts';

const CREATED_AT = Date.parse('2017-05-27T00:00:00Z');

/** Returns AWS managed policies by ARN (AWS Managed Policy Reference), some shortened, in a new map for each world. */
export function awsManagedPolicies(): ReadonlyMap<string, ManagedPolicy> {
  return new Map(
    Object.entries(definitions).map(([arn, { description, document }]) => [
      arn,
      managedPolicy(arn, description, JSON.stringify(document)),
    ]),
  );
}

function managedPolicy(arn: string, description: string, text: string): ManagedPolicy {
  const path = arn.slice(arn.indexOf('/'), arn.lastIndexOf('/') + 1);
  const name = arn.slice(arn.lastIndexOf('/') + 1);
  const compiled = compilePolicy(text, { kind: 'identity', name: `AWS managed policy ${name}` });
  return {
    arn,
    name,
    path,
    id: `ANPA${Buffer.from(name).toString('hex').toUpperCase().slice(0, 17).padEnd(17, 'A')}`,
    createdAt: CREATED_AT,
    description,
    versions: new Map([['v1', { text, compiled, createdAt: CREATED_AT }]]),
    defaultVersion: 'v1',
    newestVersion: 1,
    tags: new Map(),
  };
}
