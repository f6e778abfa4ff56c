import { newWorld } from '../../../emulator/world/new-world.ts';
import { serviceContext } from '../../../emulator/world/service-context.ts';
import type { Caller } from '../../../identity/policy/principal.ts';
import type { Service } from '../../../emulator/core/service.ts';
import { disturbances } from '../../../emulator/world/disturbances.ts';
import { AwsError } from '../../../foundation/aws/aws-error.ts';
import type { CallTrace, World } from '../../../emulator/world/world.ts';
import { root } from './iam.ts';
import { aRequest } from './requests.ts';
import { s3Service } from '../../../emulator/s3/index.ts';

export interface TestAnswer {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly trace: CallTrace;
}

export interface TestS3 {
  readonly world: World;
  readonly root: Caller;
  readonly service: Service;
  readonly createAccount: (id: string) => Caller;
  /** Calls S3 as `caller`, without HTTP and signatures. `target` is the path and query as sent. */
  call(
    caller: Caller | undefined,
    method: string,
    target: string,
    options?: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<TestAnswer>;
}

/** Creates an S3 service in its own world. */
export function testS3(): TestS3 {
  const { world, createAccount } = newWorld({ seed: 'test', endpoint: () => 'http://127.0.0.1:0' });
  const context = serviceContext(world, disturbances());
  const service = s3Service(context);
  const rootOf = (id: string): Caller => {
    createAccount(id);
    return root(id);
  };
  let calls = 0;
  return {
    world,
    root: rootOf('111122223333'),
    service,
    createAccount: rootOf,
    async call(caller, method, target, { body = '', headers = {} } = {}) {
      const [path = '', query = ''] = target.split('?');
      calls += 1;
      const request = aRequest({
        id: `REQUEST${calls}`,
        time: world.clock.now(),
        method,
        path,
        query,
        caller,
        headers: { host: '127.0.0.1', 'content-length': String(body.length), ...headers },
        body: Buffer.from(body),
      });
      const trace = context.trace(request);
      try {
        const response = await service.handle(request);
        const { status, headers: sent = {}, body: answered = '' } = response;
        return { status, code: undefined, message: undefined, headers: sent, body: answered.toString(), trace };
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        const { status, headers: sent = {}, body: answered = '' } = service.renderError(error, request);
        return { status, code: error.code, message: error.message, headers: sent, body: answered.toString(), trace };
      }
    },
  };
}
