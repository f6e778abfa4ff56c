import type { Endpoints } from '../../aws/endpoints.ts';
import { callCounter } from '../../aws/call-counter.ts';
import { findCredentials } from '../../aws/preflight.ts';
import { listOf, objectOf, textOf, type JsonObject } from '../../foundation/node/json.ts';
import { mapBounded } from '../../foundation/node/map-bounded.ts';
import type { Organization, OrganizationTarget } from '../../identity/organization.ts';
import { accountOf, partitionOf } from '../../identity/role.ts';
import type { OrganizationReading } from '../snapshot/aws.ts';
import type { AwsAccount } from './aws-account.ts';
import { orNull, Unreadable, type Gaps } from './gaps.ts';
import { callResource, type ResourceRight } from './resource-calls.ts';

export interface OrganizationOptions {
  readonly endpoints?: Endpoints;
  readonly organization?: OrganizationReading;
  readonly organizationProfile?: string;
}

type Call = (operation: string, input: JsonObject) => Promise<JsonObject>;

/** The region of Organizations by partition (AWS General Reference, "AWS Organizations endpoints and quotas"). */
const REGIONS: Readonly<Record<string, string>> = { 'aws-cn': 'cn-northwest-1', 'aws-us-gov': 'us-gov-west-1' };
const CONCURRENT = 4;
/** Errors of emulators for an API that they do not have. */
const NO_API = /^(?:MethodNotAllowed|NotImplemented|InvalidAction|UnknownOperation\w*|status (?:404|405|501))$/;

export const accountsIn = (arns: readonly string[]): readonly string[] =>
  [...new Set(arns.map(accountOf))].filter((account) => /^\d{12}$/.test(account));

/**
 * Returns the given organization, or reads that of the account: whether it is in one, and the policies above the accounts (AWS
 * Organizations API Reference, DescribeOrganization, ListParents and ListPoliciesForTarget).
 */
export async function readOrganization(
  account: Pick<AwsAccount, 'accountId' | 'callResource' | 'cluster'>,
  gaps: Gaps,
  accounts: readonly string[],
  { organization: given, organizationProfile: profile, endpoints = {} }: OrganizationOptions,
): Promise<OrganizationReading> {
  if (given !== undefined) return given;
  const partition = partitionOf(account.cluster?.arn ?? 'arn:aws');
  const place = { partition, region: REGIONS[partition] ?? 'us-east-1' };
  let managementAccount: string | undefined;
  try {
    const own: Call = (operation, input) =>
      account.callResource(`organizations:${operation}` as ResourceRight, input, place);
    const { Organization: described } = await own('DescribeOrganization', {});
    const { Id, MasterAccountId, FeatureSet } = objectOf(described);
    managementAccount = textOf(MasterAccountId);
    if (FeatureSet === 'CONSOLIDATED_BILLING')
      return { state: 'none', reason: `organization ${String(Id)} has only consolidated billing` };
    const call = profile === undefined ? own : await callerOf(profile, endpoints, place, gaps);
    const organization = {
      id: textOf(Id),
      managementAccount,
      targets: await readTargets(call, [...new Set([account.accountId, ...accounts])]),
    };
    return { state: 'read', from: 'AWS', organization };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const { right, reason } = error;
    if (/AWSOrganizationsNotInUse/.test(reason)) return { state: 'none', reason: 'the account is in no organization' };
    // Emulators of AWS have no organizations, and so enforce none.
    if (Object.keys(endpoints).length > 0 && NO_API.test(reason))
      return { state: 'none', reason: 'the AWS endpoint has no API of Organizations' };
    gaps.add('organizations:DescribeOrganization', `${right}: ${reason}`);
    return { state: 'unread', reason: `${right}: ${reason}`, managementAccount };
  }
}

async function callerOf(
  profile: string,
  endpoints: Endpoints,
  place: { readonly partition: string; readonly region: string },
  gaps: Gaps,
): Promise<Call> {
  const credentials = await findCredentials(place.region, profile);
  const signer = { ...place, endpoints, credentials, counter: callCounter() };
  return (operation, input) => {
    const right = `organizations:${operation}` as ResourceRight;
    return gaps.call(right, (signal) => callResource(right, input, signer, signal));
  };
}

/** Reads the way from each account up to the root. Accounts outside the organization are left out. */
async function readTargets(call: Call, accounts: readonly string[]): Promise<Organization['targets']> {
  const parents = new Map<string, string | undefined>();
  await mapBounded(accounts, CONCURRENT, async (account) => {
    let id: string | undefined = account;
    while (id !== undefined && !parents.has(id)) {
      const listed: JsonObject | null = id.startsWith('r-') ? {} : await orNull(call('ListParents', { ChildId: id }));
      if (listed === null) return;
      const parent = textOf(objectOf(listOf(listed['Parents'])[0])['Id']);
      parents.set(id, parent);
      id = parent;
    }
  });
  const contents = new Map<string, Promise<string>>();
  const contentOf = (id: string): Promise<string> => {
    const reading =
      contents.get(id) ??
      call('DescribePolicy', { PolicyId: id }).then(({ Policy }) => String(objectOf(Policy)['Content']));
    contents.set(id, reading);
    return reading;
  };
  const attached = async (TargetId: string, Filter: string): Promise<Record<string, string>> => {
    const listed = await pages(call, 'ListPoliciesForTarget', { TargetId, Filter }, 'Policies');
    const named = listed.map(async ({ Id, Name }) => [String(Name), await contentOf(String(Id))] as const);
    return Object.fromEntries(await Promise.all(named));
  };
  const targets = await mapBounded([...parents], CONCURRENT, async ([id, parent]) => {
    const unit = id.startsWith('ou-') ? await call('DescribeOrganizationalUnit', { OrganizationalUnitId: id }) : {};
    const name = textOf(objectOf(unit['OrganizationalUnit'])['Name']);
    const target: OrganizationTarget = {
      name: parent === undefined ? 'Root' : name === undefined ? `account ${id}` : `OU ${name}`,
      parent,
      scps: await attached(id, 'SERVICE_CONTROL_POLICY'),
      rcps: await attached(id, 'RESOURCE_CONTROL_POLICY'),
    };
    return [id, target] as const;
  });
  return Object.fromEntries(targets);
}

async function pages(call: Call, operation: string, input: JsonObject, member: string): Promise<JsonObject[]> {
  const items: JsonObject[] = [];
  let token: string | undefined;
  do {
    const page = await call(operation, { ...input, ...(token !== undefined && { NextToken: token }) });
    items.push(...listOf(page[member]).map(objectOf));
    token = textOf(page['NextToken']);
  } while (token !== undefined);
  return items;
}
