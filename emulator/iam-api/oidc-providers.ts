import type { ConditionContext } from '../../identity/policy/index.ts';
import { requestTagContext, resourceTagKeys } from '../../identity/policy/tag-context.ts';
import type { OidcProvider } from '../iam/model.ts';
import { timestamp } from '../query/xml.ts';
import type { QueryParameters } from '../query/parameters.ts';
import type { IamCall, IamOperation } from './call.ts';
import { entityAlreadyExists, invalidInput, limitExceeded, noSuchEntity } from './errors.ts';
import { readTags, tagList, tagOperations } from './tags.ts';

const PROVIDERS_QUOTA = 100;
const CLIENT_IDS_QUOTA = 100;
const THUMBPRINTS_QUOTA = 5;

export const oidcProviders = {
  CreateOpenIDConnectProvider: ({ account, context: { world }, parameters, demand }) => {
    const issuer = readIssuer(parameters.required('Url'));
    const clientIds = new Set(parameters.texts('ClientIDList'));
    const thumbprints = readThumbprints(parameters);
    const tags = readTags(parameters);
    const arn = `arn:aws:iam::${account.id}:oidc-provider/${issuer}`;
    demand('iam:CreateOpenIDConnectProvider', arn, requestTagContext(tags));
    if (tags.size > 0) demand('iam:TagOpenIDConnectProvider', arn, requestTagContext(tags));
    if (account.oidcProviders.has(arn))
      throw entityAlreadyExists(`Provider with url https://${issuer} already exists.`);
    if (account.oidcProviders.size >= PROVIDERS_QUOTA) {
      throw limitExceeded(`Cannot exceed quota for OpenIdConnectProvidersPerAccount: ${PROVIDERS_QUOTA}`);
    }
    checkClientIds(clientIds);
    const createdAt = world.clock.now();
    account.oidcProviders.set(arn, { arn, issuer, createdAt, clientIds, thumbprints, tags });
    return { OpenIDConnectProviderArn: arn, Tags: tags.size > 0 ? tagList(tags) : undefined };
  },

  GetOpenIDConnectProvider: (call) => {
    const provider = demandProvider(call, 'iam:GetOpenIDConnectProvider');
    return {
      Url: provider.issuer,
      CreateDate: timestamp(provider.createdAt),
      ClientIDList: [...provider.clientIds],
      ThumbprintList: provider.thumbprints,
      Tags: tagList(provider.tags),
    };
  },

  ListOpenIDConnectProviders: ({ account, demand }) => {
    demand('iam:ListOpenIDConnectProviders', '*');
    return { OpenIDConnectProviderList: [...account.oidcProviders.listed().keys()].sort().map((Arn) => ({ Arn })) };
  },

  /** Succeeds even if the provider does not exist (IAM API Reference, DeleteOpenIDConnectProvider). */
  DeleteOpenIDConnectProvider: (call) => {
    const arn = providerArn(call);
    call.demand('iam:DeleteOpenIDConnectProvider', arn, resourceTagKeys(call.account.oidcProviders.get(arn)?.tags));
    call.account.oidcProviders.delete(arn);
  },

  AddClientIDToOpenIDConnectProvider: (call) => {
    const clientId = call.parameters.required('ClientID');
    const provider = demandProvider(call, 'iam:AddClientIDToOpenIDConnectProvider');
    const clientIds = new Set([...provider.clientIds, clientId]);
    checkClientIds(clientIds);
    changeProvider(call, provider, { clientIds });
  },

  RemoveClientIDFromOpenIDConnectProvider: (call) => {
    const clientId = call.parameters.required('ClientID');
    const provider = demandProvider(call, 'iam:RemoveClientIDFromOpenIDConnectProvider');
    const clientIds = new Set(provider.clientIds);
    clientIds.delete(clientId);
    changeProvider(call, provider, { clientIds });
  },

  UpdateOpenIDConnectProviderThumbprint: (call) => {
    const thumbprints = readThumbprints(call.parameters);
    changeProvider(call, demandProvider(call, 'iam:UpdateOpenIDConnectProviderThumbprint'), { thumbprints });
  },

  ...tagOperations('OpenIDConnectProvider', { demand: demandProvider, change: changeProvider }),
} satisfies Record<string, IamOperation>;

function demandProvider(call: IamCall, action: string, conditionKeys: ConditionContext = {}): OidcProvider {
  const arn = providerArn(call);
  const provider = call.account.oidcProviders.get(arn);
  call.demand(action, arn, { ...resourceTagKeys(provider?.tags), ...conditionKeys });
  if (provider === undefined) throw noSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`);
  return provider;
}

/** Replaces it with a changed copy, because other services may still use the old one. */
function changeProvider({ account }: IamCall, provider: OidcProvider, change: Partial<OidcProvider>): void {
  account.oidcProviders.set(provider.arn, { ...provider, ...change });
}

function providerArn({ parameters }: IamCall): string {
  const arn = parameters.required('OpenIDConnectProviderArn');
  if (!/^arn:aws:iam::\d{12}:oidc-provider\/.+$/.test(arn)) throw invalidInput('Invalid ARN');
  return arn;
}

/** Returns an issuer without its scheme. Loopback issuers may have `http` and a port, which AWS rejects. */
function readIssuer(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const local = url !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  const good =
    url !== undefined &&
    (url.protocol === 'https:' || (local && url.protocol === 'http:')) &&
    (url.port === '' || local) &&
    url.username + url.password + url.search + url.hash === '';
  if (!good) throw invalidInput('Invalid Open ID Connect Provider URL');
  return address.replace(/^https?:\/\//i, '');
}

function readThumbprints(parameters: QueryParameters): string[] {
  const thumbprints = parameters.texts('ThumbprintList') ?? [];
  if (thumbprints.some((thumbprint) => !/^[0-9a-f]{40}$/i.test(thumbprint))) {
    throw invalidInput('Thumbprint must be the hexadecimal SHA-1 digest of a certificate.');
  }
  if (thumbprints.length > THUMBPRINTS_QUOTA) throw invalidInput('Thumbprint list must contain fewer than 5 entries.');
  return [...thumbprints];
}

function checkClientIds(clientIds: ReadonlySet<string>): void {
  if (clientIds.size > CLIENT_IDS_QUOTA) {
    throw limitExceeded(`Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: ${CLIENT_IDS_QUOTA}`);
  }
}
