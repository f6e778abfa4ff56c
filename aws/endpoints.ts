import { badFlagValue, type HarnessError } from '../foundation/node/errors.ts';
import { AWS_SERVICES, type AwsService } from './service-names.ts';

/** URLs of services. By default, EC2 has the same URL as EKS. */
export type Endpoints = Readonly<Partial<Record<AwsService | 'ec2', string>>>;

const SERVICES_OF_ACCOUNT = [...AWS_SERVICES, 'ec2'] as const;

/** Services that can have another endpoint while the emulator creates the clusters. */
const WITHOUT_EKS: readonly AwsService[] = ['s3', 'iam', 'sts'];

/**
 * Parses `--aws-endpoint`. `URL` applies to all services (on the emulator's clusters, to all but EKS and EKS Auth),
 * `SERVICE=URL` to one service and takes precedence. Throws `HarnessError` BAD_FLAG_VALUE.
 */
export function parseEndpoints(values: readonly string[], aws: 'account' | 'emulator'): Endpoints {
  const services: readonly (AwsService | 'ec2')[] = aws === 'account' ? SERVICES_OF_ACCOUNT : WITHOUT_EKS;
  let all: string | undefined;
  const single = new Map<AwsService | 'ec2', string>();
  for (const value of values) {
    const [, name, url] = /^([\w-]+)=(.*)$/.exec(value) ?? [];
    if (name === undefined) {
      if (all !== undefined)
        throw wrong(value, 'only one URL may apply to all services; put a service before others, as in s3=URL');
      all = endpointUrl(value, value);
      continue;
    }
    const service = SERVICES_OF_ACCOUNT.find((serviceName) => serviceName === name);
    if (service === undefined)
      throw wrong(value, `"${name}" is not one of the services ${SERVICES_OF_ACCOUNT.join(', ')}`);
    if (!services.includes(service))
      throw wrong(value, "the harness's own emulator provides EKS and EKS Auth for these clusters; add --cluster eks");
    if (single.has(service)) throw wrong(value, `${service} already has a URL; set it once`);
    single.set(service, endpointUrl(url ?? '', value));
  }
  return Object.fromEntries(
    services.flatMap((service) => {
      const url = single.get(service) ?? (service === 'ec2' ? undefined : all);
      return url === undefined ? [] : [[service, url]];
    }),
  );
}

/** Returns a URL without a final slash. Throws `HarnessError` BAD_FLAG_VALUE. */
function endpointUrl(text: string, value: string, source = '--aws-endpoint'): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong(value, 'use a URL such as http://127.0.0.1:4566', source);
  }
  if (url.username !== '' || url.password !== '')
    throw badFlagValue(
      `The URL of ${source} at ${url.host} must not contain a user or password. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead.`,
    );
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw wrong(value, 'the URL must begin with http:// or https://', source);
  if (url.search !== '' || url.hash !== '') throw wrong(value, 'the URL must not have a query or fragment', source);
  return url.href.replace(/\/+$/, '');
}

const wrong = (value: string, why: string, source = '--aws-endpoint'): HarnessError =>
  badFlagValue(`Invalid ${source} "${value}": ${why}.`);

/** Returns the SDKs' variable for a service's endpoint (AWS SDKs and Tools Reference Guide, "Service-specific endpoints"). */
const endpointVariable = (service: AwsService | 'ec2'): string =>
  `AWS_ENDPOINT_URL_${service.toUpperCase().replace('-', '_')}`;

/** Returns the environment of a pod's SDK. `reachable` converts a URL of this machine into one that pods can reach. */
export function workloadEnvironment(
  endpoints: Endpoints,
  reachable: (url: string) => string = (url) => url,
): Readonly<Record<string, string>> {
  const given = AWS_SERVICES.flatMap((service) => {
    const url = endpoints[service];
    return url === undefined ? [] : ([[service, reachable(url)]] as const);
  });
  const [first] = given;
  if (first !== undefined && given.length === AWS_SERVICES.length && given.every(([, url]) => url === first[1]))
    return { AWS_ENDPOINT_URL: first[1] };
  return Object.fromEntries(given.map(([service, url]) => [endpointVariable(service), url]));
}

/** Returns the endpoints that the SDKs' environment variables name. Throws `HarnessError` BAD_FLAG_VALUE. */
export const environmentEndpoints = (environment: Readonly<Record<string, string | undefined>>): Endpoints =>
  Object.fromEntries(
    SERVICES_OF_ACCOUNT.flatMap((service) => {
      const names = [endpointVariable(service), ...(service === 'ec2' ? [] : ['AWS_ENDPOINT_URL'])];
      const name = names.find((one) => (environment[one] ?? '') !== '');
      return name === undefined ? [] : [[service, endpointUrl(environment[name] ?? '', environment[name] ?? '', name)]];
    }),
  );

/** Rejects environment variables that redirect this process's SDK from AWS. Throws `HarnessError` BAD_FLAG_VALUE. */
export function checkEnvironmentEndpoints(
  endpoints: Endpoints,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  for (const service of AWS_SERVICES) {
    if (endpoints[service] !== undefined) continue;
    const variable = [endpointVariable(service), 'AWS_ENDPOINT_URL'].find((name) => (environment[name] ?? '') !== '');
    if (variable !== undefined)
      throw badFlagValue(
        `${variable} is set, but this run would use AWS's own ${service}. Pass the URL with --aws-endpoint, or unset ${variable}.`,
      );
  }
}
