import { objectOf, textOf } from '../../foundation/node/json.ts';
import { actionsOfOperation, OPERATIONS } from './operations.ts';
import { resourceForms } from './actions.ts';

/** What a message of AWS says about a denied request. What it does not say is undefined. */
export interface DenialMessage {
  /** ARN of the caller. */
  readonly caller?: string;
  /** For example `s3:GetObject`, also if the message names an operation that it authorizes. */
  readonly action?: string;
  /** ARN or name, as in the message. */
  readonly resource?: string;
  /** The kind of policy in AWS's words, such as `session policy`. */
  readonly policy?: string;
  /** Whether a policy denies it, or none allows it. */
  readonly reason?: 'explicit deny' | 'no allow';
  /** ARN of the policy that denies it. */
  readonly policyArn?: string;
}

const NOT_AUTHORIZED = 'is not authorized to perform';
const CALLER = /(arn:aws[\w-]*:[^\s"'<>]+|anonymous) ?$/i;
const ACTION = /^:? ?(?<action>[\w-]+:[\w*]+)(?<rest>.*)/is;
/** The longest part of a text that is read, in characters. */
const LONGEST = 4000;
/** S3 quotes resources. */
const QUOTED = /^ on resource: "([^"]*)"/i;
/** The resource ends before the reason, or before what SDKs and shells add. */
const RESOURCE =
  /^\s*(?:on (?:resource\(s\)|resources?):?|on)\s*(?!this resource)["']?(?<resource>[^"'\s<>,]+(?: [^\s"'<>,]+)??)["']?(?=[,.]?(?:\s+(?:because|with an explicit|status code|\(Service|Go to|Encoded|-|for)|["'<>`)}\]]|\s*$|\s*,|\.\s|\s*\n))/is;
const NO_ALLOW = /because no (?<policy>[\w -]+?)(?:'s)? allows?\b/i;
const EXPLICIT =
  /with an explicit deny(?: in (?:an?|the) (?<policy>[\w -]+?)(?=: |[.,"'<`)}\]]|\s*$|\s+(?:status|\(|Go)|\s*\n))?(?:: (?<policyArn>arn:[^\s"'<>,)]+))?/i;

/**
 * Reads a message about a denied request, also in a line of a log, in JSON or in XML (IAM User Guide, "Troubleshoot access denied error
 * messages"). Returns undefined for a text without one.
 */
export function readDenialMessage(text: string): DenialMessage | undefined {
  const decoded = decodedMessage(text);
  if (decoded !== undefined) return decoded;
  const plain = unescaped(text);
  const at = plain.indexOf(NOT_AUTHORIZED);
  const after = plain.slice(at + NOT_AUTHORIZED.length, at + LONGEST);
  const { action = '', rest: all = '' } = ACTION.exec(after)?.groups ?? {};
  if (at < 0 || action === '') return withoutCaller(plain.slice(0, LONGEST));
  const [, caller] = CALLER.exec(plain.slice(Math.max(0, at - LONGEST), at)) ?? [];
  // A text may have several messages.
  const rest = all.split(/ (?:User: )?arn:aws[^ ]* is not authorized/)[0] ?? '';
  const resource = QUOTED.exec(rest)?.[1] ?? RESOURCE.exec(rest)?.groups?.['resource']?.replace(/[.:]$/, '');
  return {
    ...(caller !== undefined && { caller }),
    action: canonical(action),
    ...(resource !== undefined && { resource }),
    ...reasonOf(rest),
    ...(isUseOfForeignKey(rest) && { policy: 'resource-based policy' }),
  };
}

/** KMS does not say more to callers of another account (KMS Developer Guide, "Troubleshooting key access"). */
const isUseOfForeignKey = (rest: string): boolean => /no resource-based policies allow access, or/i.test(rest);

function reasonOf(rest: string): Pick<DenialMessage, 'policy' | 'reason' | 'policyArn'> {
  const explicit = EXPLICIT.exec(rest);
  const { policy, policyArn } = explicit?.groups ?? NO_ALLOW.exec(rest)?.groups ?? {};
  if (explicit === null && policy === undefined) return {};
  return {
    reason: explicit === null ? 'no allow' : 'explicit deny',
    ...(policy !== undefined && { policy: policy.toLowerCase().replace(/^vpc/, 'VPC') }),
    ...(policyArn !== undefined && { policyArn: policyArn.replace(/[.]$/, '') }),
  };
}

/** Messages that only name the operation, or the action. */
function withoutCaller(text: string): DenialMessage | undefined {
  if (/EKS does not have permissions to assume the associated role/i.test(text))
    return { caller: 'pods.eks.amazonaws.com', action: 'sts:AssumeRole', policy: 'role trust policy' };
  const [, action] = /not authorized to perform:?\s*([\w-]+:\w+)/i.exec(text) ?? [];
  if (action !== undefined)
    return { action: canonical(action), ...(/^sts:/i.test(action) && { policy: 'role trust policy' }) };
  if (!/access ?denied|unauthorizedoperation|\b403\b/i.test(text)) return undefined;
  const [, service, name] = /operation error (\w[\w ]*): (\w+)/i.exec(text) ?? [];
  const [, operation = name] = /when calling the (\w+) operation/i.exec(text) ?? [];
  return operation === undefined ? {} : actionOf(operation, service?.toLowerCase().replaceAll(' ', ''));
}

/** Returns the action of an operation of the service, or of the services that have one of this name. */
function actionOf(operation: string, service?: string): Pick<DenialMessage, 'action'> {
  const services = service === undefined ? [...Object.keys(OPERATIONS), 'sts', 'secretsmanager', 'ssm'] : [service];
  const actions = services.flatMap((one) => {
    const name = `${one}:${operation}`;
    return actionsOfOperation(name) ?? (resourceForms(name) === undefined ? [] : name);
  });
  return actions.length === 1 ? { action: canonical(actions[0]!) } : {};
}

/** Reads the output of `aws sts decode-authorization-message`, whose message is JSON too. */
function decodedMessage(text: string): DenialMessage | undefined {
  try {
    const value = objectOf(JSON.parse(text));
    const message = textOf(value['DecodedMessage']);
    if (message !== undefined) return decodedMessage(message);
    const { principal, action, resource } = objectOf(value['context']);
    const name = textOf(action);
    if (name === undefined) return undefined;
    const [caller, arn] = [textOf(objectOf(principal)['arn']), textOf(resource)];
    return {
      ...(caller !== undefined && { caller }),
      action: canonical(name),
      ...(arn !== undefined && { resource: arn }),
      reason: value['explicitDeny'] === true ? 'explicit deny' : 'no allow',
    };
  } catch {
    return undefined;
  }
}

/** Undoes the escapes of JSON and XML, and removes colors and line breaks. */
const unescaped = (text: string): string =>
  text
    .replaceAll(/\\+"|\\+u0022/g, '"')
    .replaceAll(/\\+[nrt]|\u001b\[[\d;]*m|\\+u001b\[[\d;]*m/g, ' ')
    .replaceAll(/&(?:quot|#34);/g, '"')
    .replaceAll('&#39;', "'")
    .replaceAll(/\s+/g, ' ');

/** Services write their own prefix in several ways, such as `SNS:Publish`. */
const canonical = (action: string): string => {
  const [service = '', name = ''] = action.split(':');
  return `${service.toLowerCase()}:${name}`;
};
