import type { PermissionPolicy, PermissionStatement, Statement, TrustPolicy, TrustStatement } from './policy.ts';

/** A policy as a scenario declares it. */
export type DeclaredPolicy = PermissionPolicy | TrustPolicy;

/** Returns the document of a declared policy, with its names in angle brackets. */
export function policyDocument(policy: DeclaredPolicy): object {
  if ('document' in policy) return policy.document;
  if ('Statement' in policy) return policy;
  const statements: readonly Statement[] = 'length' in policy ? policy : [policy];
  return { Version: '2012-10-17', Statement: statements.map(elementsOf) };
}

function elementsOf(statement: Statement): object {
  if ('Effect' in statement) return statement;
  const { effect, principal, actions, conditions, ...rest }: PermissionStatement | TrustStatement = statement;
  return {
    Effect: effect,
    ...(principal !== undefined && { Principal: principalElement(principal) }),
    Action: actions,
    ...('resources' in rest && { Resource: rest.resources.map(longResource) }),
    ...(conditions && { Condition: conditions }),
  };
}

/** Principals of a bucket policy are AWS principals. */
function principalElement(principal: string | readonly string[] | TrustStatement['principal']): unknown {
  const isExplicit = typeof principal === 'object' && !Array.isArray(principal);
  return principal === '*' || isExplicit ? principal : { AWS: principal };
}

/** Converts `data/red/*` and `data` to ARNs of S3 with names in angle brackets. Keeps ARNs, such names and `*`. */
export function longResource(resource: string): string {
  if (/^(\*$|arn:|<)/.test(resource)) return resource;
  return `arn:aws:s3:::${resource.replace(/^[^/]*/, (bucket) => `<bucket:${bucket}>`)}`;
}
