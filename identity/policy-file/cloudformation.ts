import { listOf, objectOf, type JsonObject } from '../../foundation/node/json.ts';
import { PolicyProblem } from '../deployment/deployment.ts';
import { resolverOf } from '../deployment/template-values.ts';
import { chosen, type PolicyPlace } from './place.ts';

/** Properties with a policy document, in order of preference. */
const PROPERTIES = ['AssumeRolePolicyDocument', 'PolicyDocument', 'Policy'] as const;

/** Returns a resource's policy, with the values of its references. Throws `PolicyProblem`, also for expressions that are only known at deployment. */
export function policyOfTemplate(template: JsonObject, { resource, policy: name, values = {} }: PolicyPlace): unknown {
  const resources = new Map(
    Object.entries(objectOf(template['Resources']))
      .map(([id, one]) => [id, objectOf(objectOf(one)['Properties'])] as const)
      .filter(([, properties]) => PROPERTIES.some((property) => property in properties)),
  );
  const properties = chosen(resources, resource);
  const resolver = resolverOf(template, values, resource ?? '');
  if (name === undefined)
    return resolver(PROPERTIES.map((property) => properties[property]).find((one) => one !== undefined));
  const inline = listOf(properties['Policies']).map(objectOf);
  const policy = inline.find(({ PolicyName: own }) => nameText(own) === name || tried(() => resolver(own)) === name);
  if (policy === undefined) throw new PolicyProblem(`has no inline policy "${name}" of ${resource}.`);
  return resolver(policy['PolicyDocument']);
}

/** Returns a name; empty if it is an expression, which stays unresolved. */
const nameText = (name: unknown): string => (typeof name === 'string' ? name : JSON.stringify(name));

function tried(resolve: () => unknown): unknown {
  try {
    return resolve();
  } catch {
    return undefined;
  }
}
