import { invalidParameter } from './errors.ts';
import { optionalNumber, optionalObject, optionalString, optionalStrings } from './input.ts';
import type { JsonObject } from '../core/json.ts';

/** How many instances of which kind a node group is to have. They are described, and change nothing. */
export interface NodeGroupConfiguration {
  readonly scalingConfig: { readonly minSize: number; readonly maxSize: number; readonly desiredSize: number };
  readonly instanceTypes: readonly string[];
  readonly amiType: string;
}

/**
 * What a CreateNodegroup asks for beyond name, role and subnets; one node of EKS' default type where nothing is said.
 *
 * @throws AwsError `InvalidParameterException` 400.
 */
export function readNodeGroupConfiguration(body: JsonObject): NodeGroupConfiguration {
  const scaling = optionalObject(body, 'scalingConfig') ?? {};
  const size = (name: string): number | undefined => {
    const value = optionalNumber(scaling, name);
    if (value !== undefined && !Number.isInteger(value)) throw invalidParameter(`${name} must be a whole number.`);
    return value;
  };
  const minSize = size('minSize') ?? 1;
  const maxSize = size('maxSize') ?? Math.max(1, minSize);
  const desiredSize = size('desiredSize') ?? minSize;
  if (minSize > desiredSize || desiredSize > maxSize)
    throw invalidParameter('desiredSize must be at least minSize and at most maxSize.');
  const instanceTypes = optionalStrings(body, 'instanceTypes') ?? ['t3.medium'];
  const unknown = instanceTypes.find((type) => !/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/.test(type));
  if (unknown !== undefined) throw invalidParameter(`The following supplied instance types do not exist: [${unknown}]`);
  return {
    scalingConfig: { minSize, maxSize, desiredSize },
    instanceTypes,
    amiType: optionalString(body, 'amiType') ?? 'AL2023_x86_64_STANDARD',
  };
}
