import type { Credentials } from '../../../emulator/core/credentials.ts';
import type { ServiceName } from '../../../emulator/core/service.ts';
import { testTime } from './time.ts';
import type { EmulatorSettings } from '../../../emulator/core/settings.ts';
import { signedHeaders } from './sign.ts';
import { startWithWorld } from '../../../emulator/start.ts';

/** Status, error code and message of a response. */
export interface ErrorSummary {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string | undefined;
}

interface PlainCall {
  readonly method: string;
  readonly path: string;
  readonly form?: string;
}

/** A call of each service that requires no resources. */
const CALLS: Readonly<Record<ServiceName, PlainCall>> = {
  iam: { method: 'POST', path: '/', form: 'Action=ListRoles&Version=2010-05-08' },
  sts: { method: 'POST', path: '/', form: 'Action=GetCallerIdentity&Version=2011-06-15' },
  ec2: { method: 'POST', path: '/', form: 'Action=DescribeSubnets&Version=2016-11-15' },
  eks: { method: 'GET', path: '/clusters' },
  'eks-auth': { method: 'POST', path: '/clusters/blue/assume-role-for-pod-identity' },
  s3: { method: 'GET', path: '/' },
};

/** Starts an emulator whose time for delays and throttling only passes when the test advances it. */
export async function slowEmulator(settings: Partial<EmulatorSettings>) {
  const time = testTime();
  const { emulator, world } = await startWithWorld({ settings, uptime: time });
  const { endpoint, region, administrator } = emulator;

  /** Sends one signed call, without retries. */
  async function call(service: ServiceName, credentials: Credentials = administrator): Promise<ErrorSummary> {
    const { method, path, form } = CALLS[service];
    const contentType = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const body = form === undefined ? {} : { body: form };
    const headers = signedHeaders(
      { method, path, query: '', headers: { host: new URL(endpoint).host, ...contentType } },
      { credentials, service, region, time: world.clock.now(), ...body },
    );
    return errorSummary(await fetch(endpoint + path, { method, headers, ...body }));
  }

  /** Returns the configuration of SDK clients. */
  const config = (maxAttempts: number) => ({
    endpoint,
    region,
    maxAttempts,
    credentials: { accessKeyId: administrator.accessKeyId, secretAccessKey: administrator.secretAccessKey },
  });
  return { emulator, world, time, call, config };
}

export async function errorSummary(answer: Response): Promise<ErrorSummary> {
  const text = await answer.text();
  const [, code] = /<Code>(\w+)</.exec(text) ?? [];
  const [, xml, json] = /<Message>([^<]+)<|"message":"([^"]+)"/.exec(text) ?? [];
  return { status: answer.status, code: answer.headers.get('x-amzn-errortype') ?? code, message: xml ?? json };
}
