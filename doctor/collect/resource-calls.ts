import type { Endpoints } from '../../aws/endpoints.ts';
import { signedHeaders, type Signer } from '../../aws/signed-headers.ts';
import { objectOf, textOf, type JsonObject } from '../../foundation/node/json.ts';

/** A call that reads a policy or a key. Each service needs only a few, so we use no SDK. */
interface ResourceCall {
  /** Default: the service of the right. */
  readonly host?: string;
  /** Name of the operation in the AWS JSON protocol. */
  readonly target?: string;
  /** Version of the AWS JSON protocol. Default: 1.1. */
  readonly version?: '1.0' | '1.1';
  /** Path of a REST operation. */
  readonly path?: (input: JsonObject) => string;
  /** Version of the API, for the AWS Query protocol. */
  readonly query?: string;
}

/** By right, from the AWS Organizations API Reference. */
export const ORGANIZATION_CALLS = {
  'organizations:DescribeOrganization': { target: 'AWSOrganizationsV20161128.DescribeOrganization' },
  'organizations:DescribeOrganizationalUnit': { target: 'AWSOrganizationsV20161128.DescribeOrganizationalUnit' },
  'organizations:DescribePolicy': { target: 'AWSOrganizationsV20161128.DescribePolicy' },
  'organizations:ListParents': { target: 'AWSOrganizationsV20161128.ListParents' },
  'organizations:ListPoliciesForTarget': { target: 'AWSOrganizationsV20161128.ListPoliciesForTarget' },
} as const satisfies Readonly<Record<string, ResourceCall>>;

/** By right, from the API References of the services. */
export const RESOURCE_CALLS = {
  'kms:DescribeKey': { target: 'TrentService.DescribeKey' },
  'kms:GetKeyPolicy': { target: 'TrentService.GetKeyPolicy' },
  'sqs:GetQueueAttributes': { target: 'AmazonSQS.GetQueueAttributes', version: '1.0' },
  'sns:GetTopicAttributes': { query: '2010-03-31' },
  'secretsmanager:DescribeSecret': { target: 'secretsmanager.DescribeSecret' },
  'secretsmanager:GetResourcePolicy': { target: 'secretsmanager.GetResourcePolicy' },
  'dynamodb:GetResourcePolicy': { target: 'DynamoDB_20120810.GetResourcePolicy', version: '1.0' },
  'ecr:GetRepositoryPolicy': { target: 'AmazonEC2ContainerRegistry_V20150921.GetRepositoryPolicy', host: 'api.ecr' },
  'lambda:GetPolicy': {
    path: ({ FunctionName }) => `/2015-03-31/functions/${encodeURIComponent(String(FunctionName))}/policy`,
  },
  'ssm:DescribeParameters': { target: 'AmazonSSM.DescribeParameters' },
  ...ORGANIZATION_CALLS,
} as const satisfies Readonly<Record<string, ResourceCall>>;
export type ResourceRight = keyof typeof RESOURCE_CALLS;

/** Domains of the partitions (AWS General Reference, "Service endpoints"). */
const DOMAINS: Readonly<Record<string, string>> = { 'aws-cn': 'amazonaws.com.cn', 'aws-eusc': 'amazonaws.eu' };
const MILLISECONDS = 10_000;

/** Makes a call in a region. Throws errors with AWS's code as name. */
export async function callResource(
  right: ResourceRight,
  input: JsonObject,
  { partition, endpoints, ...signer }: Signer & { readonly partition: string; readonly endpoints: Endpoints },
  signal: AbortSignal,
): Promise<JsonObject> {
  const [service = '', operation = ''] = right.split(':');
  const { host = service, target, version = '1.1', path, query }: ResourceCall = RESOURCE_CALLS[right];
  const domain = DOMAINS[partition] ?? 'amazonaws.com';
  // Credentials of another cloud must not be sent to AWS.
  const origin = Object.values(endpoints)[0] ?? `https://${host}.${signer.region}.${domain}`;
  const method = path ? 'GET' : 'POST';
  const form = { Action: operation, Version: query ?? '', ...(input as Record<string, string>) };
  const json = path ? '' : JSON.stringify(input);
  const body = query === undefined ? json : new URLSearchParams(form).toString();
  const headers = {
    'content-type': query === undefined ? `application/x-amz-json-${version}` : 'application/x-www-form-urlencoded',
    ...(target !== undefined && { 'x-amz-target': target }),
  };
  const url = new URL(path?.(input) ?? '/', origin);
  const response = await fetch(url, {
    method,
    headers: await signedHeaders(signer, service, { method, url, body, headers }),
    ...(body !== '' && { body }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(MILLISECONDS)]),
    redirect: 'manual',
  });
  const text = await response.text();
  const answer = query === undefined ? jsonOf(text) : attributesOf(text);
  if (response.ok) return answer;
  const type = response.headers.get('x-amzn-errortype') ?? textOf(answer['__type']);
  const code = (type ?? /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? '').replaceAll(/^.*#|:.*$/g, '');
  throw Object.assign(new Error(`${right} failed with status ${response.status}.`), {
    name: code || `status ${response.status}`,
  });
}

function jsonOf(text: string): JsonObject {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return {};
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  quot: '"',
  '#34': '"',
  apos: "'",
  '#39': "'",
  lt: '<',
  gt: '>',
  amp: '&',
};

/** Returns the attributes in an answer of the AWS Query protocol. */
const attributesOf = (xml: string): JsonObject =>
  Object.fromEntries(
    [...xml.matchAll(/<key>(\w+)<\/key>\s*<value>([^<]*)<\/value>/g)].map(([, name = '', value = '']) => [
      name,
      value.replaceAll(/&(#?\w+);/g, (whole, entity: string) => ENTITIES[entity] ?? whole),
    ]),
  );
