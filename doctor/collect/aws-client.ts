import { callCounter } from '../../aws/call-counter.ts';
import { awsClients, ec2Client, type ClientOptions } from '../../aws/clients.ts';
import { FIRST } from '../../aws/retries.ts';
import { ALL_CALLS, type AwsRight } from './calls.ts';
import type { JsonObject } from '../../foundation/node/json.ts';
import type { Gaps } from './gaps.ts';
import { callResource, type ResourceRight } from './resource-calls.ts';

type Command<Right extends AwsRight> = (typeof ALL_CALLS)[Right];
type Output<Right extends AwsRight> =
  InstanceType<Command<Right>> extends {
    resolveMiddleware(...args: never[]): (...args: never[]) => Promise<{ output: infer Result }>;
  }
    ? Result
    : never;

/** AWS, with only the calls that read. */
export interface AwsReader {
  /** Throws `Unreadable`. */
  readonly call: <Right extends AwsRight>(
    right: Right,
    input: NonNullable<ConstructorParameters<Command<Right>>[0]>,
  ) => Promise<Output<Right>>;
  /** Reads a policy or key in the region of a resource. Throws `Unreadable`. */
  readonly callResource: (
    right: ResourceRight,
    input: JsonObject,
    place: { readonly partition: string; readonly region: string },
  ) => Promise<JsonObject>;
  readonly close: () => void;
}

interface Sender {
  send(command: object, options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
}

export async function awsReader(options: Omit<ClientOptions, 'counter'>, gaps: Gaps): Promise<AwsReader> {
  const client: ClientOptions = { ...options, counter: callCounter(), retries: FIRST };
  const { eks, iam, s3, sts } = awsClients(client);
  const clients = { eks, iam, s3, sts, ec2: await ec2Client(client) };
  return {
    call: (right, input) =>
      gaps.call(right, (abortSignal) => {
        const Command = ALL_CALLS[right] as unknown as new (given: object) => object;
        const service = clients[right.split(':')[0] as keyof typeof clients] as Sender;
        return service.send(new Command(input), { abortSignal }) as Promise<never>;
      }),
    callResource: (right, input, { partition, region }) =>
      gaps.call(right, (signal) => callResource(right, input, { ...options, partition, region }, signal)),
    close: () => {
      for (const one of Object.values(clients)) one.destroy();
    },
  };
}

interface Page {
  readonly nextToken?: string | undefined;
  readonly Marker?: string | undefined;
  readonly NextToken?: string | undefined;
}

/** Returns the items of all pages. */
export async function allPages<Answer extends Page, Item>(
  read: (token: string | undefined) => Promise<Answer>,
  itemsOf: (page: Answer) => readonly Item[] | undefined,
): Promise<Item[]> {
  const items: Item[] = [];
  let token: string | undefined;
  do {
    const page = await read(token);
    items.push(...(itemsOf(page) ?? []));
    token = page.nextToken ?? page.Marker ?? page.NextToken;
  } while (token);
  return items;
}
